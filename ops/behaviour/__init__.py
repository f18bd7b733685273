"""What a change would do to recorded events: two revisions, the same events, the difference."""
