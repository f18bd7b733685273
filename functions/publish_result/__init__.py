"""Turns a finished command into a result event with the message for its chat."""
