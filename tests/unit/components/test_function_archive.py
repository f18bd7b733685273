"""The archive of a function."""

import ast
import base64
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import function_archive

PROJECT = Path(function_archive.__file__).parents[1]
FUNCTIONS = sorted(path.parent.name for path in (PROJECT / "functions").glob("*/handler.py"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with one function that imports some of what is shared."""
    files = {
        "functions/__init__.py": "",
        "functions/cloud/__init__.py": "",
        "functions/cloud/used.py": "from functions.cloud import deeper\n",
        "functions/cloud/deeper.py": "X = 1\n",
        "functions/cloud/unused.py": "Y = 1\n",
        "functions/one/__init__.py": "",
        "functions/one/handler.py": (
            "import json\n\n\ndef handler(event, context):\n"
            "    from functions.cloud.used import deeper\n    return json.dumps(deeper.X)\n"
        ),
        "functions/other/__init__.py": "",
        "functions/other/handler.py": "handler = None\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names(archive: bytes) -> list[str]:
    """List an archive."""
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()


def test_an_archive_holds_what_its_function_imports(project: Path) -> None:
    """Directly or not, at the top or inside a function; nothing of other functions."""
    assert names(function_archive.build("one", project=project)) == [
        "functions/__init__.py",
        "functions/cloud/__init__.py",
        "functions/cloud/deeper.py",
        "functions/cloud/used.py",
        "functions/one/__init__.py",
        "functions/one/handler.py",
        "index.py",
    ]


def imported(path: Path) -> set[str]:
    """Return what a file imports of ours, as Python's own parser reads it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.partition(".")[0] == "functions"}


def test_no_import_is_overlooked() -> None:
    """The short way of reading imports finds in every file what the parser finds."""
    files = list((PROJECT / "functions").rglob("*.py"))
    assert {path: imported(path) - function_archive.imports(path) for path in files} == {
        path: set() for path in files
    }


def statements(source: str) -> list[tuple[int, str]]:
    """Return what a module says besides its docstrings, with the line of each statement."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [
                each
                for each in node.body
                if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            ]
    return [(node.lineno, ast.dump(node)) for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def test_an_archive_says_the_same_without_words() -> None:
    """Each function's file does what it did, and a traceback names the line that people read."""
    for path in (PROJECT / "functions").rglob("*.py"):
        source = path.read_text()
        packed = function_archive.without_words(source)
        assert statements(packed) == statements(source), path
        assert not ast.get_docstring(ast.parse(packed)), path


@pytest.mark.parametrize(
    "kept",
    [
        'X = """a\n# b\n"""\n',
        'f(\n    """a\n# b"""\n)\n',
        'X = [\n    """a""",\n    """b""",\n]\n',
        'X = \\\n"""a"""\n',
        'X = {"a":\n"""b"""}\n',
    ],
)
def test_a_text_that_is_a_value_is_kept(kept: str) -> None:
    """Only what nobody reads at run time is left out."""
    assert function_archive.without_words(kept) == kept


def test_what_is_left_out_leaves_its_lines() -> None:
    """A body that is nothing but its docstring stays one."""
    source = '"""A.\n\nB.\n"""\n# c\nclass D(E):\n    """F."""\n\n    g: int\n    """H."""\n'
    expected = '""\n\n\n\n\nclass D(E):\n    ""\n\n    g: int\n    ""\n'
    assert function_archive.without_words(source) == expected


def test_the_same_sources_give_the_same_bytes(project: Path) -> None:
    """Neither time nor owner nor order of the files is in the archive, so nothing seems changed."""
    first = function_archive.build("one", {"loop.json": "{}"}, project)
    entries = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    for path in project.rglob("*.py"):
        path.touch()
    assert first == function_archive.build("one", {"loop.json": "{}"}, project)


def test_a_long_setting_travels_in_the_root(project: Path) -> None:
    """Files beside index.py carry what is too long for a variable."""
    archive = function_archive.build("one", {"loop.json": '{"a":1}'}, project)
    assert zipfile.ZipFile(io.BytesIO(archive)).read("loop.json") == b'{"a":1}'


def test_an_unknown_function_is_named(project: Path) -> None:
    """A misspelt function is an error that says where its handler should be."""
    with pytest.raises(FileNotFoundError, match=r"no function 'two': functions\.two\.handler"):
        function_archive.build("two", project=project)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_starts_from_its_archive_alone(function: str, tmp_path: Path) -> None:
    """index.handler is found with nothing but the archive and the standard library."""
    archive = base64.b64decode(function_archive.build_base64(function))
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path)
    program = "import index; assert callable(index.handler); print(index.handler.__module__)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {program}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"functions.{function}.handler\n", "")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_archive_is_small(function: str) -> None:
    """It fits into a request and into the state many times over."""
    assert len(function_archive.build(function)) < 96 * 1024


def test_archives_are_at_hand_once_all_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are built while the program waits; with a file of its own, one is built again."""
    function_archive.build_all()
    ready = function_archive.build_base64("run_command")
    built = []
    build = function_archive.build

    def counted(function: str, extra: dict[str, str] | None = None) -> bytes:
        built.append(function)
        return build(function, extra)

    monkeypatch.setattr(function_archive, "build", counted)
    assert function_archive.build_base64("run_command") == ready
    assert built == []
    assert function_archive.build_base64("run_command", {"loop.json": "{}"}) != ready
    assert built == ["run_command"]
