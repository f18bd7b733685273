"""Hands a new member to the company's own HTTP API."""
