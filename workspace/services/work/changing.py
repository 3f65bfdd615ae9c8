"""The lock of a book, and what goes with a change under it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.db import connection, transaction

from workspace.models import AddressBook, Edition
from workspace.services.history.audit import Actor


class Fact(StrEnum):
    """What a change says to the apps beside that there was one."""

    CONNECTED = "connected"  # the book has keys, and had none
    DISCONNECTED = "disconnected"
    LEADS_ELSEWHERE = "leads_elsewhere"  # the connection may lead to another remote book


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a book in its transaction, under the lock of the book. `by` is None for the operator and for work."""

    book: AddressBook
    edition: Edition
    by: Actor | None
    facts: set[Fact] = field(default_factory=set)


_HOOKS: Final[list[Callable[[Change], None]]] = []


def on_change(hook: Callable[[Change], None]) -> None:
    """Have `hook` called at the end of every change of a book, in its transaction."""
    if hook not in _HOOKS:  # apps may be made ready twice in a process
        _HOOKS.append(hook)


def lock(book: AddressBook) -> Edition:
    """Wait for other writers of the book, and return its current edition as it is now.

    Call it (or `changing`) first in every transaction that writes to a book: writers then come one after another,
    cannot deadlock, and see each other's counts. Ids given out under the lock grow in the order of commits, on which
    the list ("newest first"), selections and the sync rely. NO KEY: rows that merely point to the book do not wait.
    """
    lock_alone(book)
    return Edition.objects.get(current_of=book)


def lock_alone(book: AddressBook) -> None:
    """The lock without a look at the edition.

    SQLite has no lock of a row: there every transaction that writes begins with the lock of the whole database.
    """
    if connection.features.has_select_for_update:
        AddressBook.objects.select_for_update(no_key=True).values_list("pk").get(pk=book.pk)


@contextmanager
def changing(book: AddressBook, *, by: Actor | None) -> Iterator[Change]:
    """One transaction that changes what a book holds, under its lock; at its end the apps hear of it (`on_change`).

    What only writes beside the book (a download, a member) takes `lock` alone: nobody has to hear of that.
    """
    with transaction.atomic():
        change = Change(book, lock(book), by)
        yield change
        for hook in _HOOKS:
            hook(change)


@contextmanager
def holding(book: AddressBook) -> Iterator[Change]:
    """One transaction under the lock of the book, for what is written beside its contents."""
    with transaction.atomic():
        yield Change(book, lock(book), None)
