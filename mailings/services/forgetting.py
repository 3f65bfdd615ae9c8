"""Erase personal data from mailings: on request, and when retention ends."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from mailings import limits
from mailings.models import (
    LeftOutEntry,
    Mailing,
    MailingState,
    PartState,
    Recipient,
    RecipientFile,
    RecipientSource,
    RecipientState,
    SourceRow,
    Suppression,
)
from mailings.services.recipients import files
from mailings.services.rules import rules_of
from mailings.services.sending import counters, lease
from workspace.models import AddressBook
from workspace.services.books import books

# In the place of a key. A refusal outlives the person's data, and a hash tells nobody whose it is.
_HASHED = "hmac:"
_FORGOTTEN = "forgotten:"


def forget(*, book: AddressBook, keys: Collection[str]) -> int:
    """Take these people out of drafts, recipients, results and suppressions; returns how many rows that were.

    Who has not been sent to yet is left out. Repeats safely.
    """
    changed = 0
    files.sweep_unfinished()
    for mailing_id in list(_held(book, keys).values_list("mailing", flat=True).distinct()):
        changed += _forget_recipients(book, mailing_id, keys)
    with transaction.atomic():
        books.lock(book)
        # A worker that puts recipients together has read these people, and begins again.
        for mailing in Mailing.objects.filter(book=book, state=MailingState.FREEZING):
            Mailing.objects.filter(pk=mailing.pk).update(version=F("version") + 1)
            lease.wake(mailing)
        deleted, _ = SourceRow.objects.filter(source__mailing__book=book, key__in=keys).delete()
        _forget_left_out(book, keys)
        # A file that waits to be read may name anybody; rather one too many than a person too few.
        for waiting in RecipientFile.objects.filter(mailing__book=book):
            files.discard(waiting)
            waiting.delete()
        # Samples of values and of rows may quote anybody.
        with_samples = [RecipientSource.Kind.FILE, RecipientSource.Kind.RESULTS]
        for source in RecipientSource.objects.filter(mailing__book=book, kind__in=with_samples):
            quoted = {"longest", "layout"} & set(source.parameters)
            if quoted:
                source.parameters = {name: value for name, value in source.parameters.items() if name not in quoted}
                source.save(update_fields=["parameters"])
        changed += deleted + _hash_suppressions(book, keys)
    return changed


def hashed(key: str) -> str:
    digest = salted_hmac("mailings.suppression", key, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
    return f"{_HASHED}{digest}"


class HashedSuppressions:
    """Refusals of people who were forgotten, to recognise them when their address comes again."""

    def __init__(self, book: AddressBook) -> None:
        rows = Suppression.objects.filter(book=book, key__startswith=_HASHED)
        self._rows = {row.key: row for row in rows}
        self._recognised: list[tuple[Suppression, str]] = []

    def recognises(self, key: str) -> bool:
        """Whether this is one of them. Writes nothing."""
        row = self._rows.pop(hashed(key), None) if self._rows else None
        if row is not None:
            self._recognised.append((row, key))
        return row is not None

    def restore(self) -> None:
        """Give the refusals of those who were recognised their addresses again: they count as any others then."""
        for row, key in self._recognised:
            known = Suppression.objects.filter(book=row.book_id, kind=row.kind, key=key)
            if not known.exists():
                Suppression.objects.filter(pk=row.pk).update(key=key, email=key)


def sweep() -> int:
    """Drop the recipients of mailings whose time to be kept is over; the counts stay. Returns how many mailings."""
    swept = 0
    for book in AddressBook.objects.all():
        horizon = timezone.now() - timedelta(days=30 * rules_of(book).retention_months)
        old = Mailing.objects.filter(book=book, done_at__lt=horizon)
        for mailing in old.filter(recipients__isnull=False).distinct():
            _drop_recipients(mailing)
            swept += 1
    return swept


def _held(book: AddressBook, keys: Collection[str]) -> QuerySet[Recipient]:
    return Recipient.objects.filter(mailing__book=book, key__in=keys)


def _forget_recipients(book: AddressBook, mailing_id: int, keys: Collection[str]) -> int:
    with transaction.atomic():
        books.lock(book)
        mailing = Mailing.objects.get(pk=mailing_id)
        now = timezone.now()
        unsent = mailing.parts.filter(state__in=[PartState.WAITING, PartState.REFUSED])
        for part in unsent:
            own = counters.of_part(part) & counters.with_keys(keys)
            counters.move(mailing, own, to=RecipientState.LEFT_OUT, at=now, code="forgotten")
        counters.save(mailing)
        rows = list(Recipient.objects.filter(mailing=mailing, key__in=keys))
        for row in rows:
            row.email, row.name, row.values, row.result_message = "", "", None, ""
            row.key = f"{_FORGOTTEN}{row.pk}"
        Recipient.objects.bulk_update(rows, ["email", "key", "name", "values", "result_message"])
    return len(rows)


def _hash_suppressions(book: AddressBook, keys: Collection[str]) -> int:
    rows = list(Suppression.objects.filter(book=book, key__in=keys))
    for row in rows:
        row.email, row.key = "", hashed(row.key)
        if Suppression.objects.filter(book=book, kind=row.kind, key=row.key).exists():
            row.delete()
        else:
            row.save(update_fields=["email", "key"])
    return len(rows)


def _forget_left_out(book: AddressBook, keys: Collection[str]) -> None:
    """What was refused may quote anybody, so all of it goes; that something was refused stays counted."""
    entries = LeftOutEntry.objects.filter(source__mailing__book=book)
    entries.filter(key__in=keys).update(text="", key="", cells=None)
    entries.filter(is_doubled=False).update(text="", key="", cells=None)


def _drop_recipients(mailing: Mailing) -> None:
    own = Recipient.objects.filter(mailing=mailing)
    while ids := list(own.values_list("pk", flat=True)[: limits.FREEZE_BATCH_ROWS]):
        with transaction.atomic():
            Recipient.objects.filter(pk__in=ids).delete()
