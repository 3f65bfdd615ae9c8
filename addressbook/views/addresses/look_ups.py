"""A search for a whole address by somebody to whom addresses are masked."""

from typing import Final

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.services.addresses import disclosure
from workspace.numbers import number
from workspace.views.pages.access import Access

# In the session: which address was looked up last, as a digest. The list is asked for again and again, by Refresh and
# after every job, and that is still the same question.
_LAST: Final = "looked_up"


def ask(request: HttpRequest, access: Access, query: str) -> tuple[str, str]:
    """The key to search for ("": the query is no whole address), and why it is not searched for ("": it is)."""
    key = disclosure.whole_address(query) if query else None
    if key is None:
        return "", ""
    digest = salted_hmac(_LAST, f"{access.book.pk} {key}", algorithm="sha256").hexdigest()
    if request.session.get(_LAST) != digest:
        try:
            disclosure.look_up(book=access.book, key=key, by=access.by)
        except disclosure.TooManyLookUpsError:
            return "", too_many()
        request.session[_LAST] = digest
    return key, ""


def too_many() -> str:
    return _(
        "You have looked up %(limit)s addresses within an hour. Please wait, or ask a manager of this address book."
    ) % {"limit": number(limits.LOOK_UPS_PER_HOUR)}
