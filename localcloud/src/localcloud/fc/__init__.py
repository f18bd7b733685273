"""Function Compute 3.0: functions and their code, which really runs, in separate processes."""
