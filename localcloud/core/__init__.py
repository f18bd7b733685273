"""Rules of the cloud as pure functions: patterns, transforms, retries, authorization.

Standard library only; no I/O, no clock, no globals: whoever calls passes time and randomness in.
"""
