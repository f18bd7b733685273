"""What happened, put together over all services: for the page and for ``localcloud trace``."""
