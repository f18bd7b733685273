"""What runs beside the program: the script for hosts, the engine, the review of changes."""
