"""The policy pack, as the engine starts it."""

import os
from pathlib import Path

from pulumi_policy import PolicyPack

from provisioning_policies import configuration, rules, secretness, strictness
from provisioning_policies.engine import initial_config, policies_of

secretness.install()
strictness.install(rules.ALL)

own = configuration.load(Path(__file__).with_name("configuration.yaml"), rules.ALL)
production = configuration.is_production(os.environ["PULUMI_STACK"], own)
settings = configuration.settings(rules.ALL, production, own)

PolicyPack(
    name="alicloud-event-driven-provisioning",
    policies=policies_of(rules.ALL, settings),
    initial_config=initial_config(settings),
)
