"""What is told: the outcome of a request, its result event and its message in a chat."""
