"""What must hold at the end of every history.

A request is as old as the event with which it first came to a host. Where the cloud held up the
first post for so long that the platform's second one overtook it, that is the second: nothing that
could know better has seen the first one.
"""

from collections import defaultdict
from collections.abc import Iterator

from functions.request import tags
from functions.request.fields import DEPROVISION
from tests.simulation.cloud import Executed
from tests.simulation.host import KILLED, SUPERSEDED, Account
from tests.simulation.people import STRANGER, Word
from tests.simulation.settings import (
    COMPLETIONS,
    LATER,
    REQUESTS,
    TIMEOUT_SECONDS,
    hosts_of,
)
from tests.simulation.world import World

_AHEAD_MILLISECONDS = 305_000


def violations(world: World) -> Iterator[str]:
    """Yield what does not hold."""
    yield from world.wrong
    yield from _newest_word_wins(world)
    yield from _nobody_is_forgotten(world)
    yield from _nothing_is_made_twice(world)
    yield from _leavers_have_no_access(world)
    yield from _what_failed_can_be_made_again(world)
    yield from _strangers_have_no_effect(world)
    if world.cloud.messages.get(LATER):
        yield "a removal is looked after for ever"
    if any(world.cloud.messages.get(queue) for queue in (REQUESTS, COMPLETIONS)):
        yield "an event waits for ever"


def _newest_word_wins(world: World) -> Iterator[str]:
    """On every host, whatever reached it and in whatever order."""
    ran: defaultdict[tuple[str, str], list[Executed]] = defaultdict(list)
    for run in world.cloud.executed:
        ran[run.host, run.emp_id].append(run)
        if run.moment > run.at * 1000 + _AHEAD_MILLISECONDS:
            yield f"{run.host} was told to believe a word from the future"
    for (host, employee), runs in ran.items():
        first: dict[str, int] = {}
        said: list[tuple[int, bool, int, Executed]] = []
        for number, run in enumerate(runs):
            moment = min(run.moment, first.setdefault(run.request or str(id(run)), run.moment))
            # Of two words of one moment taking away wins, and of two that give the later run.
            said.append((moment, run.action == DEPROVISION, number, run))
        moment, _, _, newest = max(said, key=lambda s: s[:3])
        wanted = "" if newest.action == DEPROVISION else newest.role
        account = world.hosts[host].accounts[employee]
        # A removal that was killed may have taken nothing yet, if its host was away ever since:
        # whether that was told is the matter of _leavers_have_no_access.
        was_cut_off = newest.action == DEPROVISION and newest.code == KILLED
        # What failed gave nothing, and took what the new role does not give.
        if account.role not in {wanted, ""} and not was_cut_off:
            yield (
                f"{employee} has role '{account.role}' on {host}, and the newest word there is "
                f"{newest.action} {newest.role}"
            )
        if account.moment != moment:
            yield f"{host} remembers another word of {employee} than the newest"


def _nobody_is_forgotten(world: World) -> Iterator[str]:
    """Each request is told, in the chat where it was made, or its dead letter is there."""
    for word in world.words:
        if not word.has_token:
            continue
        told = world.told_of[word.key]
        if not told and word.key not in world.dead:
            yield f"{word.request_id} of {word.emp_id} was accepted and nobody was told"
        words = {
            record.invocation.tags[tags.ATTEMPT]
            for record in world.cloud.records
            if record.invocation.tags and world.key(record.invocation) == word.key
        }
        ends = [d for d in told if d["InvokeId"] and not d["repeat"]]
        finished = [d for d in ends if d["InvocationStatus"] != "Unknown"]
        if max(len(finished), len(ends) - len(finished)) > len(words):
            yield f"{word.request_id} of {word.emp_id} was told as finished more than once"
        if any(detail["origin"]["chat"] != word.chat for detail in told):
            yield f"{word.request_id} of {word.emp_id} was told in another chat than its own"


def _nothing_is_made_twice(world: World) -> Iterator[str]:
    """One attempt runs once on a host, as far as Cloud Assistant remembers it."""
    seen: set[tuple[str, ...]] = set()
    for record in world.cloud.records:
        found = record.invocation
        if not found.tags or record.forgotten:
            continue
        key = (*world.key(found), found.tags[tags.ATTEMPT])
        for run in found.runs:
            if (*key, run.instance_id) in seen:
                yield f"attempt {key[-1]} of {key[0]} was made twice on {run.instance_id}"
            seen.add((*key, run.instance_id))


def _leavers_have_no_access(world: World) -> Iterator[str]:
    """Where the last word about somebody takes away, nothing is left on any host that is there."""
    for word in world.words:
        if word.action != DEPROVISION or not _is_last(world, word) or word.key in world.dead:
            continue
        statuses = {detail["InvocationStatus"] for detail in world.told_of[word.key]}
        for host in hosts_of(word.role):
            account = world.hosts[host].accounts.get(word.emp_id, Account())
            is_open = world.state(host) == "Released" or "GivenUp" in statuses
            if account.role and not is_open:
                yield f"{word.emp_id} left with {word.request_id} and has access on {host}"
            never = account.moment < min(world.stamps[word.key]) and not is_open
            if never and not any(
                run.host == host and run.code == SUPERSEDED for run in world.cloud.executed
            ):
                yield f"{host} has never heard that {word.emp_id} left with {word.request_id}"


def _is_last(world: World, word: Word) -> bool:
    """Return whether a word is newer than all others, whichever of their events counts."""
    stamps = world.stamps[word.key]
    others = [
        stamp
        for other in world.words
        if other.emp_id == word.emp_id and other.key != word.key
        for stamp in world.stamps[other.key]
    ]
    by_hand = [
        run.moment for run in world.cloud.executed if run.emp_id == word.emp_id and not run.request
    ]
    return bool(stamps) and all(stamp < min(stamps) for stamp in [*others, *by_hand])


def _what_failed_can_be_made_again(world: World) -> Iterator[str]:
    """Whoever mends what was missing and asks again is heard, if it is not running by then."""
    for key, at in world.asked_again.items():
        request_id, action, emp_id, role = key
        again = any(
            record.started >= at - TIMEOUT_SECONDS
            and record.action == action
            and record.invocation.tags.get(tags.REQUEST) == request_id
            and record.invocation.parameters["emp_id"] == emp_id
            and record.invocation.parameters["role"] == role
            for record in world.cloud.records
        )
        unreachable = all(world.state(host, at) != "Running" for host in hosts_of(role))
        if not (again or unreachable or key in world.dead):
            yield f"{request_id} failed, was made again, and did not run again"


def _strangers_have_no_effect(world: World) -> Iterator[str]:
    """Whoever has no token starts nothing and is told nothing."""
    if any(STRANGER in host.accounts for host in world.hosts.values()):
        yield "a post without the right token has run"
    if any(key[2] == STRANGER for key in world.told_of):
        yield "a post without the right token has a result"
