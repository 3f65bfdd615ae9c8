"""Resets as tests make them, and what a worker does afterwards, without a worker process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from addressbook.services.reset.editions import Contents
    from addressbook.services.reset.reset import Reset
    from addressbook.services.reset.restoring import Restored
    from workspace.models import AddressBook
    from workspace.services.history.audit import Actor


@pytest.fixture
def seen(book: AddressBook) -> Callable[[], Contents]:
    """What the book holds now."""
    from addressbook.services.reset import editions
    from workspace.models import Edition

    return lambda: editions.contents(Edition.objects.get(current_of=book))


@pytest.fixture
def do_reset(book: AddressBook, by: Actor, seen: Callable[[], Contents], no_other_worker: None) -> Callable[..., Reset]:
    """Resets the book as it is."""
    from addressbook.services.reset import reset

    def do_reset(*, keep_copy: bool = True, **options: Any) -> Reset:
        values = {"seen": seen(), "token": uuid4(), "by": by, **options}
        return reset.reset(book=book, keep_copy=keep_copy, **values)

    return do_reset


@pytest.fixture
def undo(book: AddressBook, by: Actor, seen: Callable[[], Contents], no_other_worker: None) -> Callable[..., Restored]:
    """Brings the edition of this number back; what is there instead is merged unless told otherwise."""
    from addressbook.services.reset import restoring

    def undo(number: int, newcomers: str = "merge", **options: Any) -> Restored:
        values = {"seen": seen(), "token": uuid4(), "by": by, **options}
        return restoring.undo_reset(book=book, number=number, newcomers=restoring.Newcomers(newcomers), **values)

    return undo


def erase_all() -> int:
    """What a worker does when it hears of the erasures; how many there were."""
    from addressbook.models import Erasure
    from workspace.services.work import claiming, jobs

    found = list(Erasure.objects.filter(finished_at__isnull=True).values_list("pk", flat=True))
    for pk in found:
        claimed = claiming.claim(Erasure, pk)
        assert claimed is not None
        jobs.work_on(claimed)
    return len(found)
