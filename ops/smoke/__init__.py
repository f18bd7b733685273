"""``make smoke``: a harmless approval through a deployed stack."""
