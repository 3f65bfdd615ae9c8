"""E-mail addresses as people type and paste them: taken apart, judged, compared, mended.

- `split` cuts a pasted text into entries, one for each thing that may be an address.
- `read` does both for a text, `read_cell` for a cell: the same entries wherever they come from.
- `parse` judges one entry: an `EmailAddress`, or an `InvalidEmailError` that says precisely why not.
- `masked` shows of an address only its beginning and domain, `masked_within` does so inside any text.
- `suggest` proposes a repair for a likely slip. It never changes anything by itself.

The library `email-validator` decides what is an address (without asking the DNS); `parse` agrees with it and
is more than ten times as fast on plain ASCII. Nothing here knows Django, and nothing puts an address into an
error message.
"""

from libraries.email_addresses.characters import ENDS, displayed, has_full_width_form
from libraries.email_addresses.entries import Entries, Refused, is_plain, read, read_cell
from libraries.email_addresses.masking import masked, masked_within
from libraries.email_addresses.parsing import EmailAddress, InvalidEmailError, parse
from libraries.email_addresses.reasons import Reason
from libraries.email_addresses.separators import split
from libraries.email_addresses.slips import suggest

__all__ = [
    "ENDS",
    "EmailAddress",
    "Entries",
    "InvalidEmailError",
    "Reason",
    "Refused",
    "displayed",
    "has_full_width_form",
    "is_plain",
    "masked",
    "masked_within",
    "parse",
    "read",
    "read_cell",
    "split",
    "suggest",
]
