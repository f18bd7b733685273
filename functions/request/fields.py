"""What a request holds, declared once.

An attribute of :class:`Request` says beside its name what a sender may write, which tag carries it
from the start of a run to its end, and whether the script takes it. The checks, the tags, the
parameters and the result events follow from that.
"""

from collections.abc import Mapping
from typing import Annotated, NamedTuple, Self

PROVISION = "provision"
DEPROVISION = "deprovision"
ACTIONS = {"ProvisionRequest": PROVISION, "DeprovisionRequest": DEPROVISION}
"""``detail-type`` of what is posted -> action."""

_WORD = r"[a-z][a-z0-9-]{0,31}"
# Chinese names stand in brackets and lists of their own.
_NAMES = r"[\w .,@'()·、，（）-]{1,64}"  # noqa: RUF001
_SSH_KEY = (
    r"(?=.{0,800}$)(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com)"
    r" [A-Za-z0-9+/]{60,}={0,2}(?: [A-Za-z0-9._@-]+)?"
)


class Field(NamedTuple):
    """What an attribute of a request may hold, and where it goes."""

    pattern: str = ""
    """What a posted value must match as a whole; empty for what no sender can set."""
    rule: str = ""
    """The pattern in words: a key of the languages' rules."""
    required: tuple[str, ...] = ()
    """The actions that need it."""
    tag: str = ""
    """The tag of an invocation that carries it (see ``tags.py`` for the limits)."""
    parameter: bool = False
    """Whether it is a parameter of the script, in this order."""
    informs: bool = False
    """Whether it is only for people: it is cut to what can be shown and never refuses a request."""


class Request(NamedTuple):
    """Who gets or loses what, and who is told. What is posted is checked in this order."""

    action: Annotated[str, Field(tag="provisioning:action")]
    event_id: Annotated[str, Field(tag="provisioning:event")]
    source: Annotated[str, Field(tag="provisioning:source")]
    emp_id: Annotated[
        str,
        Field(
            r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?",
            rule="emp_id",
            required=(PROVISION, DEPROVISION),
            parameter=True,
        ),
    ] = ""
    role: Annotated[str, Field(_WORD, rule="role", required=(PROVISION,), parameter=True)] = ""
    """Empty for a removal of every role, wherever there is one."""
    moment: Annotated[str, Field(parameter=True)] = ""
    """When it was made, in milliseconds since 1970: on a host the newest wins."""
    expires: Annotated[
        str,
        Field(r"[1-9]\d{0,3}d|20\d\d-[01]\d-[0-3]\d", rule="expires", parameter=True),
    ] = ""
    """A number of days or a date as it is posted, a date from there on."""
    ssh_key: Annotated[str, Field(_SSH_KEY, rule="ssh_key", parameter=True)] = ""
    request_hash: Annotated[str, Field(parameter=True)] = ""
    """Which request it is: a host keeps the moment of the first time that it saw it."""
    request_id: Annotated[
        str,
        Field(
            r"(?!.*://)[\w.:/@+=#-]{1,128}",
            rule="request_id",
            tag="provisioning:request",
        ),
    ] = ""
    """The sender's; without one, the event's own id."""
    chat: Annotated[str, Field(_WORD, rule="chat", tag="provisioning:chat")] = ""
    wanted_chat: Annotated[str, Field(tag="provisioning:wanted-chat")] = ""
    """The chat that was asked for, where the answer cannot go there."""
    requested_by: Annotated[
        str,
        Field(_NAMES, tag="provisioning:by", informs=True),
    ] = ""
    approved_by: Annotated[
        str,
        Field(
            _NAMES,
            tag="provisioning:approved-by",
            informs=True,
        ),
    ] = ""

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the script, all of them: an empty one is absent to it."""
        return {name: getattr(self, name) for name in PARAMETERS}

    def tags(self) -> dict[str, str]:
        """Return what an invocation carries of the request, without what is empty."""
        values = {field.tag: getattr(self, name) for name, field in FIELDS.items() if field.tag}
        return {tag: value for tag, value in values.items() if value}

    @classmethod
    def carried(cls, tags: Mapping[str, str], parameters: Mapping[str, str]) -> Self:
        """Return the request that an invocation's tags and parameters carry; the rest is empty."""
        return cls(
            **{
                name: parameters.get(name, "") if field.parameter else tags.get(field.tag, "")
                for name, field in FIELDS.items()
            }
        )


FIELDS: dict[str, Field] = {
    name: annotation.__metadata__[0] for name, annotation in Request.__annotations__.items()
}
POSTED = {name: field for name, field in FIELDS.items() if field.pattern}
"""What a sender can set."""
PARAMETERS = tuple(name for name, field in FIELDS.items() if field.parameter)
