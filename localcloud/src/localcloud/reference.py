"""The table of actions in ``localcloud/README.md``, written from the code.

``python -m localcloud.reference`` prints it; a test compares it with the file.
"""

from collections.abc import Iterator

from localcloud.products import PRODUCTS


def table() -> str:
    """Return the table of every product's actions in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "| action | here |"
    yield "| --- | --- |"
    for product in PRODUCTS.values():
        yield f"| **{product.heading}** | |"
        for action, what in sorted(product.actions.items()):
            yield f"| {action} | {f'partial: {what.partial}' if what.partial else 'done'} |"
        for action in product.absent:
            yield f"| {action} | absent |"


if __name__ == "__main__":
    print(table(), end="")
