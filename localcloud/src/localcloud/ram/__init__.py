"""RAM and STS: roles, policies and who may do what."""
