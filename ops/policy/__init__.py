"""``make policy``: what a stack declares, judged by the policy pack without the Pulumi CLI."""
