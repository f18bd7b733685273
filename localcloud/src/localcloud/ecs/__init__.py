"""ECS: Cloud Assistant commands, invocations and their results, and the instances they run on."""
