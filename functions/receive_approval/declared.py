"""What the deployment of this function has to know of it: kinds of sources, types of events."""

from enum import StrEnum

PUSHED = "provisioning:ApprovalPushed"
"""A platform says that an instance was decided; nobody has asked it yet."""
MEMBERS_PUSHED = "provisioning:MembersPushed"
"""A platform says that somebody joined or left."""
REQUESTED = "provisioning:ApprovedRequest"
"""The platform has confirmed an approval; a request in the form of a posted one."""
NEW_MEMBER = "provisioning:NewMember"
"""The platform has confirmed a new member."""

LOOK = "find-lost"
"""The timer that has the function look for lost pushes; it has another one for what waits."""


class Kind(StrEnum):
    """Whose approvals they are."""

    DINGTALK = "dingtalk-approval"
    LARK = "lark-approval"


HANDSHAKE_SECONDS = {Kind.DINGTALK: 1.5, Kind.LARK: 1.0}
"""How long a platform waits for the answer by which a URL is verified."""
API = {Kind.DINGTALK: "https://api.dingtalk.com", Kind.LARK: "https://open.feishu.cn"}
"""Where a platform is asked unless the settings say otherwise."""
DIRECTORY = {Kind.DINGTALK: "https://oapi.dingtalk.com", Kind.LARK: ""}
"""Where it is asked about people, if that is another host."""
FIELDS = ("emp_id", "role", "chat", "expires", "ssh_key")
"""What of a request a form can say; everything else comes from the platform."""
