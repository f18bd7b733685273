"""``make up``, ``preview``, ``refresh`` and ``destroy``: the Pulumi engine on a stack."""
