"""The store of files as services and views see it: what it raises when it cannot be used."""


class StoreAwayError(Exception):
    """The store does not answer, or refuses; nothing was stored. The message is a sentence for the log."""
