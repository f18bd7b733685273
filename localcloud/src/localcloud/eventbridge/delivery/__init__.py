"""Delivery: accepted events on their way to the targets of the rules."""
