"""The policy pack, as the engine starts it."""

import os

from pulumi_policy import PolicyPack

from policies import configuration, rules, secretness
from policies.engine import initial_config, policies

secretness.install()

own = configuration.load(configuration.OWN, rules.ALL)
production = configuration.is_production(os.environ["PULUMI_STACK"], own)
settings = configuration.settings(rules.ALL, production, own)

PolicyPack(
    name="alicloud-event-driven-provisioning",
    policies=policies(rules.ALL, settings),
    initial_config=initial_config(settings),
)
