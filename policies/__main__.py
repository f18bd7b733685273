"""The policy pack, as the engine starts it."""

import os

import pulumi_policy.policy
from pulumi_policy import PolicyPack

from policies import configuration, rules, secretness
from policies.engine import initial_config, policies

# The SDK unwraps secrets before a rule sees them; this keeps the mark. See policies/secretness.py.
pulumi_policy.policy.deserialize_properties = secretness.deserialize  # type: ignore[attr-defined,assignment]

own = configuration.load(configuration.OWN, rules.ALL)
production = configuration.is_production(os.environ["PULUMI_STACK"], own)
settings = configuration.settings(rules.ALL, production, own)

PolicyPack(
    name="ecs-provisioning-loop",
    policies=policies(rules.ALL, settings),
    initial_config=initial_config(settings),
)
