"""Refusals and consents that come as a list: how many of it are known, and the acts of its dialog."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from addressbook.models import Upload
from addressbook.services.addresses.undo_log import UndoNotes
from addressbook.services.uploads import UploadGoneError, ready_lists, requests
from addressbook.services.uploads.lists import ListAct
from addressbook.services.uploads.rows import RowsBatch
from libraries.email_addresses import EmailAddress
from mailings import actions
from mailings.models import Suppression
from mailings.services.rules import require_role
from mailings.services.suppressions import unsubscribes
from workspace.models import AddressBook, Edition, Role
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

_READ_AT_ONCE: Final = 5_000
# As long as the acts on the book can be undone.
_RECENT_DAYS: Final = 7
_RECENT_LISTED: Final = 5


def counted(book: AddressBook, keys: Sequence[str]) -> Mapping[str, int]:
    """How many of these are unsubscribed, and how many are blocked, now."""
    held = Q(until__isnull=True) | Q(until__gt=timezone.now())
    # The kinds are named for the index, which has them before the key.
    rows = Suppression.objects.filter(
        held, book=book, kind__in=Suppression.Kind.values, key__among=set(keys)
    ).order_by()
    return dict(rows.values_list("kind").annotate(Count("pk")))


def take_back(*, book: AddressBook, upload_id: int, reason: str, token: UUID, by: Actor) -> Upload:
    """Remove what a list registered, and nothing that was refused in another way as well.

    Raises UploadGoneError, EmptyListError, NoReasonError or NotAllowedError.
    """
    require_role(book, by, Role.MANAGER)
    if book.current_edition is None:
        raise UploadGoneError
    origin = requests.find(book.current_edition, upload_id)
    return ready_lists.act(
        book=book,
        addresses=_registered_by(book, origin),
        name=origin.name,
        action=actions.REMOVE_UNSUBSCRIBES,
        reason=reason,
        token=token,
        by=by,
    )


def recent(book: AddressBook) -> list[Upload]:
    """The last lists of refusals of the book as it is, of which something can still be taken back, newest first."""
    lists = Upload.objects.without_details().filter(
        edition__current_of=book, purpose=Upload.Purpose.LIST, action=actions.REGISTER_UNSUBSCRIBES
    )
    held = Suppression.objects.unsubscribed().filter(book=book, origin=OuterRef("pk"))
    over = lists.filter(finished_at__isnull=False, created_at__gt=timezone.now() - timedelta(days=_RECENT_DAYS))
    return list(over.filter(Exists(held)).order_by("-pk")[:_RECENT_LISTED])


def _registered_by(book: AddressBook, origin: Upload) -> Iterator[EmailAddress]:
    """In pages: a long read would hold up the writers."""
    rows = Suppression.objects.unsubscribed().filter(book=book, origin=origin).order_by("pk")
    after = 0
    while page := list(rows.filter(pk__gt=after).values_list("pk", "email", "key")[:_READ_AT_ONCE]):
        yield from (EmailAddress(email, key) for _pk, email, key in page if email)
        after = page[-1][0]


def _register(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> dict[str, int]:
    addresses = [EmailAddress(email, key) for email, key in batch.pairs]
    source = Suppression.Source.FILE
    count = unsubscribes.insert(edition.book, addresses, source, added_by=upload.requester, origin=upload)
    crash_points.reached("list: unsubscribes registered")
    return {"registered": count, "already_there": len(addresses) - count}


def _remove(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> dict[str, int]:
    keys = [key for _email, key in batch.pairs]
    count = unsubscribes.end(edition.book, keys)
    return {"removed": count, "not_there": len(keys) - count}


# None of it is in the book, so that no reset has to do with it.
ACTS: Final = {
    actions.REGISTER_UNSUBSCRIBES: ListAct(
        _register,
        {"registered": _("Registered"), "already_there": _("Already there")},
        done=_("These addresses get no advertising from here from now on."),
        outlives_reset=True,
        is_asked_alone=True,
    ),
    actions.REMOVE_UNSUBSCRIBES: ListAct(
        _remove,
        {"removed": _("Removed"), "not_there": _("Not in the list")},
        done=_("Advertising is sent to the removed addresses again. The reason is kept in the history."),
        needs_reason=True,
        outlives_reset=True,
        is_asked_alone=True,
    ),
}
