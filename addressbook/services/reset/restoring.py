"""Undo of a reset: the book gets an edition back that it was closed with. The undo of that is the same act."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from addressbook import actions, limits
from addressbook.models import Address, Group, Job
from addressbook.services.addresses import bulk_jobs
from addressbook.services.addresses.groups import TooManyGroupsError
from addressbook.services.reset import editions, erasing, merging
from addressbook.services.reset.editions import Contents
from addressbook.services.sync import outbox
from workspace import limits as workspace_limits
from workspace.models import AddressBook, Edition
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import crash_points
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted


class Newcomers(StrEnum):
    """What becomes of what was registered after the reset."""

    MERGE = "merge"  # it joins what comes back
    ASIDE = "aside"  # it goes into a recovery copy


class CopyGoneError(Exception):
    """There is no such recovery copy (any more): its time is over, it is being erased, or it was restored."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an undo would do now. `known`: how many of the addresses of `now` are in `copy` too (None: not counted)."""

    copy: Contents
    now: Contents
    known: int | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `merged` counts what of the newcomers joined it; with `job_id` a job is still at that."""

    number: int
    groups: int
    addresses: int
    merged: dict[str, int]
    job_id: int | None = None


def copies(book: AddressBook) -> list[Edition]:
    """The recovery copies of the book, the last one first."""
    return list(Edition.objects.restorable().filter(book=book).order_by("-closed_at", "-number"))


def find_copy(book: AddressBook, number: int) -> Edition:
    """Raises CopyGoneError."""
    copy = Edition.objects.restorable().filter(book=book, number=number).first()
    if copy is None:
        raise CopyGoneError
    return copy


def preview(book: AddressBook, number: int) -> Preview:
    """Look only: nothing is promised for later. Raises CopyGoneError."""
    copy = find_copy(book, number)
    current = Edition.objects.get(current_of=book)
    known = None
    if min(copy.address_count, current.address_count) == 0:
        known = 0
    elif current.address_count <= limits.ADDRESSES_COMPARED:
        own = Address.objects.filter(edition=current)
        known = own.filter(key__in=Address.objects.filter(edition=copy).values("key")).count()
    return Preview(editions.contents(copy), editions.contents(current), known)


def undo_reset(
    *, book: AddressBook, number: int, seen: Contents, newcomers: Newcomers, token: UUID, by: Actor
) -> Restored:
    """Bring the recovery copy back. `seen` is what the book holds instead by now, and `newcomers` what becomes of it.

    What the book held instead is kept as a recovery copy, merged or not: this act can be undone too. Raises
    CopyGoneError, ContentsChangedError, or TooManyGroupsError where a merger would make too many groups.
    """
    submitted = Submitted(by, token, "undo_reset", [number, asdict(seen), newcomers], book)
    with changing(book, by=by) as change:
        old = change.edition
        books.require_role(book, by)
        if earlier := submitted.earlier_outcome():
            return Restored(**earlier)
        copy = find_copy(book, number)
        there = editions.require_seen(old, seen)
        back = editions.contents(copy)
        is_empty = not there.groups and not there.addresses
        editions.open_instead(book, old, copy, keep_copy=not is_empty)
        outbox.edition_restored(copy)
        crash_points.reached("undo: edition restored")
        merged: dict[str, int] = {}
        job = None
        if is_empty:
            erasing.start(old, by=by)
        elif newcomers == Newcomers.MERGE:
            merged, job = _merge(old, copy, by)
        restored = Restored(number, back.groups, back.addresses, merged, job.pk if job else None)
        detail = {"edition": number, "groups": back.groups, "addresses": back.addresses, "newcomers": there.addresses}
        detail |= merged
        record(by=by, action=actions.UNDO_RESET, book=book, detail={**detail, "what_became_of_them": newcomers.value})
        submitted.remember(asdict(restored))
        crash_points.reached("undo: before commit")
    return restored


def erase_copy(*, book: AddressBook, number: int, by: Actor) -> None:
    """Erase a recovery copy before its time. Sent twice, the second finds it under way and changes nothing.

    Raises CopyGoneError when there never was such a copy, or a merger still reads it.
    """
    with transaction.atomic():
        books.lock(book)
        books.require_role(book, by)
        copy = Edition.objects.filter(book=book, number=number, closed_at__isnull=False).first()
        if copy is None or merging.reads(copy):
            raise CopyGoneError
        if copy.erasures.exists():
            return
        Edition.objects.filter(pk=copy.pk).update(erase_after=editions.database_now(book))
        detail = {"edition": number, "groups": copy.groups.count(), "addresses": copy.address_count}
        record(by=by, action=actions.ERASE_COPY, book=book, detail=detail)
        erasing.start(copy, by=by)


def _merge(source: Edition, target: Edition, by: Actor) -> tuple[dict[str, int], Job | None]:
    """Copy the newcomers: at once when they are few, else by a job; their groups are there at once in any case."""
    names = set(source.groups.values_list("name", flat=True))
    missing = names - set(target.groups.values_list("name", flat=True))
    if target.groups.count() + len(missing) > workspace_limits.GROUPS_PER_BOOK:
        raise TooManyGroupsError
    Group.objects.bulk_create(Group(edition=target, name=name) for name in sorted(missing))
    merged = {"groups_created": len(missing), **dict.fromkeys(merging.COUNTS, 0)}
    rows = source.address_count + sum(source.groups.values_list("address_count", flat=True))
    if rows > limits.ROWS_WITHIN_A_CLICK:
        parameters = {"source": source.pk}
        kind = Job.Kind.MERGE_EDITIONS
        job = bulk_jobs.start(kind=kind, edition=target, parameters=parameters, rows_total=source.address_count, by=by)
        return merged, job
    ids = list(source.addresses.order_by("pk").values_list("pk", flat=True))
    return merged | merging.copy_addresses(source, target, ids), None
