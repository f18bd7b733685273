"""Whether a policy allows an action: pure, no clock and no I/O."""
