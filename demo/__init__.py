"""The demonstration: the whole loop on this machine, played and judged."""
