"""What the functions share: the cloud's APIs, signatures, messages, settings, logging."""
