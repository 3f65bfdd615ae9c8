"""Refusals and consents that come as a list: how many of it are known, and the acts of its dialog."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone

from addressbook.models import Upload
from addressbook.services.addresses.undo_log import Changes
from addressbook.services.uploads.lists import ListAct
from addressbook.services.uploads.rows import RowsBatch
from libraries.email_addresses import EmailAddress
from mailings.models import Suppression
from mailings.services.suppressions import unsubscribes
from workspace.models import Action, AddressBook, Edition
from workspace.services.work import crash_points


def counted(book: AddressBook, keys: Sequence[str]) -> Mapping[str, int]:
    """How many of these are unsubscribed, and how many are blocked, now."""
    held = Q(until__isnull=True) | Q(until__gt=timezone.now())
    # The kinds are named for the index, which has them before the key.
    rows = Suppression.objects.filter(
        held, book=book, kind__in=Suppression.Kind.values, key__among=set(keys)
    ).order_by()
    return dict(rows.values_list("kind").annotate(Count("pk")))


def _register(edition: Edition, upload: Upload, batch: RowsBatch, noted: Changes) -> dict[str, int]:
    addresses = [EmailAddress(email, key) for email, key in batch.pairs]
    source = Suppression.Source.FILE
    count = unsubscribes.insert(edition.book, addresses, source, added_by=upload.requester, origin=upload)
    crash_points.reached("list: unsubscribes registered")
    return {"registered": count, "already_there": len(addresses) - count}


def _remove(edition: Edition, upload: Upload, batch: RowsBatch, noted: Changes) -> dict[str, int]:
    keys = [key for _, key in batch.pairs]
    count = unsubscribes.end(edition.book, keys)
    return {"removed": count, "not_there": len(keys) - count}


# None of it is in the book, so that no reset has to do with it.
ACTS: Final = {
    Action.REGISTER_UNSUBSCRIBES: ListAct(_register, ("registered", "already_there"), outlives_reset=True),
    Action.REMOVE_UNSUBSCRIBES: ListAct(_remove, ("removed", "not_there"), needs_reason=True, outlives_reset=True),
}
