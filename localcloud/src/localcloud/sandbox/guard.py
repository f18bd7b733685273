"""The guard of a sandbox: kills it when the cloud ends, and cleans up.

The guard is the process that the cloud started. The sandbox can neither see, signal nor trace it,
so nothing inside can prevent the end: when the cloud closes its end of the connection, or dies in
whatever way, everything inside is killed.

Standard library only: agents and functions import this without site packages.
"""

import os
import select
import signal
from collections.abc import Callable

from localcloud.sandbox import linux, processes
from localcloud.sandbox.control_group import ControlGroup

Asked = tuple[int, Callable[[], None]]
"""A descriptor, and what the guard does when it becomes readable."""

_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


def shut_in(
    connection: int,
    spaces: int,
    group: ControlGroup,
    *,
    user_inside: int | None = None,
    asked: Asked | None = None,
    tidy_up: Callable[[], None] = lambda: None,
) -> None:
    """Continue in a new process in new namespaces; this one becomes the guard and never returns.

    Args:
        connection: the cloud's end is watched; nothing is read from it.
        spaces: the namespaces; without any, the sandbox stays among the machine's processes.
        group: the control group that the new process enters.
        user_inside: in a user namespace, who the cloud's user is inside.
        asked: what the guard does on request of the sandbox.
        tidy_up: called at the end.
    """
    if user_inside is not None:
        _unshare_with_user(spaces, user_inside)
    elif spaces:
        linux.unshare(spaces)
    else:
        linux.adopt_orphans()
    children, noticed = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(noticed)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = os.fork()
    if child:
        try:
            _wait(child, connection, children, asked)
            if spaces:
                processes.send(child, signal.SIGKILL)
                _wait_for(child)
            else:
                processes.end_descendants()
            group.remove()
            tidy_up()
        finally:
            os._exit(0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(children)
    os.close(noticed)
    linux.die_with_parent(signal.SIGKILL)
    group.enter()
    if spaces:
        _hide_other_control_groups()


def _wait(
    child: int,
    connection: int,
    children: int,
    asked: Asked | None,
) -> None:
    """Wait until the child has ended or the cloud is gone."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.register(children, select.POLLIN)
    if asked:
        poll.register(asked[0], select.POLLIN)
    # It may have exited before the guard was watching.
    while not processes.has_ended(child):
        for ready, events in poll.poll():
            if ready == connection and events & _GONE:
                return
            if ready == children:
                os.read(children, 4096)
            elif asked and ready == asked[0]:
                if events & _GONE:
                    poll.unregister(ready)
                else:
                    asked[1]()


def _wait_for(child: int) -> None:
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        return  # it was reaped when it exited


def _unshare_with_user(spaces: int, inside: int) -> None:
    # Only the user's own id is mapped: leftovers stay readable and removable for the user, and
    # no helper (newuidmap) and no entry in /etc/subuid is needed.
    user, group = os.geteuid(), os.getegid()
    linux.unshare(spaces | linux.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside} {user} 1"),
        ("gid_map", f"{inside} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(text)


def _hide_other_control_groups() -> None:
    try:
        linux.unshare(linux.CLONE_NEWCGROUP)
    except OSError:
        return  # a kernel before 4.6; no control groups are mounted in there anyway
