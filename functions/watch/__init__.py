"""Looks every minute for what nobody was told of, and tells those who operate the loop."""
