"""Behaviours as data: the files of ``behaviours/``, one for each subject.

A behaviour is a few calls, of which the last one's answer is judged::

    - behaviour: a command that runs cannot be deleted
      source: DeleteCommand, error codes
      given:
        - call: ecs.CreateCommand
          with: {Name: busy, Type: RunShellScript, CommandContent: !base64 sleep 5}
          keep: {command: CommandId}
      call: ecs.DeleteCommand
      with: {CommandId: ${command}}
      refused: {status: 403, code: InvalidStatus.CmdIdInUse}

``call`` names a product and an action as the SDK has it, ``with`` the request with the names of the
wire. ``keep`` remembers parts of an answer by their path, ``until`` repeats a call until its answer
is as told, ``signed`` signs it badly. ``script`` runs a script on an instance and judges the run's
result, ``post`` posts to a URL. ``resource`` says what a resource of the provider is to be, by its
type and ``name``, and ``invoke`` calls a function of the provider; a behaviour with one of them is
asked of the provider instead of the SDKs, and what it made is deleted at its end and must be gone,
unless ``stays`` says why it is not. ``answers`` is the expected part of the answer, ``refused`` the
error's code and status. ``differs`` says what the local cloud does instead, where that is known:
the behaviour counts as failed, and the README lists it. ``isolation`` is the weakest level of
isolation at which the local cloud can show it; at a weaker one it is not run.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from localcloud.commandline import files
from localcloud.conformance.expected import Absent, AnyOf, Matches
from localcloud.sandbox.level import Level

FOLDER = Path(__file__).parent / "behaviours"
BAD_SIGNATURES = ("nobody", "wrong-secret", "unknown-key")
_PRODUCTS = {"index": "sts", "log": "sls", "message": "mns"}
"""The provider's modules that are named unlike their product."""


class BadBehaviourError(ValueError):
    """A file of behaviours says something that has no meaning."""


@dataclass(frozen=True)
class Step:
    """One call."""

    call: str
    """``<product>.<Action>``, ``script``, ``post``, ``resource`` or ``invoke``."""
    params: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    until: Mapping[str, Any] = field(default_factory=dict)
    signed: str = ""
    token: str = ""
    """The type of the resource, or the function that is called, as Pulumi names it."""
    name: str = ""
    """The resource's, where there are several of one type."""
    stays: str = ""
    """Why the provider still finds the resource after it has deleted it, if it does."""

    @property
    def product(self) -> str:
        """The product that answers it."""
        if self.token:
            module = self.token.split(":")[1].split("/")[0]
            return _PRODUCTS.get(module, module)
        return {"script": "ecs", "post": "eventbridge"}.get(self.call, self.call.split(".")[0])

    @property
    def action(self) -> str:
        """The action, empty if it is none of an API."""
        return self.call.partition(".")[2]


@dataclass(frozen=True)
class Behaviour:
    """What is done, what comes of it, and who says so."""

    name: str
    source: str
    """The page, the SDK's model, the run of a reference program or the acceptance test."""
    steps: tuple[Step, ...]
    """The last one is judged."""
    answers: Any = None
    code: str | Matches = ""
    status: int | None = None
    differs: str = ""
    """What the local cloud is known to do instead."""
    isolation: Level = Level.DIRECTORY
    """The weakest level of isolation that can show it."""

    @property
    def product(self) -> str:
        """The product whose score it counts in."""
        return self.steps[-1].product

    @property
    def is_of_provider(self) -> bool:
        """Whether it is the provider that is asked."""
        return any(step.token for step in self.steps)


class Loader(files.UniqueKeys):
    """YAML with the texts that requests are made of."""


