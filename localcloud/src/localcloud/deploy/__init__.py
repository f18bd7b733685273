"""``localcloud deploy``: a stack's own program, applied to a running local cloud without an engine.

The program runs unchanged under Pulumi's mock monitor. Each new resource becomes the API requests
that the real provider sends, signed, to the local cloud's own handlers, and its outputs are read
back as the provider reads them.

It is a test double for the engine, not an engine: it keeps no state, plans nothing, shows no
difference and deletes nothing. What exists already is updated as the provider would update it; what
the program no longer declares stays. ``pulumi up`` is the real thing, and works here too.
"""

from localcloud.deploy.engine import DeployError, run

__all__ = ["DeployError", "run"]
