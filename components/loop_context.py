"""What all parts of a loop share."""

from typing import NotRequired, TypedDict

import pulumi

from components.names import FunctionDelivery, RetryStrategy


class LoopContext(TypedDict):
    """Account, bus, logs, and what happens when a target fails: the same for all parts."""

    region: pulumi.Input[str]
    """Id of the region."""
    account_id: pulumi.Input[str]
    """Id of the account."""
    name_prefix: str
    """Beginning of every physical name."""
    bus_name: pulumi.Input[str]
    """The bus."""
    log_project: pulumi.Input[str]
    """The SLS project."""
    events_store: pulumi.Input[str]
    """Its store for events."""
    functions_store: pulumi.Input[str]
    """Its store for the functions' logs."""
    retry: RetryStrategy
    """What happens when a target fails."""
    function_delivery: FunctionDelivery
    """How events reach functions."""
    dead_letter_arn: pulumi.Input[str]
    """The queue for events that a target never accepted."""
    dead_letter_queue: pulumi.Input[str]
    """Its name, for functions that put something there by their own hand."""
    watch_queue: NotRequired[pulumi.Input[str]]
    """The queue in which functions leave notes for the watcher. Nobody watches if left out."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on everything that takes tags."""
