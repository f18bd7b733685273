"""Alibaba Cloud on one machine: what the real provider, SDKs and command line accept."""
