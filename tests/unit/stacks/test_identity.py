"""The cloud is asked whose the credentials are before the program's modules are loaded."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_what_asks_needs_none_of_the_modules_that_load_meanwhile() -> None:
    """Else the question would come after them."""
    heavy = {"components", "jinja2", "pydantic", "stacks.settings"}
    code = f"import stacks.identity, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_program_asks_first() -> None:
    """Nothing else of ours is imported before."""
    program = (_ROOT / "stacks/__main__.py").read_text()
    before = program[: program.index("with asked() as identity")]
    ours = ("components", "functions", "policies", "scripts", "stacks")
    imported = [line for line in before.splitlines() if line.startswith(("from ", "import "))]
    assert [line for line in imported if line.split()[1].partition(".")[0] in ours] == [
        "from stacks.identity import asked"
    ]
