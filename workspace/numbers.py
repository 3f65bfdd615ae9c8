"""Counts as people write them."""


def number(count: int) -> str:
    """363,000. All our languages group digits so; a tree shows a thousand of them."""
    return f"{count:,}"
