"""Who calls what in a stack, who reads which queue, and what a function may do.

In a preview of a new stack some values are not known yet: whoever looks at one raises
:class:`UnknownValueError`, and so does what is decided by it.
"""

import re
from collections.abc import Sequence

from provisioning_policies import tokens
from provisioning_policies.documents import json_object, mapping
from provisioning_policies.rule import Resource
from provisioning_policies.statements import Statement, allowed
from provisioning_policies.targets import queue_name, targets_of
from provisioning_policies.unknown import is_any
from provisioning_policies.wildcards import matches

_RUN_COMMANDS = ("ecs:InvokeCommand", "ecs:RunCommand")
_RECEIVE = ("mns:ReceiveMessage", "mns:BatchReceiveMessage")
_DELETE = ("mns:DeleteMessage", "mns:BatchDeleteMessage")
_SEND = ("mns:SendMessage", "mns:BatchSendMessage")
_QUEUE_OF_RESOURCE = re.compile(r".*queues/(?P<name>[^/]+)(?:/.*)?")


def of_type(stack: Sequence[Resource], *types: str) -> list[Resource]:
    """Return the resources of these types by name; the order of registration differs by run."""
    found = (resource for resource in stack if resource.type in types)
    return sorted(found, key=lambda resource: resource.name)


def made(stack: Sequence[Resource], token: str, key: str, name: str) -> bool:
    """Return whether the stack creates a resource of a type and name."""
    return is_any(of_type(stack, token), lambda resource: bool(resource.props.get(key) == name))


def runs_commands(stack: Sequence[Resource], function: Resource) -> bool:
    """Return whether a function may start commands on instances."""
    return is_any(
        _policies_of(stack, function),
        lambda policy: any(
            statement.allows(action) for statement in allowed(policy) for action in _RUN_COMMANDS
        ),
    )


def readers_of(stack: Sequence[Resource], queue: str) -> list[Resource]:
    """Return the functions that may receive the messages of a queue."""
    return [
        function
        for function in of_type(stack, tokens.FUNCTION)
        if _may(stack, function, queue, _RECEIVE)
    ]


def works_off(stack: Sequence[Resource], function: Resource, queue: str) -> bool:
    """Return whether a function may delete the messages of a queue, and not only look at them."""
    return _may(stack, function, queue, _DELETE)


def prolongs(stack: Sequence[Resource], function: Resource, queue: str) -> bool:
    """Return whether a function may hide a message for longer while it works on it."""
    return _may(stack, function, queue, ("mns:ChangeMessageVisibility",))


def fills(stack: Sequence[Resource], queue: str) -> bool:
    """Return whether a rule or a function of the stack puts messages into a queue."""

    def is_put_by(rule: Resource) -> bool:
        return any(queue_name(target.get("endpoint")) == queue for target in targets_of(rule))

    return is_any(of_type(stack, tokens.EVENT_RULE), is_put_by) or is_any(
        of_type(stack, tokens.FUNCTION), lambda function: _may(stack, function, queue, _SEND)
    )


def called_by_itself(stack: Sequence[Resource], queue: str, function: Resource) -> bool:
    """Return whether a timer, or a trigger of the queue, calls a function."""
    name = function.props.get("functionName")
    for trigger in of_type(stack, tokens.FUNCTION_TRIGGER):
        if trigger.props.get("functionName") != name:
            continue
        kind = trigger.props.get("triggerType")
        config = json_object(trigger.props.get("triggerConfig")) or {}
        source = mapping(mapping(config.get("eventSourceConfig")).get("eventSourceParameters"))
        from_queue = mapping(source.get("sourceMNSParameters")).get("QueueName")
        if kind in {"timer", "mns_queue"} or from_queue == queue:
            return True
    return False


def _policies_of(stack: Sequence[Resource], function: Resource) -> list[Resource]:
    """Return the policies of the stack that are attached to a function's role."""
    role = str(function.props.get("role") or "").rpartition("/")[2]
    attached = {
        attachment.props.get("policyName")
        for attachment in of_type(stack, tokens.ROLE_ATTACHMENT)
        if attachment.props.get("roleName") == role
    }
    return [p for p in of_type(stack, tokens.POLICY) if p.props.get("policyName") in attached]


def _may(stack: Sequence[Resource], function: Resource, queue: str, actions: Sequence[str]) -> bool:
    def is_about(statement: Statement) -> bool:
        names = (_QUEUE_OF_RESOURCE.fullmatch(resource) for resource in statement.resources)
        return any(name and matches(name["name"], queue) for name in names)

    return is_any(
        _policies_of(stack, function),
        lambda policy: any(
            statement.allows(action) and is_about(statement)
            for statement in allowed(policy)
            for action in actions
        ),
    )
