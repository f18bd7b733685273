"""Brings several outputs together without losing what is a secret."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi


def together(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[dict[str, str]]:
    """Return one output that has all values; secret if one of them is. Empty is possible."""
    return cast("pulumi.Output[dict[str, str]]", pulumi.Output.from_input(cast("Any", values)))
