"""Message queues (MNS): the control plane and the data plane."""
