"""What the Makefile needs beyond its own lines; the standard library only."""
