"""What the remote book has still to be told of a change here.

Each function is a step of a service: the caller holds the lock of the book and is inside the transaction of the change.
New rows need no word, since their ids lie above the marks of `BookSync`. Rows that were never in a call need none when
they go either. A book without sync costs one look at an index.
"""

import logging
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Final

from celery import current_app
from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Least
from django.utils import timezone

from addressbook import limits
from addressbook.models import Address, BookSync, Group, Membership, ParkedEntry, RemoteCounts, Removal
from addressbook.models.sync import NOT_BEGUN
from workspace import request_ids
from workspace.models import AddressBook, Edition

logger = logging.getLogger(__name__)

TASK: Final = "addressbook.tasks.sync_book"

_NEVER_TOUCHED: Final = {
    "addresses_touched": 0,
    "memberships_touched": 0,
    "groups_touched": 0,
    "temporary_group": "",
}


def wake(book: AddressBook) -> None:
    """Let a worker look at the book once the transaction is committed. Many acts before it looks are one message."""
    now = timezone.now()
    asleep = BookSync.objects.filter(Q(next_look_at__isnull=True) | Q(next_look_at__gt=now), book=book, is_on=True)
    if asleep.filter(pause="").update(next_look_at=now):
        transaction.on_commit(lambda: announce(book.pk))


def announce(book_id: int) -> None:
    """Tell the workers to look. A broker that is down is no error: the sweep finds `next_look_at`."""
    try:
        headers = {request_ids.MESSAGE_HEADER: request_ids.current()}
        current_app.send_task(TASK, args=[book_id], retry=False, headers=headers)
    except Exception:  # whatever a broker's client raises, the row is safe and the user's act is done
        logger.warning("The sync of book %s could not be announced; it waits for the sweep", book_id, exc_info=True)


def addresses_leave(edition: Edition, address_ids: Collection[int]) -> None:
    """Call it before these addresses are deleted from the book."""
    sync = _sync_of(edition.pk)
    if sync is None:
        return
    ParkedEntry.objects.filter(address__in=address_ids).delete()
    known = Address.objects.filter(edition=edition, pk__in=address_ids, pk__lte=sync.addresses_touched)
    _remove(sync, Removal.Kind.ADDRESSES, texts=known.order_by("pk").values_list("email", flat=True))


def members_leave(group: Group, address_ids: Collection[int]) -> None:
    """Call it before these addresses are taken out of the group."""
    sync = _sync_of(group.edition_id)
    if sync is None:
        return
    ParkedEntry.objects.filter(group=group, address__in=address_ids).delete()
    known = Membership.objects.filter(group=group, address__in=address_ids, pk__lte=sync.memberships_touched)
    texts = known.order_by("address_id").values_list("address__email", flat=True)
    _remove(sync, Removal.Kind.MEMBERS, texts=texts, group_name=group.name)


def group_leaves(group: Group) -> None:
    """Call it before the group is deleted, once its memberships are gone."""
    sync = _sync_of(group.edition_id)
    if sync is None:
        return
    ParkedEntry.objects.filter(group=group).delete()
    if group.pk <= sync.groups_touched:
        _remove_group(sync, group.name)


def group_renamed(group: Group, old_name: str) -> None:
    """Call it once the group has its new name. There is no renaming there: it is a new group with all members."""
    sync = _sync_of(group.edition_id)
    if sync is None:
        return
    ParkedEntry.objects.filter(group=group).delete()
    if group.pk <= sync.groups_touched:
        # Deferred: the old one goes when the new one is complete.
        _remove_group(sync, old_name, is_deferred=True)
        through = max(sync.memberships_sent, group.resend_through or 0)
        Group.objects.filter(pk=group.pk).update(resend_through=through, resend_after=NOT_BEGUN)


def book_reset(edition: Edition) -> None:
    """Call it once `edition`, new and empty, is the current one of its book."""
    sync = _sync_of(edition.pk)
    if sync is not None:
        start_over(sync, edition)


def edition_restored(edition: Edition) -> None:
    """Call it once `edition`, with all that it holds, is the current one of its book (again)."""
    book_reset(edition)


