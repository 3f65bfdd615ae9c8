"""What stands beside the list on the screen. Most pages have next to none of it: one query says what there is."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from addressbook.models import BookSync, Download, ParkedEntry, Removal, Upload
from workspace.models import AddressBook, Connection, Edition, Erasure, Job
from workspace.views.pages.access import Access


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`sync` is None while the sync is off. Of the rest only whether there is any."""

    sync: BookSync | None
    leftovers: bool  # removals that wait, or entries that the service refuses
    connection: bool
    jobs: bool
    uploads: bool
    downloads: bool
    erasures: bool
    copies: bool


def surroundings_of(access: Access) -> Surroundings:
    own = {"edition": access.edition.pk}
    this_book = {"book": OuterRef("pk")}
    user_id = access.by.user.pk
    book = (
        AddressBook.objects.select_related("sync")
        .annotate(
            has_jobs=Exists(Job.objects.filter(**own).shown_to(user_id)),
            has_uploads=Exists(Upload.objects.filter(**own).shown_to(user_id)),
            has_downloads=Exists(Download.objects.filter(**own).shown_to(user_id)),
            has_erasures=Exists(Erasure.objects.filter(edition__book=OuterRef("pk"))),
            has_copies=Exists(Edition.objects.restorable().filter(**this_book)),
            has_connection=Exists(Connection.objects.filter(**this_book)),
            has_parked=Exists(ParkedEntry.objects.filter(**this_book)),
            has_removals=Exists(Removal.objects.filter(**this_book)),
        )
        .get(pk=access.book.pk)
    )
    sync = getattr(book, "sync", None)
    return Surroundings(
        sync=sync if sync is not None and sync.is_on else None,
        leftovers=book.has_parked or book.has_removals,
        connection=book.has_connection,
        jobs=book.has_jobs,
        uploads=book.has_uploads,
        downloads=book.has_downloads,
        erasures=book.has_erasures and access.may_manage,
        copies=book.has_copies and access.may_manage,
    )
