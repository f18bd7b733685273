"""Instances: throw-away roots in which scripts really run, kept apart from the machine."""
