"""Event patterns and transforms: pure, no clock and no I/O."""
