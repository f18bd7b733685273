"""What the requests of ECS have in common: the region, tags, lists of ids, pages."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from localcloud import strict_json
from localcloud.api import ApiCall
from localcloud.ecs.errors import EcsError
from localcloud.ecs.service import Ecs
from localcloud.errors import InvalidParameterError
from localcloud.whole_number import whole_number

TAGS_LIMIT = 20
_KEY_LENGTH = 64
_VALUE_LENGTH = 128

T = TypeVar("T")


def check_region(ecs: Ecs, call: ApiCall) -> None:
    """Refuse a request for another region than the one there is."""
    region = call.required("RegionId")
    if region != ecs.settings.region:
        detail = f"The local cloud has the region '{ecs.settings.region}' only"
        raise EcsError("InvalidRegionId.NotFound", detail)


def tags(call: ApiCall, name: str = "Tag", limit: int = TAGS_LIMIT) -> dict[str, str]:
    """Return the tags ``Name.N.Key`` and ``Name.N.Value``, checked as the cloud does."""
    given: dict[str, str] = {}
    number = 1
    while (key := call.params.get(f"{name}.{number}.Key")) is not None:
        value = call.params.get(f"{name}.{number}.Value", "")
        if key in given:
            raise EcsError(f"Duplicate.{name}Key", f"Repeated: '{key}'")
        if not 0 < len(key) <= _KEY_LENGTH or key.startswith(("acs:", "aliyun")) or _is_url(key):
            raise EcsError(f"Invalid{name}Key.Malformed", f"Given was '{key[:80]}'")
        if len(value) > _VALUE_LENGTH or _is_url(value):
            raise EcsError(f"Invalid{name}Value.Malformed", f"In the tag '{key}'")
        given[key] = value
        number += 1
    if len(given) > limit:
        raise EcsError(f"NumberExceed.{name}s", f"{len(given)} are given; {limit} are allowed")
    return given


def ids(call: ApiCall, name: str) -> list[str]:
    """Return the ids of ``Name.N``; also of ``Name`` alone, as ``aliyun`` may send it."""
    given = call.repeated(name)
    if not given and (text := call.params.get(name, "")):
        given = json_list(call, name) if text.startswith("[") else [text]
    return list(dict.fromkeys(given))


def json_list(call: ApiCall, name: str) -> list[str]:
    """Return a parameter that is a list of texts in JSON; empty if it is not given."""
    text = call.params.get(name, "")
    if not text:
        return []
    try:
        given = strict_json.read(text)
    except ValueError:
        given = None
    if not isinstance(given, list) or not all(isinstance(entry, str) for entry in given):
        raise InvalidParameterError(name, text, "a JSON list of texts")
    return given


@dataclass(frozen=True)
class Page:
    """Which part of a list a request wants; by number, or by the token of the part before."""

    size: int
    number: int
    token: str
    """Empty on a first page."""
    by_token: bool

    @property
    def offset(self) -> int:
        """How many entries come before, for pages by number."""
        return 0 if self.by_token else (self.number - 1) * self.size


def page(call: ApiCall, largest: int = 50) -> Page:
    """Read which page is wanted; MaxResults and NextToken win over PageSize and PageNumber."""
    token = call.params.get("NextToken", "")
    if token or call.params.get("MaxResults"):
        return Page(call.integer("MaxResults", 10, 1, largest), 1, _decoded(token), by_token=True)
    size = call.integer("PageSize", 10, 1, largest)
    return Page(size, call.integer("PageNumber", 1, 1, 1_000_000), "", by_token=False)


def page_fields(wanted: Page, total: int, next_token: str) -> dict[str, Any]:
    """Return the fields that an answer has beside its list."""
    fields: dict[str, Any] = {"TotalCount": total, "NextToken": ""}
    if next_token:
        fields["NextToken"] = base64.urlsafe_b64encode(next_token.encode()).decode()
    if not wanted.by_token:
        fields |= {"PageNumber": wanted.number, "PageSize": wanted.size}
    return fields


def cut(wanted: Page, entries: Sequence[T]) -> tuple[list[T], dict[str, Any]]:
    """Return the part of a list in memory that is wanted, and the fields beside it."""
    start = wanted.offset
    if wanted.token:
        number = whole_number(wanted.token)
        if number is None:
            raise InvalidParameterError("NextToken", wanted.token, "the token of an earlier answer")
        start = number
    end = start + wanted.size
    following = str(end) if end < len(entries) else ""
    return list(entries[start:end]), page_fields(wanted, len(entries), following)


def listed_tags(given: Mapping[str, str]) -> dict[str, Any]:
    """Write tags as answers list them."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in given.items()]}


def arn(ecs: Ecs, kind: str, name: str) -> str:
    """Name a resource of ECS for RAM."""
    return f"acs:ecs:{ecs.settings.region}:{ecs.settings.account_id}:{kind}/{name}"


def _is_url(text: str) -> bool:
    return "http://" in text or "https://" in text


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise InvalidParameterError("NextToken", token, "the token of an earlier answer") from None
