"""RAM policy documents: read once, rejected as a whole if anything in them is wrong.

The checks and their names are those of "Resource Access Management: Validate policies"; the error
code of the API is MalformedPolicyDocument for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from localcloud import strict_json
from localcloud.ram.access.conditions import (
    Condition,
    InvalidConditionError,
    is_like,
    parse_conditions,
)

Matcher: TypeAlias = Callable[[str], bool]

_VERSION: Final = "1"
_PRINCIPAL_KINDS: Final = ("RAM", "Service", "Federated")
# guess: the documented elements are all there are; a statement has no Sid.
_ELEMENTS: Final = frozenset({"Effect", "Action", "NotAction", "Condition"})
_IDENTITY_ELEMENTS: Final = _ELEMENTS | {"Resource", "NotResource"}
_TRUST_ELEMENTS: Final = _ELEMENTS | {"Principal"}


class InvalidPolicyDocumentError(ValueError):
    """A document that RAM rejects; `message` is for the API, `path` shows where the mistake is."""

    code: Final = "MalformedPolicyDocument"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} (at {self.path})"


@dataclass(frozen=True, slots=True)
class Statement:
    """One compiled statement; `principals` is empty in an identity policy."""

    allows: bool
    covers_action: Matcher
    covers_resource: Matcher
    conditions: tuple[Condition, ...]
    principals: frozenset[tuple[str, str]]


def parse_document(document: str | dict[str, Any], *, is_trust: bool) -> tuple[Statement, ...]:
    """Parse a policy of an identity, or a role's trust policy; raises InvalidPolicyDocument."""
    if isinstance(document, str):
        try:
            document = strict_json.read(document)
        except ValueError:
            raise InvalidPolicyDocumentError(
                "$", "Json syntax error: the document is not JSON."
            ) from None
    if not isinstance(document, dict):
        raise InvalidPolicyDocumentError("$", "Data type mismatch: the document must be an object.")
    unknown = sorted(set(document) - {"Version", "Statement"})
    if unknown:
        raise InvalidPolicyDocumentError(
            f"$.{unknown[0]}", f"Invalid policy element: {unknown[0]}."
        )
    if "Version" not in document:
        raise InvalidPolicyDocumentError("$", "Add a Version element to the policy.")
    if document["Version"] != _VERSION:
        raise InvalidPolicyDocumentError(
            "$.Version", f'Invalid version: {document["Version"]}. Use "1".'
        )
    statements = document.get("Statement")
    if not statements:
        raise InvalidPolicyDocumentError("$", "Add a Statement element to the policy.")
    # guess: a single statement must be in an array too, as the grammar has it.
    if not isinstance(statements, list):
        raise InvalidPolicyDocumentError(
            "$.Statement", "Data type mismatch: Statement must be an array."
        )
    return tuple(
        _statement(f"$.Statement[{place}]", statement, is_trust=is_trust)
        for place, statement in enumerate(statements)
    )


def _statement(path: str, element: Any, *, is_trust: bool) -> Statement:
    if not isinstance(element, dict):
        raise InvalidPolicyDocumentError(path, "Data type mismatch: a statement must be an object.")
    unknown = sorted(set(element) - (_TRUST_ELEMENTS if is_trust else _IDENTITY_ELEMENTS))
    if unknown:
        raise InvalidPolicyDocumentError(
            f"{path}.{unknown[0]}", f"Invalid policy element: {unknown[0]}."
        )
    if "Effect" not in element:
        raise InvalidPolicyDocumentError(path, "Add an Effect element to the policy statement.")
    if element["Effect"] not in ("Allow", "Deny"):
        raise InvalidPolicyDocumentError(
            f"{path}.Effect", f"Invalid effect: {element['Effect']}. Use Allow or Deny."
        )
    actions = _alternative(path, element, "Action", "an Action or NotAction")
    for text in actions:
        service, _, action = text.partition(":")
        if text != "*" and not (service and action):
            raise InvalidPolicyDocumentError(
                f"{path}.Action", f"Invalid action format: {text}. Use <ram-code>:<action-name>."
            )
    covers_resource: Matcher = _everything
    if not is_trust:
        # guess: NotResource, which the page on policy elements does not name, is accepted.
        resources = _alternative(path, element, "Resource", "a Resource or NotResource")
        for text in resources:
            if text != "*" and not text.startswith("acs:"):
                raise InvalidPolicyDocumentError(
                    f"{path}.Resource",
                    f"Invalid Alibaba Cloud Resource Name (ARN) prefix: {text}. Use acs:….",
                )
        covers_resource = _covers(resources, "NotResource" in element)
    try:
        conditions = parse_conditions(element.get("Condition", {}))
    except InvalidConditionError as error:
        raise InvalidPolicyDocumentError(f"{path}.Condition", str(error)) from None
    return Statement(
        allows=element["Effect"] == "Allow",
        # "In most cases, the value of the Action element is not case-sensitive."
        covers_action=_covers(actions, "NotAction" in element, ignore_case=True),
        covers_resource=covers_resource,
        conditions=conditions,
        principals=_principals(f"{path}.Principal", element) if is_trust else frozenset(),
    )


def _alternative(path: str, element: dict[str, Any], name: str, wanted: str) -> list[str]:
    """Return the texts of `name` or `Not<name>`, of which a statement has exactly one."""
    present = [key for key in (name, f"Not{name}") if key in element]
    if not present:
        raise InvalidPolicyDocumentError(path, f"Add {wanted} element to the policy statement.")
    if len(present) > 1:
        raise InvalidPolicyDocumentError(
            path, f"Invalid policy element: {' and '.join(present)} together."
        )
    return _texts(f"{path}.{present[0]}", element[present[0]])


def _texts(path: str, value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise InvalidPolicyDocumentError(
            path, "Data type mismatch: use a string or an array of strings."
        )
    return texts


def _principals(path: str, element: dict[str, Any]) -> frozenset[tuple[str, str]]:
    principal = element.get("Principal")
    if not principal:
        raise InvalidPolicyDocumentError(path, "Add a Principal element to the policy statement.")
    if not isinstance(principal, dict):
        raise InvalidPolicyDocumentError(path, "Data type mismatch: Principal must be an object.")
    unknown = sorted(set(principal) - set(_PRINCIPAL_KINDS))
    if unknown:
        raise InvalidPolicyDocumentError(
            f"{path}.{unknown[0]}",
            f"Invalid principal: {unknown[0]}. Use {', '.join(_PRINCIPAL_KINDS)}.",
        )
    # guess: beside a kind that names somebody, one that is null or empty says nothing; the
    # provider writes `"RAM": null` or `"RAM": []` beside a service.
    given = {kind: texts for kind, texts in principal.items() if texts is not None}
    if not given:
        raise InvalidPolicyDocumentError(path, "Add a Principal element to the policy statement.")
    given = {kind: texts for kind, texts in given.items() if texts != []} or given
    return frozenset(
        (kind, text) for kind, texts in given.items() for text in _texts(f"{path}.{kind}", texts)
    )


def _covers(patterns: Iterable[str], negated: bool, *, ignore_case: bool = False) -> Matcher:
    folded = [pattern.lower() if ignore_case else pattern for pattern in patterns]

    def covers(text: str) -> bool:
        text = text.lower() if ignore_case else text
        return negated != any(is_like(text, pattern) for pattern in folded)

    return covers


def _everything(text: str) -> bool:  # noqa: ARG001 - a Matcher
    return True
