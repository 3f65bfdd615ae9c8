"""The ledger as pages show it: newest first, a page at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from addressbook.models import Upload
from addressbook.services.addresses.disclosure import whole_address
from mailings import limits
from mailings.models import Suppression, Telling
from mailings.services.forgetting import hashed
from workspace.models import AddressBook


@dataclass(frozen=True, slots=True)
class Page:
    """`before` leads to the next page; None on the last one."""

    rows: list[Suppression]
    before: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the service knows of the ledger. `refused`: addresses that it does not take."""

    count: int
    untold: int
    removals_untold: int
    refused: int
    telling: Telling | None


def unsubscribed(book: AddressBook, *, query: str = "", before: int | None = None) -> Page:
    return _page(book, Suppression.objects.unsubscribed().filter(book=book), query, before)


def blocked(book: AddressBook, *, code: str = "", past: bool = False, before: int | None = None) -> Page:
    """Those that are blocked now, or with `past` all that ever were."""
    rows = _blocked(book, past=past).select_related("mailing")
    if code:
        rows = rows.filter(result_code=code)
    return _page(book, rows, "", before)


def codes(book: AddressBook, *, past: bool = False) -> list[str]:
    """Why addresses are blocked, or were, each code once."""
    return list(
        _blocked(book, past=past)
        .exclude(result_code="")
        .order_by("result_code")
        .values_list("result_code", flat=True)
        .distinct()
    )


def standing(book: AddressBook) -> Standing:
    held = Suppression.objects.unsubscribed().filter(book=book)
    untold = Suppression.objects.untold().filter(book=book)
    return Standing(
        count=held.count(),
        untold=untold.filter(until__isnull=True).count(),
        removals_untold=untold.filter(until__isnull=False).count(),
        refused=held.filter(told_at__isnull=True, result_code=Suppression.REFUSED).count(),
        telling=Telling.objects.filter(book=book).first(),
    )


def suppressed(book: AddressBook, keys: Collection[str]) -> dict[str, set[str]]:
    """The kinds of suppression that hold for these addresses now, in one query.

    Who was forgotten and refused before is known by a hash alone (`forgetting`).
    """
    hashes = {hashed(key): key for key in keys}
    wanted = [*keys, *hashes]
    held = Q(until__isnull=True) | Q(until__gt=timezone.now())
    # The kinds are named for the index, which has them before the key.
    rows = Suppression.objects.filter(held, book=book, kind__in=Suppression.Kind.values, key__among=wanted)
    found: dict[str, set[str]] = defaultdict(set)
    for key, kind in rows.values_list("key", "kind"):
        found[hashes.get(key, key)].add(kind)
    return found


def holding(book: AddressBook, key: str) -> list[Suppression]:
    """The suppressions that hold for one address now."""
    held = Q(until__isnull=True) | Q(until__gt=timezone.now())
    rows = Suppression.objects.filter(held, book=book, kind__in=Suppression.Kind.values, key__in=[key, hashed(key)])
    return with_files(rows.select_related("mailing").order_by("kind"))


def with_files(rows: Iterable[Suppression]) -> list[Suppression]:
    """The rows, each with the name of its file."""
    found = list(rows)
    names = dict(Upload.objects.filter(pk__in={row.origin_id for row in found}).values_list("pk", "name"))
    for row in found:
        row.file_name = names.get(row.origin_id or 0, "")
    return found


def _blocked(book: AddressBook, *, past: bool) -> QuerySet[Suppression]:
    rows = Suppression.objects.filter(book=book, kind=Suppression.Kind.BLOCKED)
    return rows if past else rows.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()))


def _page(book: AddressBook, rows: QuerySet[Suppression], query: str, before: int | None) -> Page:
    if query:
        key = whole_address(query)
        rows = rows.filter(key=key) if key else rows.filter(key__icontains=query)
    last = Suppression.objects.filter(book=book, pk=before).first() if before is not None else None
    if last is not None:
        rows = rows.filter(Q(since__lt=last.since) | Q(since=last.since, pk__lt=last.pk))
    found = list(rows.order_by("-since", "-pk")[: limits.SUPPRESSIONS_A_PAGE + 1])
    shown = with_files(found[: limits.SUPPRESSIONS_A_PAGE])
    return Page(shown, shown[-1].pk if len(found) > len(shown) else None)
