"""What is rendered: the same everywhere, small enough, quoted, and clean for ShellCheck."""

import base64
import hashlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.commandline.command import run
from scripts.provision import render as module
from scripts.provision.__main__ import main
from scripts.provision.catalogue import Catalogue, load
from scripts.provision.render import (
    MAX_SCRIPT_BYTES,
    PARAMETER_BYTES,
    RenderError,
    TooLargeError,
    escape,
    render,
)
from tests.unit.provision.host import Host, key

BIN = Path(sys.executable).parent
TWENTY_ROLES = Path(__file__).with_name("twenty_roles.yaml")
FOLDER = Path(module.__file__).parent
SOURCES = sorted(FOLDER.glob("*.sh"))
ACTIONS = [FOLDER / "provision.sh", FOLDER / "deprovision.sh"]

AWKWARD = {
    "quote": "it's",
    "double quote": 'a "b" c',
    "spaces": "a  b   c",
    "substitution": "$(id) ${HOME} $HOME $1",
    "backticks": "`id`",
    "backslashes": r"a\b\\c\n\0044",
    "glob": "* ? [a] ~ {a,b}",
    "comment": "a # b",
    "control": "a;b&c|d<e>f(g)h!i",
}
"""Text that a shell would change if it were not quoted."""


def awkward_catalogue(*texts: str) -> Catalogue:
    """Put texts into every free-text field of a catalogue, a role for each."""
    roles = {
        f"role-{number}": {
            "description": text,
            "sudo": [{"rule": f"ALL=(root) /bin/{text}", "reason": "quoting is tested here"}],
            "ssh_keys": [f"{key('k')} {text}"],
            "files": [{"path": f"dir {text}/{text}", "content": text}],
        }
        for number, text in enumerate(texts)
    }
    return Catalogue.model_validate({"roles": roles})


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_free_text_arrives_on_the_host_as_it_is(host: Host, text: str) -> None:
    """Sudo rules, keys, file names and contents come through the shell unchanged."""
    run = host.run(awkward_catalogue(text), "E123", "role-0")
    assert run.code == 0, run.stderr
    drop_in = host.path("etc/sudoers.d/provisioning-emp-e123").read_text()
    assert drop_in == f"emp-e123 ALL=(root) /bin/{text}\n"
    home = host.path("home/emp-e123")
    assert (home / ".ssh/authorized_keys").read_text() == f"{key('k')} {text}\n"
    assert (home / f"dir {text}" / text).read_text() == text
    assert host.run(awkward_catalogue(text), "E123", "role-0").result["status"] == "unchanged"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        " \t x \t ",
        "a\nb\n",
        '\n\n#!/bin/sh\n\techo "$1"\n',
        "{{emp_id}} {{{{",
        "\r\n",
        "李雷\n",
    ],
)
def test_file_content_arrives_byte_for_byte(host: Host, content: str) -> None:
    """Line ends, outer spaces and Cloud Assistant's own braces are kept in file contents."""
    files = [{"path": "a b/\tc'd", "content": content}]
    run = host.run(Catalogue.model_validate({"roles": {"r": {"files": files}}}), "E123", "r")
    assert run.code == 0, run.stderr
    assert host.path("home/emp-e123/a b/\tc'd").read_bytes() == content.encode()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=20
    )
)
def test_escaped_text_is_one_line_that_printf_gives_back(texts: list[str]) -> None:
    """Any text survives escape, quoting for the shell, and printf %b."""
    escaped = [escape(text) for text in texts]
    for text in escaped:
        assert not set("\n$`") & set(text)
        assert "{{" not in text
    script = "".join(f"v={shlex.quote(text)}\nprintf '%b\\0' \"$v\"\n" for text in escaped)
    done = subprocess.run(
        ["bash"], input=script.encode(), capture_output=True, check=True, env={"LC_ALL": "C"}
    )
    assert done.stdout.split(b"\0")[:-1] == [text.encode() for text in texts]


