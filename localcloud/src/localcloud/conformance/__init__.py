"""A conformance suite: what Alibaba Cloud does, as data, and whether a local cloud does it too.

``localcloud conformance`` runs the behaviours of ``behaviours/*.yaml`` against a local cloud of its
own, or a running one, through the official SDKs. The table in ``localcloud/README.md`` is what it
counts.
"""
