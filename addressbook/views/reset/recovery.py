"""What the screen and the settings show to admins of recovery copies and of what is being erased."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from addressbook.models import Erasure
from addressbook.services.reset import editions, restoring
from addressbook.services.reset.editions import Contents
from workspace.models import AddressBook, Edition
from workspace.views.pages.access import Access

# In the session: which banners the user has put away, as [book, edition number].
_HIDDEN = "hidden_copies"


@dataclass(frozen=True, slots=True)
class Copy:
    """A recovery copy. `number` is that of its edition; it was `closed_at`, and is `kept_until`."""

    number: int
    closed_at: datetime | None
    kept_until: datetime | None
    holds: Contents


def copies(access: Access) -> list[Copy]:
    return [_shown(copy) for copy in restoring.copies(access.book)]


def banner(request: HttpRequest, access: Access) -> Copy | None:
    """The last recovery copy, unless the admin has put it away."""
    found = restoring.copies(access.book)[:1]
    hidden = request.session.get(_HIDDEN, [])
    return _shown(found[0]) if found and [access.book.pk, found[0].number] not in hidden else None


def _shown(copy: Edition) -> Copy:
    return Copy(copy.number, copy.closed_at, copy.erase_after, editions.contents(copy))


def hide(request: HttpRequest, book: AddressBook, number: int) -> None:
    hidden = [entry for entry in request.session.get(_HIDDEN, []) if entry != [book.pk, number]]
    request.session[_HIDDEN] = [*hidden, [book.pk, number]][-20:]


def erasures(access: Access) -> QuerySet[Erasure] | None:
    """What is being erased of the book, for admins."""
    return Erasure.objects.in_book(access.book) if access.may_manage else None


def screen_of(access: Access) -> str:
    return reverse("console", args=[access.book.slug])
