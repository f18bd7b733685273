"""The program of every stack: read the settings, build the loop, export what others need."""

import atexit
import gc
import sys
from pathlib import Path

import pulumi

# Pulumi runs this folder by its path, and what it imports lies beside it.
_PROJECT = Path(__file__).resolve().parents[1]
sys.path += [str(_PROJECT), str(_PROJECT / "localcloud/src")]

from stacks.identity import asked

# The program ends in seconds and keeps nearly all that it makes: the collector would look through
# modules and resources again and again, a tenth of the program's time, and thrice at its end.
gc.disable()
atexit.register(gc.freeze)

# Each answer of the engine comes in a thread that else waits up to 5 ms for the program's turn.
sys.setswitchinterval(0.0005)

# The SDK tells the engine five things about each resource and waits until each was heard, a sixth
# of a preview's time; the engine shows them with --debug alone, for those who look into the SDK.
pulumi.log.debug = lambda *_args, **_kwargs: None

with asked() as identity:
    import pulumi_alicloud as alicloud

    from components import ProvisioningLoop, function_archive
    from stacks import account, catalogue
    from stacks.arguments import loop_args
    from stacks.configuration import load

    # What would come after the wait: the SDK loads a product at the first look into it.
    for product in ("ecs", "log", "message", "ram", "sls"):
        hasattr(getattr(alicloud, product), "loaded")
    function_archive.build_all()

    stack = pulumi.get_stack()
    config = load(pulumi.Config(), catalogue.roles, stack)

settings = config.settings
account.check(settings, stack, identity)
args = loop_args(config.region, settings, config.secrets, catalogue.text(settings))
loop = ProvisioningLoop("loop", args)

pulumi.export("region", config.region)
pulumi.export("account_id", settings.account_id)
pulumi.export("webhooks", loop.webhooks)
if settings.native:
    pulumi.export("approval_urls", loop.approval_urls)
pulumi.export("command_id", loop.command_id)
pulumi.export("deprovision_command_id", loop.deprovision_command_id)
pulumi.export("instance_ids", loop.instance_ids)
pulumi.export("bus_name", loop.bus_name)
pulumi.export("functions", loop.functions)
pulumi.export("dead_letter_queue", loop.dead_letter_queue)
pulumi.export("log_project", loop.log_project)
