"""Runs a stack's program without the Pulumi engine, for whoever stands in for the engine.

``localcloud deploy`` turns each resource into requests to a local cloud, ``make policy`` only looks
at what is declared, the tests remember it. All three read the project and run its program here.
"""
