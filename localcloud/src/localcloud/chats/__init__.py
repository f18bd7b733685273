"""The chat platforms: their webhooks, limits and error codes, and what arrived."""