def _base64(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    text = _text(loader, node)
    return base64.b64encode(text.encode()).decode()


def _matches(loader: yaml.SafeLoader, node: yaml.Node) -> Matches:
    return Matches(_text(loader, node))


def _any(loader: yaml.SafeLoader, node: yaml.Node) -> AnyOf:
    if not isinstance(node, yaml.SequenceNode) or len(node.value) < 2:
        raise BadBehaviourError("!any takes a list of two values or more")
    return AnyOf(tuple(loader.construct_sequence(node, deep=True)))


def _text(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BadBehaviourError("!base64 and !matches take a text")
    return str(loader.construct_scalar(node))


def _json(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return json.dumps(loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return json.dumps(loader.construct_sequence(node, deep=True))
    raise BadBehaviourError("!json takes an object or a list")


Loader.add_constructor("!base64", _base64)
Loader.add_constructor("!json", _json)
Loader.add_constructor("!matches", _matches)
Loader.add_constructor("!any", _any)
Loader.add_constructor("!absent", lambda _loader, _node: Absent())

_KINDS = {"call", "script", "post", "resource", "invoke"}
_OF_STEP = _KINDS | {"with", "keep", "until", "signed", "name", "stays"}
_OF_BEHAVIOUR = {"behaviour", "source", "given", "answers", "refused", "differs", "isolation"}


def behaviours(folder: Path = FOLDER) -> list[Behaviour]:
    """Read all behaviours.

    Raises:
        BadBehaviourError: for the first that could not be run or could not fail.
    """
    found = [one for file in sorted(folder.glob("*.yaml")) for one in _of_file(file)]
    names = [one.name for one in found]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise BadBehaviourError(f"there are several behaviours named {', '.join(repeated)}")
    return found


def _of_file(file: Path) -> Iterator[Behaviour]:
    for row in files.read_yaml(file, Loader):
        try:
            yield behaviour(row)
        except BadBehaviourError as error:
            raise BadBehaviourError(f"{file.name}: {error}") from error


def behaviour(row: Mapping[str, Any]) -> Behaviour:
    """Return the behaviour that a row of a file describes."""
    name = str(row.get("behaviour", ""))
    if unknown := set(row) - _OF_BEHAVIOUR - _OF_STEP:
        raise BadBehaviourError(f"'{name}' says {', '.join(sorted(unknown))}, which has no meaning")
    if not name or not row.get("source"):
        raise BadBehaviourError(f"'{name}' needs a name and a source")
    answers, refused = row.get("answers"), row.get("refused", {})
    if bool(answers) == bool(refused) or (refused and not refused.get("code")):
        raise BadBehaviourError(f"'{name}' must expect either an answer or the code of an error")
    if not _says_something(answers):
        raise BadBehaviourError(f"'{name}' has a part that says nothing, so it could not fail")
    given = [_step(name, each) for each in row.get("given", [])]
    last = _step(name, {key: value for key, value in row.items() if key in _OF_STEP})
    return Behaviour(
        name,
        str(row["source"]),
        (*given, last),
        answers,
        refused.get("code", ""),
        refused.get("status"),
        str(row.get("differs", "")),
        _level(name, row.get("isolation", Level.DIRECTORY)),
    )


def _level(name: str, given: str) -> Level:
    try:
        return Level(given)
    except ValueError:
        levels = ", ".join(Level)
        raise BadBehaviourError(f"'{name}': isolation is one of {levels}") from None


def _says_something(answers: Any) -> bool:
    """Return whether no part of an expectation is an object without members."""
    if isinstance(answers, Mapping):
        return bool(answers) and all(map(_says_something, answers.values()))
    return all(map(_says_something, answers)) if isinstance(answers, list) else True


def _step(name: str, row: Mapping[str, Any]) -> Step:
    kinds = _KINDS & set(row)
    if len(kinds) != 1 or set(row) - _OF_STEP:
        raise BadBehaviourError(f"'{name}': each step is one of {', '.join(sorted(_KINDS))}")
    (kind,) = kinds
    params = dict(row.get("with", {}))
    if kind in {"resource", "invoke"}:
        if not re.fullmatch(r"alicloud:\w+/\w+:\w+", str(row[kind])):
            raise BadBehaviourError(f"'{name}': {row[kind]} is no name of the provider's schema")
        return Step(
            kind,
            params,
            row.get("keep", {}),
            token=str(row[kind]),
            name=str(row.get("name", "it")),
            stays=str(row.get("stays", "")),
        )
    if kind != "call":
        params[kind] = row[kind]
    signed = str(row.get("signed", ""))
    if signed and signed not in BAD_SIGNATURES:
        raise BadBehaviourError(f"'{name}': signed is one of {', '.join(BAD_SIGNATURES)}")
    return Step(
        str(row["call"]) if kind == "call" else kind,
        params,
        row.get("keep", {}),
        row.get("until", {}),
        signed,
    )
