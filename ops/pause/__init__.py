"""``make pause`` and ``make resume``: provisioning stops at once, taking away goes on."""
