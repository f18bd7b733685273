"""Writes the stack file of a new environment: ``python -m ops init --stack dev``."""
