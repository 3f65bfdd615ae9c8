"""The edge where addresses become text: who sees them in full, and who masked. Templates come here by two filters.

Whatever a page shows of an address goes through `address_for`, and other people's text that may hold one (the name of
a file, a reason, what the service said) through `text_for`. A test walks every URL and finds none that was forgotten.
"""

from libraries import email_addresses
from workspace.views.pages.access import Access


def address_for(email: str | None, access: Access) -> str:
    """The address as this member sees it."""
    if email is None:
        return ""
    return email_addresses.masked(email) if access.sees_masked else email


def text_for(text: object, access: Access) -> str:
    """The text as this member sees it, without anybody's address in full."""
    return email_addresses.masked_within(str(text)) if access.sees_masked else str(text)