def scripts() -> list[tuple[str, str]]:
    """Return every kind of rendered script with a name."""
    catalogues = {
        "default": load(),
        "twenty": load(TWENTY_ROLES),
        "awkward": awkward_catalogue(*list(AWKWARD.values())[:5]),
        "more-awkward": awkward_catalogue(*list(AWKWARD.values())[5:]),
    }
    actions: tuple[module.Action, ...] = ("provision", "deprovision")
    return [
        (f"{action}-{name}", render(catalogue, action).text)
        for name, catalogue in catalogues.items()
        for action in actions
    ]


@pytest.fixture(scope="module")
def rendered_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the paths of all rendered scripts."""
    folder = tmp_path_factory.mktemp("rendered")
    paths = []
    for name, text in scripts():
        path = folder / f"{name}.sh"
        path.write_text(text)
        paths.append(str(path))
    return paths


def test_shellcheck_finds_nothing_in_the_sources_as_they_lie() -> None:
    """ShellCheck follows the sources from file to file; no rule is switched off for them.

    Left out is SC2329, a function that nobody calls: what is run by name counts as such.
    """
    done = subprocess.run(
        [BIN / "shellcheck", "--norc", "-x", "-P", "SCRIPTDIR", "--exclude=SC2329", *ACTIONS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert not [path for path in SOURCES if "shellcheck disable" in path.read_text()]


def test_shellcheck_finds_nothing_in_what_is_sent(rendered_files: list[str]) -> None:
    """What Cloud Assistant runs passes too, with any catalogue."""
    done = subprocess.run(
        [BIN / "shellcheck", "--norc", "--exclude=SC2329", *rendered_files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_shfmt_would_change_nothing() -> None:
    """The sources are formatted."""
    done = subprocess.run(
        [BIN / "shfmt", "-d", *SOURCES], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("action", ["provision", "deprovision"])
def test_what_is_left_out_changes_no_function(action: module.Action) -> None:
    """Without comments and indentation the functions are those of the sources, to the letter."""

    def functions(text: str) -> str:
        text = text.replace('\nmain "$@"\nexit\n', "\ndeclare -f\n")
        done = subprocess.run(
            ["bash"], input=text, capture_output=True, text=True, check=True, cwd=FOLDER
        )
        return done.stdout

    text = FOLDER.joinpath(f"{action}.sh").read_text()
    for name in ("settings", "lib"):
        source = FOLDER.joinpath(f"{name}.sh").read_text()
        text = text.replace(f'. "${{BASH_SOURCE[0]%/*}}/{name}.sh"\n', source)
    assert "BASH_SOURCE[0]" not in text
    assert functions(render(load(), action).text) == functions(text)


def test_the_sources_use_no_here_documents() -> None:
    """Bash keeps them in /tmp, which may be full just when a leaver has to go."""
    assert not [path.name for path in SOURCES if "<<" in path.read_text()]


def test_bash_can_parse_every_script(rendered_files: list[str]) -> None:
    """No value makes a script that is not one."""
    for path in rendered_files:
        done = subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_twenty_roles_fit() -> None:
    """A company's twenty roles, with parameters, stay under 24 KB of base64."""
    catalogue = load(TWENTY_ROLES)
    assert len(catalogue.roles) == 20
    for action in ("provision", "deprovision"):
        rendered = render(catalogue, action)
        with_parameters = rendered.text.encode() + b"x" * PARAMETER_BYTES
        assert len(base64.b64encode(with_parameters)) <= 24 * 1024


