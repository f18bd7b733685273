"""The URNs of every stack: what the engine knows its resources by.

A resource whose URN changes is another one for the engine: it makes the new one beside the old one,
whose physical name is taken. So a file of each stack's URNs is committed. It also keeps the URNs of
before a renaming, which the program must go on to accept as aliases.

``.venv/bin/python -m tests.unit.stacks.urns`` adds what is new, and with ``--forget`` takes out
what is gone on purpose.
"""

import sys
from pathlib import Path
from typing import Any

from tests.unit.fake_engine import FakeEngine, Made
from tests.unit.stacks.conftest import run_stack

STACKS = ("dev", "local", "prod")
FOLDER = Path(__file__).parent / "urns"


def first_version(stack: str) -> set[str]:
    """Return the URNs that the first version of this project made."""
    return set((FOLDER / "first-version" / f"{stack}.txt").read_text().splitlines())


def committed(stack: str) -> set[str]:
    """Return the URNs that a deployed stack may have in its state."""
    return set((FOLDER / f"{stack}.txt").read_text().split())


def made(engine: FakeEngine) -> set[str]:
    """Return the URNs of what a program makes."""
    return {made.urn for made in engine.made}


def aliases(engine: FakeEngine) -> dict[str, str]:
    """Return each URN that a program accepts for something it makes, with that thing's own.

    A child inherits its parents' aliases, as in the engine (Pulumi, "Resource option: aliases").
    """
    found: dict[str, set[str]] = {}
    for one in engine.made:  # parents come before their children
        own = {_resolved(alias, one) for alias in one.aliases}
        inherited = {
            _child(parent, _type(urn), _followed(_name(urn), one.parent, parent))
            for parent in found.get(one.parent, ())
            for urn in {one.urn, *own}
        }
        found[one.urn] = (own | inherited) - {one.urn}
    return {alias: urn for urn, known in found.items() for alias in known}


def _resolved(alias: Any, one: Made) -> str:
    """Return the URN that an alias of a resource means."""
    if alias.urn:
        return str(alias.urn)
    spec = alias.spec
    parent = spec.parentUrn or ("" if spec.noParent else one.parent)
    return _child(parent or _stack(one.urn), spec.type or one.type, spec.name or _name(one.urn))


def _followed(name: str, parent: str, alias: str) -> str:
    """Return a child's name below an alias of its parent: it began with the parent's old name."""
    if name.startswith(_name(parent)):
        return _name(alias) + name.removeprefix(_name(parent))
    return name


def _child(parent: str, type_: str, name: str) -> str:
    before, types, _ = parent.rsplit("::", 2)
    above = "" if types == "pulumi:pulumi:Stack" else f"{types}$"
    return f"{before}::{above}{type_}::{name}"


def _stack(urn: str) -> str:
    before, project = urn.split("::")[:2]
    return f"{before}::{project}::pulumi:pulumi:Stack::{project}-{before.rpartition(':')[2]}"


def lost(old: set[str], engine: FakeEngine) -> list[str]:
    """Say which URNs a program neither makes nor accepts as aliases, and what to do about each."""
    new = sorted(made(engine) - old)
    return [_advice(urn, new) for urn in sorted(old - made(engine) - aliases(engine).keys())]


def _advice(urn: str, new: list[str]) -> str:
    """Say what became of a URN: the program has a new one of the same type, or none."""
    candidates = [other for other in new if _type(other) == _type(urn)]
    if not candidates:
        return (
            f"{urn} was removed; if that is meant, run "
            ".venv/bin/python -m tests.unit.stacks.urns --forget"
        )
    return (
        f"{urn} was renamed or moved (new: {', '.join(map(_name, candidates))}); the engine would "
        "make it a second time. Let the resource, or the component that it belongs to, accept its "
        f'old name: aliases=[pulumi.Alias(name="{_name(urn)}")]'
    )


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _write(*, forget: bool) -> None:
    for stack in STACKS:
        engine = run_stack(stack)[0]
        old = committed(stack)
        kept = old & (made(engine) | aliases(engine).keys()) if forget else old
        lines = sorted(kept | made(engine))
        (FOLDER / f"{stack}.txt").write_text("".join(f"{urn}\n" for urn in lines))


if __name__ == "__main__":
    _write(forget="--forget" in sys.argv)
