"""Sends a finished message to its group chat and reads the chat's answer."""
