"""The APIs of the local cloud: one folder for each product."""
