"""Simple Log Service: projects and log stores, and the entries in them."""
