"""The chat platforms: how each signs, limits and answers."""
