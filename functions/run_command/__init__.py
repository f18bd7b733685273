"""Starts the provisioning command for an approved request."""