def test_limit_is_that_of_the_transmitted_form() -> None:
    """The longest script and its parameters just fill 24 KB of base64; a byte more is refused."""

    def with_content(length: int) -> Catalogue:
        files = [{"path": "f", "content": "x" * length}]
        return Catalogue.model_validate({"roles": {"r": {"files": files}}})

    longest = MAX_SCRIPT_BYTES - render(with_content(0)).size - 1
    rendered = render(with_content(longest))
    assert rendered.size == MAX_SCRIPT_BYTES
    transmitted = base64.b64encode(rendered.text.encode() + b"x" * PARAMETER_BYTES)
    assert len(transmitted) == 24 * 1024
    with pytest.raises(TooLargeError, match="1 more than"):
        render(with_content(longest + 1))


def test_too_many_roles_are_refused_with_what_to_do() -> None:
    """Over the limit the error says by how much, which roles take the most, and what helps."""
    files = [{"path": "big", "content": "x" * 500}]
    roles = {f"role-{number}": {"files": files} for number in range(20)} | {
        "fat": {"files": [{"path": "big", "content": "x" * 900}]}
    }
    with pytest.raises(TooLargeError) as caught:
        render(Catalogue.model_validate({"roles": roles}))
    message = str(caught.value)
    assert "most of all fat (" in message
    assert "render only the roles that are in use" in message
    found = re.search(rf"has (\d+) bytes, (\d+) more than the {MAX_SCRIPT_BYTES} ", message)
    assert found is not None
    assert int(found[1]) - int(found[2]) == MAX_SCRIPT_BYTES


def test_only_the_roles_asked_for_are_rendered() -> None:
    """A stack carries the roles that it uses, and no others."""
    text = render(load(TWENTY_ROLES), roles={"dba", "auditor"}).text
    assert "\n\t[dba]='" in text
    assert "\n\t[auditor]='" in text
    assert "release" not in text
    assert len(text) < render(load(TWENTY_ROLES)).size - 1000


def test_role_that_the_catalogue_lacks_is_an_error() -> None:
    """Asking for an unknown role names it and those there are."""
    with pytest.raises(RenderError, match="has no role dbo: it has devops, "):
        render(load(), roles=["dba", "dbo"])


def test_deprovisioning_carries_no_role() -> None:
    """What to take away is on record on the host, so the catalogue stays at home."""
    text = render(load(TWENTY_ROLES), "deprovision").text
    assert "contractors" not in text
    assert "\nreadonly ACTION=deprovision\n" in text


def test_parameters_are_the_last_lines_and_nowhere_else() -> None:
    """Cloud Assistant finds exactly the parameters, where nothing is parsed any more."""
    names = ["emp_id", "role", "moment", "expires", "ssh_key", "request_hash"]
    for _, text in scripts():
        lines = [f"# {name}: {{{{{name}}}}}" for name in names]
        assert text.splitlines()[-9:] == ["exit", "", "# parameters", *lines]
        assert re.findall(r"\{\{\s*(.*?)\s*\}\}", text) == names


def test_result_carries_its_hash_size_and_base64() -> None:
    """The hash, the size and the transmitted form all are of the same text."""
    rendered = render(load())
    assert rendered.sha256 == hashlib.sha256(rendered.text.encode()).hexdigest()
    assert rendered.size == len(rendered.text.encode())
    assert base64.b64decode(rendered.base64).decode() == rendered.text
    assert render(load()) == rendered


def test_command_line_prints_the_script_and_its_size(capsys: pytest.CaptureFixture[str]) -> None:
    """The script goes to stdout, what room is left to stderr."""
    assert run(main, ["--action", "deprovision"], "provision") == 0
    printed = capsys.readouterr()
    rendered = render(load(), "deprovision")
    assert printed.out == rendered.text
    assert printed.err.startswith(
        f"{rendered.size} bytes, {MAX_SCRIPT_BYTES - rendered.size} left, sha256 {rendered.sha256}"
    )


def test_command_line_tells_what_is_wrong_without_a_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A role that does not exist is one line and an exit code."""
    assert run(main, ["--role", "dbo"], "provision") == 1
    assert capsys.readouterr().err.startswith("provision: the catalogue has no role dbo")
