"""Finds what a shell script runs without holding it: what it fetches, decodes or is handed.

Whoever answers decides what is run as root, so what is fetched has to be compared with something
that stands in the script: a checksum or a signature. A reader of the script has to see the rest.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_FETCH = (
    r"\b(?:curl|wget|aria2c|lynx|w3m|ftp|scp|sftp|nc|ncat|socat|gsutil|ossutil\d*)\b"
    r"|/dev/tcp/|\burlopen\b|\brequests\.get\b|\bInvoke-WebRequest\b|\biwr\b|\bDownloadString\b"
)
_BEFORE = (
    r"(?:(?:sudo|env|exec|command|nohup|doas|time|nice)\s+(?:-{1,2}\S+\s+|\w+=\S*\s+|root\s+)*)*"
)
_SHELL = rf"{_BEFORE}(?<![\w./-])(?:/\S*/)?(?:ba|da|k|z|a|fi|c)?sh\b(?![-./=\w])"
_OTHER = rf"{_BEFORE}(?<![\w./-])(?:/\S*/)?(?:python|perl|ruby|node|php|pwsh)[\d.]*\b(?![-./=\w])"
# An interpreter that is given its program beside the input.
_WITH_PROGRAM = r"(?!\s+(?:-\w+\s+)*(?:-[A-Za-z]*[cemnp]\b|[^-\s|;&<>][^|;&]*))"
_STARTS = r"(?:^|[;&|({]|\b(?:then|do|else)\b)\s*"
_AT_ONCE = tuple(
    re.compile(pattern)
    for pattern in (
        # ... | bash; ... | python3 -; ... | xargs sh -c
        rf"\|\s*{_SHELL}(?!\s+(?:-\w+\s+)*-\w*c\b)",
        rf"\|\s*{_OTHER}{_WITH_PROGRAM}",
        r"\|\s*xargs\b[^|;&\n]*\b(?:ba|da|k|z|a)?sh\s+-\w*c\b",
        # bash <(...), bash < file, bash <&3, . <(...), source <(...)
        rf"(?:{_SHELL}|\bsource\b|{_STARTS}\.)\s+(?:-\S+\s+)*<(?:\(|&|\s*[^<\s&(])",
        # bash -c "$(...)", eval "...", bash <<<"$...", the same in backticks and by a variable
        rf"(?:{_SHELL}\s[^\n;|&]*-\w*c\b|{_SHELL}\s[^\n;|&]*<<<|\bsource\b|{_STARTS}\.)"
        r"\s*[\"']?(?:\$\(|`)",
        rf"{_STARTS}eval\b[^\n;]*(?:\$\([^\n]*(?:{_FETCH})|`[^\n]*(?:{_FETCH}))",
        # $(curl ...) as a command of its own
        rf"{_STARTS}[\"']?(?:\$\(|`)\s*(?:{_BEFORE})(?:/\S*/)?(?:{_FETCH})",
        # python -c "exec(urlopen(...))", iex (iwr ...)
        r"\b(?:exec|eval|iex|Invoke-Expression)\b[^\n]*(?:urlopen|requests\.get|iwr|DownloadString"
        r"|Invoke-WebRequest)",
    )
)
_FETCHED_TEXT = re.compile(rf"\b(\w+)=[\"']?(?:\$\(|`)[^\n]*(?:{_FETCH})")
_OUTPUT = re.compile(
    rf"(?:{_FETCH})[^\n]*?"
    r"(?:\s-[A-Za-z]*o\s*|\s--output[ =]|\s-O\s+|\s--output-document[ =]|>\s*|\|[^\n]*\btee\s+"
    r"(?:-a\s+)?)[\"']?([^\s\"';|&<>-][^\s\"';|&<>]*)"
)
_NAMED_BY_URL = re.compile(
    r"\b(?:wget\b(?![^\n;|]*\s-O\b)|curl\b[^\n;|]*\s-[A-Za-z]*O[A-Za-z]*\b|curl\b[^\n;|]*"
    r"\s--remote-name\b)[^\n;|]*?https?://[^\s\"']*/([^\s\"'/?]+)"
)
_CLONED = re.compile(r"\bgit\b[^\n;|]*\bclone\b[^\n;|]*\s[\"']?\S*?([\w.-]+?)(?:\.git)?[\"']?\s*$")
_VERIFIED = re.compile(
    r"\b(?:sha(?:1|224|256|384|512)sum|shasum|b2sum)\b[^\n]*(?:-c|--check)\b"
    r"|\bgpg2?\b[^\n]*--verify\b|\bgpgv\b|\bcosign\s+verify|\bminisign\s+-V|\bopenssl\s+dgst[^\n]*"
    r"-verify\b|\brpm\s+(?:-K|--checksig)\b|\bgit\b[^\n]*\bcheckout\b[^\n]*\b[0-9a-f]{40}\b"
)
_INSTALLS_A_URL = re.compile(
    r"\b(?:rpm\s+-\S*[iU]\S*|(?:yum|dnf|apt|apt-get|zypper)\s+(?:-\S+\s+)*(?:local)?install"
    r"|pip\d?\s+install|npm\s+(?:i|install))\b[^\n;|]*\s(?:git\+)?https?://"
)
_VARIABLE = re.compile(r"^\s*(?:readonly\s+|local\s+)?(\w+)=[\"']?([\w./-]+)[\"']?\s*$")


def run_unseen(script: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, that run what the script does not hold, with what they do."""
    commands = list(_commands(script))
    verified = any(_VERIFIED.search(command) for _, command in commands)
    values: dict[str, str] = {}
    files: set[str] = set()
    texts: set[str] = set()
    for number, command in commands:
        if found := _VARIABLE.match(command):
            values[found[1]] = found[2]
        shown = re.sub(r"\$\{?(\w+)\}?", lambda v: values.get(v[1], v[0]), command)
        if any(pattern.search(shown) for pattern in _AT_ONCE):
            yield number, "runs what is not in the script"
        elif any(_runs_text(shown, name) for name in texts):
            yield number, "runs a text that was fetched"
        elif not verified and _INSTALLS_A_URL.search(shown):
            yield number, "installs what it fetches"
        elif not verified and (name := next((f for f in files if _runs(shown, f)), None)):
            yield number, f"runs {name}, which was fetched"
        texts |= set(_FETCHED_TEXT.findall(shown))
        fetched = {*_OUTPUT.findall(shown), *_NAMED_BY_URL.findall(shown), *_CLONED.findall(shown)}
        files |= {name for name in fetched if name not in {"-", "/dev/null", "."}}


