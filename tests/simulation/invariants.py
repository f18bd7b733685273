"""What must hold at the end of every history.

A request is as old as the event with which its first run started. Where the cloud held up the first
post for so long that the platform's second one overtook it, that is the second: nothing that could
know better has seen the first one. The simulation counts how often.
"""

from collections.abc import Iterator

from functions.request.fields import DEPROVISION
from tests.simulation.world import World


def violations(world: World) -> Iterator[str]:
    """Yield what does not hold."""
    yield from _newest_word_wins(world)
    for word in world.words:
        if not world.told[word.request_id] and word.request_id not in world.dead:
            yield f"{word.request_id} was accepted and nobody was told"


def _newest_word_wins(world: World) -> Iterator[str]:
    started = [word for word in world.words if word.request_id in world.moments]
    for employee in {word.emp_id for word in started}:
        newest = max(
            (word for word in started if word.emp_id == employee),
            key=lambda word: (world.moments[word.request_id], word.action == DEPROVISION),
        )
        wanted = "" if newest.action == DEPROVISION else newest.role
        for name, host in world.hosts.items():
            account = host.accounts[employee]
            # What failed gave nothing, and took what the new role does not give.
            if account.role not in {wanted, ""}:
                yield (
                    f"{employee} has role '{account.role}' on {name}, and the newest word is "
                    f"{newest.request_id}: {newest.action} {newest.role}"
                )
            if account.moment != world.moments[newest.request_id]:
                yield f"{name} remembers another word of {employee} than {newest.request_id}"