def rows_restored(edition: Edition, *, address_ids: Collection[int], group_ids: Collection[int]) -> None:
    """Call it when rows came back under ids that they had before: those addresses, and memberships in those groups.

    Rows that came back under new ids need no word.
    """
    sync = _sync_of(edition.pk)
    if sync is None:
        return
    if address_ids:
        before = min(address_ids) - 1
        # All later ones are looked at again; those with a group are seen to be there already.
        marks = {name: Least(F(name), before) for name in ("addresses_sent", "addresses_confirmed")}
        BookSync.objects.filter(pk=sync.pk).update(**marks, generation=F("generation") + 1, verified_at=None)
    groups = Group.objects.filter(edition=edition, pk__in=group_ids)
    groups.update(resend_through=sync.memberships_sent, resend_after=NOT_BEGUN)


def connection_changed(edition: Edition) -> None:
    """Call it when the keys, the zone or the region lead to another remote book from now on."""
    sync = _sync_of(edition.pk)
    if sync is not None:
        connect_anew(sync, edition)
        # A pause may have ended, during which nothing woke it.
        wake(edition.book)


def connect_anew(sync: BookSync, edition: Edition) -> None:
    """Nothing is known of the remote book: it is looked at before anything is sent, and nothing of it is deleted."""
    Removal.objects.filter(book=sync.book_id).delete()
    RemoteCounts.objects.filter(book=sync.book_id).delete()
    everything_is_pending(sync, edition)
    BookSync.objects.filter(pk=sync.pk).update(
        **_NEVER_TOUCHED,
        # Takes the book from its worker: that one calls the old place, and would take its answers for the new one.
        attempt=F("attempt") + 1,
        lease_until=None,
        is_compared=False,
        may_keep=False,
        keeps_foreign=False,
        expected_weight=None,
        is_doubtful=False,
        pause="",
        problem="",
        failures=0,
        not_before=None,
        differences=[],
    )


def start_over(sync: BookSync, edition: Edition) -> None:
    """The remote book is to be emptied, and then filled with what the edition holds. Nothing older matters any more."""
    Removal.objects.filter(book=sync.book_id).delete()
    if sync.is_compared:
        Removal.objects.create(book_id=sync.book_id, kind=Removal.Kind.RESET, created_at=timezone.now())
    everything_is_pending(sync, edition)
    BookSync.objects.filter(pk=sync.pk).update(**_NEVER_TOUCHED, keeps_foreign=False, differences=[])


def everything_is_pending(sync: BookSync, edition: Edition) -> None:
    """Every row of the edition is to be sent, whether it was before or not. Gives parked entries another chance."""
    ParkedEntry.objects.filter(book=sync.book_id).delete()
    # Memberships know no edition: they are found by their groups, and not by marks below the rows of other books.
    through = _highest(Membership)
    Group.objects.filter(edition=edition).update(resend_through=through, resend_after=NOT_BEGUN)
    marks = {"memberships": through, "groups": _highest(Group), "addresses": 0}
    moved = {f"{name}_{mark}": value for name, value in marks.items() for mark in ("sent", "confirmed")}
    BookSync.objects.filter(pk=sync.pk).update(
        **moved, generation=F("generation") + 1, verified_at=None, refusals=0, chunk_rows=None
    )


def _highest(model: type[Membership] | type[Group]) -> int:
    # Of all books: above every committed id of this one is enough, and this way it costs one look at an index.
    return model._default_manager.aggregate(highest=Max("id"))["highest"] or 0


def _remove(sync: BookSync, kind: Removal.Kind, *, texts: Iterable[str], group_name: str = "") -> None:
    waiting = iter(texts)
    while addresses := list(islice(waiting, limits.ROWS_PER_JOB_BATCH)):
        Removal.objects.create(
            book_id=sync.book_id, kind=kind, group_name=group_name, addresses=addresses, created_at=timezone.now()
        )


def _remove_group(sync: BookSync, name: str, *, is_deferred: bool = False) -> None:
    """The addresses that were still to be taken out of it leave with it."""
    Removal.objects.filter(book=sync.book_id, group_name=name).delete()
    Removal.objects.create(
        book_id=sync.book_id,
        kind=Removal.Kind.GROUP,
        group_name=name,
        is_deferred=is_deferred,
        created_at=timezone.now(),
    )


def _sync_of(edition_id: int) -> BookSync | None:
    return BookSync.objects.filter(book__editions=edition_id, is_on=True).first()
