"""EventBridge: buses, HTTP sources, rules, targets, and the way of each event."""
