"""Resources that had a component of their own around them keep their place in a stack's state.

A component costs two calls of the engine in every preview, and is worth them where it holds several
resources together. What held a single one and decided nothing is a function now.
"""

import pulumi


def formerly_in(component: str, name: str, parent: pulumi.Resource) -> pulumi.Alias:
    """Return the alias of a resource that was in a component.

    Args:
        component: the component's class, of this package.
        name: its logical name.
        parent: what it belonged to, and the resource belongs to now.
    """
    return pulumi.Alias(
        parent=parent.urn.apply(
            lambda urn: f"{urn.rpartition('::')[0]}$provisioning:index:{component}::{name}"
        )
    )