def _commands(script: str) -> Iterator[tuple[int, str]]:
    """Yield the commands without comments, pipelines in one piece, with the line they begin in."""
    joined, first = "", 0
    for number, line in enumerate(script.splitlines(), start=1):
        text = re.sub(r"(^|\s)#.*", r"\1", line).rstrip()
        if not joined:
            first = number
        joined += text.removesuffix("\\") + " "
        if not re.search(r"(\\|\||&&)$", text):
            yield from (
                (first, part) for part in re.split(r"&&|\|\||;(?![^'\"]*['\"]\s*$)", joined)
            )
            joined = ""
    if joined:
        yield first, joined


def _runs_text(command: str, name: str) -> bool:
    return bool(
        re.search(rf"(?:\beval\b|{_SHELL}|\bsource\b|\|)[^\n]*\$\{{?{name}\b", command)
        and re.search(rf"\beval\b|{_SHELL}", command)
    )


def _runs(command: str, file: str) -> bool:
    last = re.escape(PurePosixPath(file).name)
    name = rf"(?:\./|[\w./$\"{{}}-]*/)?{last}(?:/[\w./-]*)?"
    end = r"(?:[\s\"';&|)]|$)"
    return bool(
        re.search(
            rf"(?:{_SHELL}|{_OTHER}|\bsource\b|{_STARTS}\.)\s+(?:-\S+\s+)*[\"']?{name}{end}"
            rf"|{_STARTS}{_BEFORE}[\"']?{name}{end}"
            rf"|\bchmod\b[^\n;|]*[+0-7]\S*\s[^\n;|]*{name}{end}"
            rf"|\b(?:rpm|dpkg|yum|dnf|apt|apt-get|pip\d?|insmod|install)\b[^\n;|]*\s[\"']?{name}{end}"
            rf"|\b(?:tar|unzip)\b[^\n;|]*\s[\"']?{name}{end}|\bmake\b[^\n;|]*-C\s*[\"']?{name}{end}",
            command,
        )
    )
