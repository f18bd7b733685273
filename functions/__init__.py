"""The code that runs in Function Compute: Python's standard library and nothing else."""
