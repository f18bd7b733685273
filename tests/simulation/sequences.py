"""Sequences of words for one employee and host, played on the real scripts and on their model.

Words come in any order, some twice, some for a package that is missing, some are killed in the
middle: before one of the tools that the script runs, wherever that is.
"""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random

from functions.request.fields import DEPROVISION, PROVISION
from scripts.provision.catalogue import Catalogue
from scripts.provision.render import Action, render
from tests.simulation.host import KILLED, Account, Cut
from tests.simulation.host import Host as Model
from tests.unit.provision.host import Host, substituted

ACTIONS: tuple[Action, ...] = ("provision", "provision", "deprovision")
NOON = 1_764_158_400_000
WORDS = 5
MOST_TOOLS = 14
"""Most runs use fewer."""
CATALOGUE = Catalogue.model_validate(
    {"roles": {"dba": {"groups": ["dba"]}, "devops": {"groups": ["deploy"], "packages": ["git"]}}}
)
GROUPS = {"dba": "dba", "devops": "deploy"}
TEXTS: dict[Action, str] = {a: render(CATALOGUE, a).text for a in ("provision", "deprovision")}


def play(seed: int, folder: Path, exits: Counter[int] | None = None) -> Iterator[str]:
    """Play one sequence; yield what the script does otherwise than the model.

    Args:
        seed: of the sequence.
        folder: where the host's root is made.
        exits: counts how the script ended.
    """
    exits = Counter() if exits is None else exits
    chance = Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    host, model = Host(folder), Model()
    for number in range(WORDS):
        action = chance.choice(ACTIONS)
        role = "" if action == DEPROVISION else chance.choice(tuple(GROUPS))
        moment = NOON + number + chance.randint(-2, 2)
        request = f"{chance.randint(0, 7):016x}" if chance.random() < 0.7 else ""
        misses = action == PROVISION and role == "devops" and chance.random() < 0.3
        host.tell("unavailable", *(["git"] if misses else []))
        if misses:
            (host.standins / "packages").unlink(missing_ok=True)
        step = chance.randint(1, MOST_TOOLS) if chance.random() < 0.4 else 0
        text = substituted(
            _killed(TEXTS[action], step), "E1", role, moment=str(moment), request_hash=request
        )
        run = host.run_text(text)
        exits[run.code] += 1
        said = f"seed {seed}, word {number}: {action} {role} {moment - NOON} {request[-1:]}"
        given = (action, "E1", role, moment, request)
        if run.code == KILLED:
            # Wherever it was killed, it is one of the states that the model knows.
            possible = [deepcopy(model) for _ in Cut]
            for one, cut in zip(possible, Cut, strict=True):
                one.run(*given, cut=cut)
            fitting = [one for one in possible if _differences(host, one) == []]
            if not fitting:
                yield f"{said}: killed at {step}: {'; '.join(_differences(host, possible[-1]))}"
                return
            model = fitting[0]
        else:
            code = model.run(*given, breaks=misses and run.code != 0)
            if differences := [*_differences(host, model), *_codes(run.code, code)]:
                yield f"{said}: {'; '.join(differences)}: {run.stderr[-300:]}"
                return


def _killed(text: str, step: int) -> str:
    """Let a script kill itself before one of its tools; 0: never."""
    start = "\ntry() {\n"
    if not step or text.count(start) != 1:
        return text
    return text.replace(start, f"\nstep=0\ntry() {{\n((++step != {step})) || kill -KILL $$\n")


def _codes(real: int, expected: int) -> list[str]:
    return [] if real == expected else [f"exit {real} instead of {expected}"]


def _differences(host: Host, model: Model) -> list[str]:
    """Return in what the host and the model differ."""
    account = model.accounts.get("E1", Account())
    record = _record(host)
    found = {
        "moment": (int(record.get("moment", "0")), account.moment),
        "word": (record.get("word", ""), account.word),
        "groups": (
            host.groups_of("emp-e1") & set(GROUPS.values()),
            {GROUPS[account.role]} if account.role else set(),
        ),
        "requests": (
            dict(entry.split(":") for entry in record.get("requests", "").split()),
            {request: str(moment) for request, moment in account.requests.items()},
        ),
    }
    return [
        f"{name} {real} instead of {want}" for name, (real, want) in found.items() if real != want
    ]


def _record(host: Host) -> dict[str, str]:
    path = host.path("var/lib/provisioning/accounts/emp-e1")
    lines = path.read_text().splitlines() if path.exists() else []
    return {key: value for key, _, value in (line.partition(" ") for line in lines)}
