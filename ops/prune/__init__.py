"""``make prune``: commands that a deployment has replaced, away once their runs have ended."""
