"""Finds what a shell script fetches from elsewhere and runs.

Whoever answers decides what is run as root, so what is fetched has to be compared with something
that stands in the script: a checksum or a signature.
"""

import re
from collections.abc import Iterator

_FETCH = (
    r"\b(?:curl|wget|aria2c|fetch|http|https|lynx|w3m|ftp|scp|nc|ncat|socat|gsutil|ossutil\d*)\b"
    r"|/dev/tcp/|\burlopen\b|\brequests\.get\b|\bInvoke-WebRequest\b|\biwr\b|\bDownloadString\b"
)
_SHELL = (
    r"(?:sudo\s+(?:-\S+\s+)*|env\s+(?:\S+=\S*\s+)*|exec\s+|command\s+|nohup\s+|xargs\s+(?:-\S+\s+)*)*"
    r"(?:/\S*/)?(?:ba|da|k|z|a|fi|c)?sh\b|(?:/\S*/)?(?:python|perl|ruby|node|php|pwsh|iex)[\d.]*\b"
)
_INTERPRETER = rf"(?:sudo\s+(?:-\S+\s+)*)?(?:{_SHELL})"
_RUN_AT_ONCE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # curl ... | bash, with whatever stands between the two
        rf"(?:{_FETCH})[^\n;]*\|\s*(?:{_INTERPRETER})",
        # bash <(curl ...), . <(curl ...)
        rf"(?:{_INTERPRETER}|\bsource|(?:^|[;&|])\s*\.)\s[^\n;]*<\([^\n)]*(?:{_FETCH})",
        # bash -c "$(curl ...)", eval "$(curl ...)", bash <<<"$(curl ...)", the same in backticks
        rf"(?:{_INTERPRETER}|\beval|\bsource)\s[^\n;]*(?:\$\(|`)[^\n]*(?:{_FETCH})",
        # $(curl ...) as a command of its own
        rf"(?:^|[;&|])\s*[\"']?(?:\$\(|`)\s*(?:{_FETCH})",
        # python -c "exec(urlopen(...))", iex (iwr ...)
        r"\b(?:exec|eval|iex|Invoke-Expression)\b[^\n]*(?:urlopen|requests\.get|iwr|DownloadString"
        r"|Invoke-WebRequest)",
    )
)
_OUTPUT = re.compile(
    rf"(?:{_FETCH})[^\n;|]*?"
    r"(?:\s-[A-Za-z]*o\s*|\s--output[ =]|\s-O\s+|\s--output-document[ =]|>\s*)"
    r"[\"']?([^\s\"';|&<>]+)"
)
_NAMED_BY_URL = re.compile(
    r"\b(?:wget\b(?![^\n;|]*\s-O\b)|curl\b[^\n;|]*\s-[A-Za-z]*O\b)[^\n;|]*?"
    r"https?://[^\s\"']*/([^\s\"'/?]+)"
)
_VERIFIED = re.compile(
    r"\b(?:sha(?:1|224|256|384|512)sum|shasum|b2sum|md5sum)\b[^\n]*(?:-c|--check)\b"
    r"|\bgpg2?\b[^\n]*--verify\b|\bgpgv\b|\bcosign\s+verify|\bminisign\s+-V|\bopenssl\s+dgst[^\n]*"
    r"-verify\b|\brpm\s+(?:-K|--checksig)\b"
)
_INSTALLS_A_URL = re.compile(
    r"\b(?:rpm\s+-\S*[iU]\S*|(?:yum|dnf|apt|apt-get|zypper)\s+(?:-\S+\s+)*(?:local)?install"
    r"|pip\d?\s+install|npm\s+(?:i|install))\b[^\n;|]*\shttps?://"
)


def run_unseen(script: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, that run what was fetched, with what they do."""
    lines = _logical_lines(script)
    verified = any(_VERIFIED.search(line) for _, line in lines)
    files: set[str] = set()
    for number, line in lines:
        if any(pattern.search(line) for pattern in _RUN_AT_ONCE):
            yield number, "runs what it fetches"
        elif not verified and _INSTALLS_A_URL.search(line):
            yield number, "installs what it fetches"
        elif not verified and (name := next((f for f in files if _runs(line, f)), None)):
            yield number, f"runs {name}, which was fetched"
        files |= {*_OUTPUT.findall(line), *_NAMED_BY_URL.findall(line)} - {"-", "/dev/null"}


def _logical_lines(script: str) -> list[tuple[int, str]]:
    """Return the lines without comments, those that go on in the next one joined, numbered."""
    found: list[tuple[int, str]] = []
    joined, first = "", 0
    for number, line in enumerate(script.splitlines(), start=1):
        text = re.sub(r"(^|\s)#.*", r"\1", line).rstrip()
        if not joined:
            first = number
        goes_on = re.search(r"(\\|\||&&)$", text)
        joined += text.removesuffix("\\") + " "
        if not goes_on:
            found.append((first, joined))
            joined = ""
    return [*found, (first, joined)] if joined else found


def _runs(line: str, file: str) -> bool:
    name = re.escape(file)
    return bool(
        re.search(
            rf"(?:{_INTERPRETER}|\bsource|(?:^|[;&|])\s*\.)\s+(?:-\S+\s+)*[\"']?(?:\./)?{name}\b"
            rf"|(?:^|[;&|]|\bsudo|\bexec)\s*[\"']?(?:\./)?{name}(?:[\s\"';&|]|$)"
            rf"|\bchmod\b[^\n;|]*[+0-7]\S*\s[^\n;|]*{name}\b"
            rf"|\b(?:rpm|dpkg|yum|dnf|apt|apt-get|pip\d?|tar|unzip|insmod|install)\b[^\n;|]*{name}\b",
            line,
        )
    )
