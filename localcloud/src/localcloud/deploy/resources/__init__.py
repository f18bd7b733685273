"""What the provider sends for each resource: one module per product."""
