"""Refuses a configuration of the pack that names what does not exist.

The engine hands ``--policy-pack-config`` and the settings of a policy group to the pack as they
are: a misspelt rule or option would otherwise change nothing, without a word.
"""

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi_policy.policy import _PolicyAnalyzerServicer

from provisioning_policies.configuration import ConfigurationError, check
from provisioning_policies.rule import AnyRule


def install(rules: Sequence[AnyRule]) -> None:
    """Let the policy SDK answer the engine with an error that says what is wrong."""
    original = _PolicyAnalyzerServicer.Configure

    def configure(servicer: _PolicyAnalyzerServicer, request: Any, context: Any) -> Any:
        given = {
            name: json_format.MessageToDict(config.properties)
            for name, config in request.policyConfig.items()
        }
        try:
            check(given, rules, "the policy pack's configuration")
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return original(servicer, request, context)  # type: ignore[no-untyped-call]

    _PolicyAnalyzerServicer.Configure = configure  # type: ignore[method-assign]
