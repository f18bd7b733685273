"""Function Compute 3.0: functions and their code, run for real in processes of their own."""
