"""The tags of an invocation, which carry a request from its start to its completion.

Limits: keys up to 64 characters, values up to 128, neither with ``http://`` or ``https://``
("InvokeCommand").
"""

REQUEST = "provisioning:request"
ACTION = "provisioning:action"
SOURCE = "provisioning:source"
PREFIX = "provisioning:prefix"
"""The stack's bus: two environments in one account do not see each other's requests."""
EVENT = "provisioning:event"
"""The event that started it, to tell one that is delivered again from a repeated request."""
PART = "provisioning:part"
CHAT = "provisioning:chat"
BY = "provisioning:by"
APPROVED_BY = "provisioning:approved-by"
