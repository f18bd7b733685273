"""The script that gives an employee an account on a host, and what it is rendered from."""
