"""Rules for event-driven provisioning on Alibaba Cloud, as a CrossGuard policy pack.

The rules know type tokens and property names, not the classes of this project, so that they can
judge anybody's stack. They run in the engine (``pulumi preview --policy-pack policies``) and
without it (``make policy STACK=dev``).
"""
