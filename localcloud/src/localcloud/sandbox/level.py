"""Constants that the agent of an instance shares with the cloud.

Standard library only, and little of it: the agent starts while a caller waits.
"""

from enum import StrEnum

FROM_THE_MACHINE = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""The top-level names of an instance that show the machine's programs."""


STRANGERS = range(60706, 61184)
"""The users and groups as which a cloud that runs as root runs what needs no root.

Each function and each instance has its own, as far as they go: the kernel counts processes by
user. Distributions give these numbers to nobody (systemd: "Users, Groups, UIDs and GIDs").
"""


class Level(StrEnum):
    """How an instance is isolated; the strongest comes first."""

    NAMESPACES = "namespaces"
    """Real root with mounts, processes, network and host name of its own."""
    USER_NAMESPACE = "user-namespace"
    """The same for a plain user: root in the instance is that user outside."""
    DIRECTORY = "directory"
    """A folder as root, named by ``PROVISION_ROOT``; writing elsewhere is forbidden."""
