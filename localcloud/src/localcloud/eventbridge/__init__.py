"""EventBridge: buses, HTTP sources, rules, targets, and the trace of each event."""
