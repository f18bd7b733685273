"""The README's table of actions is what the code has."""

from lab import SOURCES
from localcloud import reference
from localcloud.products import PRODUCTS

README = SOURCES.parent / "README.md"


def test_the_table_of_actions_is_the_codes() -> None:
    """README and code agree; ``python -m localcloud.reference`` writes the table."""
    written = README.read_text().split("<!-- actions -->\n")[1].split("<!-- /actions -->")[0]
    assert reference.table() == written


def test_every_route_leads_to_an_action_or_is_named_as_absent() -> None:
    """No product has actions that its table leaves out, nor routes to nowhere."""
    for product in PRODUCTS.values():
        assert not set(product.absent) & set(product.actions)
        assert f"**{product.heading}**" in reference.table()
