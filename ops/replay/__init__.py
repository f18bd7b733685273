"""``make replay``: dead letters back onto their bus."""
