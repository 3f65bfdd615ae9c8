"""What there is beside the list on the screen. Most pages have next to none of it: one query says what."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from addressbook.models import BookSync, ParkedEntry, Removal
from workspace.models import AddressBook, Connection, Edition
from workspace.views.pages.access import Access
from workspace.views.work import strips


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`sync` is None while the sync is off; `work` names the kinds of work that have lines."""

    sync: BookSync | None
    leftovers: bool  # removals that wait, or entries that the service refuses
    connection: bool
    work: frozenset[str]
    copies: bool


def surroundings_of(access: Access) -> Surroundings:
    this_book = {"book": OuterRef("pk")}
    work = strips.is_there(access)
    book = (
        AddressBook.objects.select_related("sync")
        .annotate(
            has_copies=Exists(Edition.objects.restorable().filter(**this_book)),
            has_connection=Exists(Connection.objects.filter(**this_book)),
            has_parked=Exists(ParkedEntry.objects.filter(**this_book)),
            has_removals=Exists(Removal.objects.filter(**this_book)),
            **work,
        )
        .get(pk=access.book.pk)
    )
    sync = getattr(book, "sync", None)
    return Surroundings(
        sync=sync if sync is not None and sync.is_on else None,
        leftovers=book.has_parked or book.has_removals,
        connection=book.has_connection,
        work=frozenset(name for name in work if getattr(book, name)),
        copies=book.has_copies and access.may_manage,
    )
