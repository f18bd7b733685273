"""Alibaba Cloud on one machine, as far as the provisioning loop needs it."""
