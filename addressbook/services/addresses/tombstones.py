"""What leaves a book while a download is reading it, noted so that the download still shows its moment (I6).

Ids are given out under the lock of the book, so a download knows by them what came after its moment; what went since
then it could not know. So whoever deletes says so here first, in the same transaction and under the lock. While nobody
reads, nothing is noted. Notes have ids of their own, in the order of departures: a download looks at those after its
moment only.
"""

from collections.abc import Collection

from django.db import transaction

from addressbook import limits
from addressbook.models import Address, DepartedAddress, DepartedMembership, Download, Membership
from workspace.models import AddressBook, Edition
from workspace.services.books import books


def note_addresses(edition_id: int, address_ids: Collection[int]) -> None:
    """These addresses are about to be deleted, with all of their memberships."""
    if not _is_read(edition_id):
        return
    leaving = Address.objects.filter(edition=edition_id, pk__in=address_ids)
    DepartedAddress.objects.bulk_create(
        DepartedAddress(edition_id=edition_id, address=pk, email=email, key=key, registered_at=registered_at)
        for pk, email, key, registered_at in leaving.values_list("pk", "email", "key", "registered_at")
    )
    _note(edition_id, Membership.objects.filter(address__in=address_ids).values_list("pk", "address_id", "group_id"))


def note_memberships(edition_id: int, group_id: int, address_ids: Collection[int]) -> None:
    """These addresses are about to be taken out of the group."""
    if not _is_read(edition_id):
        return
    leaving = Membership.objects.filter(group=group_id, address__in=address_ids)
    _note(edition_id, leaving.values_list("pk", "address_id", "group_id"))


def rows_return(edition_id: int) -> None:
    """Rows come back under ids that they had before. A download that is reading takes another moment then.

    Such rows look as if they had always been there, whether they were there at its moment or not.
    """
    Download.objects.reading().filter(edition=edition_id).update(taken_at=None)


def forget(book: AddressBook) -> None:
    """Drop the notes of the book unless a download still reads it. Harmless when two run at once."""
    for model in (DepartedAddress, DepartedMembership):
        while _forget_batch(book, model):
            pass


def forget_all() -> None:
    """The same for every book that has notes."""
    noted = {
        edition_id
        for model in (DepartedAddress, DepartedMembership)
        for edition_id in model._default_manager.values_list("edition", flat=True).distinct()
    }
    for book in AddressBook.objects.filter(editions__in=noted).distinct():
        forget(book)


def _forget_batch(book: AddressBook, model: type[DepartedAddress] | type[DepartedMembership]) -> bool:
    with transaction.atomic():
        # Under the lock no download can begin to read between the question and the answer.
        books.lock(book)
        read = Download.objects.reading().values("edition")
        notes = model._default_manager.filter(edition__in=Edition.objects.filter(book=book)).exclude(edition__in=read)
        batch = list(notes.values_list("pk", flat=True)[: limits.ROWS_PER_JOB_BATCH])
        model._default_manager.filter(pk__in=batch).delete()
    return bool(batch)


def _is_read(edition_id: int) -> bool:
    return Download.objects.reading().filter(edition=edition_id).exists()


def _note(edition_id: int, leaving: Collection[tuple[int, int, int]]) -> None:
    DepartedMembership.objects.bulk_create(
        DepartedMembership(edition_id=edition_id, membership=pk, address=address_id, group=group_id)
        for pk, address_id, group_id in leaving
    )
