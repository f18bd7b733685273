"""The sandboxes in which scripts and functions run, isolated from the machine."""
