"""What is asked: the event that a function gets, and the deployment that it belongs to."""
