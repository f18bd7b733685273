"""What can be proved of native approvals without anybody's approval.

An unsigned push is refused by the function itself, once it runs and has read its settings. Whether
the app may ask its platform stands in the log of the function's last look for lost pushes. Whether
the console has the same secrets, only the platform's own test shows, when the URL is saved there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.cloud.errors import UnreachableError
from functions.cloud.web import Send
from functions.receive_approval.declared import HANDSHAKE_SECONDS, Kind
from ops.smoke.evidence import Evidence, Row

_SECONDS = 15.0
_REFUSED = 403


def rows(
    sources: Mapping[str, Mapping[str, Any]],
    urls: Mapping[str, str],
    evidence: Evidence,
    send: Send,
    now: Callable[[], float],
) -> Iterator[Row]:
    """Yield two rows for each native source: its URL, and its app.

    Args:
        sources: the settings ``native.sources``.
        urls: the output ``approval_urls``.
        evidence: the log of the functions.
        send: posts.
        now: seconds that never go back.
    """
    for name, source in sources.items():
        yield _pushed(name, HANDSHAKE_SECONDS[Kind(source["kind"])], urls.get(name), send, now)
        yield _looked(name, evidence)


def _pushed(name: str, limit: float, url: str | None, send: Send, now: Callable[[], float]) -> Row:
    what = f"native approvals, URL of {name}"
    if not url:
        return Row(False, what, "the stack has none; deploy it with 'make up'")
    began = now()
    try:
        answer = send("POST", url, {"content-type": "application/json"}, b"{}", _SECONDS)
    except UnreachableError as error:
        return Row(False, what, f"no answer ({error.code}); the trigger 'http' must be public")
    spent = (now() - began) * 1000
    if answer.status != _REFUSED:
        where = "look at the log of receive-approval, and whether 'make up' has been run since"
        return Row(False, what, f"HTTP {answer.status} in place of a refusal; {where}")
    seen = f"refused an unsigned push after {spent:.0f} ms from here"
    return Row(True, what, f"{seen} (a handshake has {limit * 1000:.0f} ms)")


def _looked(name: str, evidence: Evidence) -> Row:
    what = f"native approvals, app of {name}"
    line = evidence.last_look(name)
    if line is None:
        return Row(None, what, "no look for lost pushes in the last hour; one comes in 30 minutes")
    if line.get("decision") == "looked":
        return Row(True, what, f"the platform answered its last look ({line.get('looked')} seen)")
    return Row(False, what, f"its last look failed with {line.get('code')}: {line.get('reason')}")
