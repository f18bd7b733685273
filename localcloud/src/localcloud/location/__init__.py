"""The Location service: where the products are."""
