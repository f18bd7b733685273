"""The alicloud provider as a client: a behaviour's resources, as the engine handles them.

The plugin is Pulumi's own, found on PATH, and is spoken to as the engine does: what a program says
of a resource is checked, compared with what is there, created or updated, and read back. What holds
for every resource is asked of every resource: once it is there the same program changes nothing,
and once it is deleted it is gone.
"""
