"""Delivery: accepted events are sent to the targets of the rules."""
