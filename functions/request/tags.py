"""The tags of an invocation, which carry a request from its start to its completion.

Limits: keys up to 64 characters, values up to 128, neither with ``http://`` or ``https://``
("InvokeCommand").
"""

from functions.request.fields import FIELDS

REQUEST = FIELDS["request_id"].tag
ACTION = FIELDS["action"].tag
SOURCE = FIELDS["source"].tag
EVENT = FIELDS["event_id"].tag
"""The event that started it, to tell one that is delivered again from a repeated request."""
PREFIX = "provisioning:prefix"
"""The stack's bus: two environments in one account do not see each other's requests."""
PART = "provisioning:part"
ATTEMPT = "provisioning:attempt"
"""How often a request was tried, from 1: one that failed may be made again.

``2-1`` is what of the second attempt was started later, on hosts that were not reached before.
"""
UNREACHED = "provisioning:unreached"
"""Hosts that it is for and that could not be reached: ``i-1,i-2,+3`` if there are five."""
