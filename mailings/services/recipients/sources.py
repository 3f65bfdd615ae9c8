"""The lines of a draft's recipients, added one by one and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from addressbook.models import Group
from addressbook.services.addresses import registration
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.addresses.registration import Invalid, NoAddressesError, Triage
from addressbook.services.addresses.selection import Selection
from libraries.email_addresses import parse
from mailings.models import LeftOutEntry, Mailing, RecipientFile, RecipientSource, SourceRow
from mailings.services.drafts import begin_with, find_draft
from mailings.services.rules import require_role
from workspace.models import AddressBook, Edition, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work import stored_files
from workspace.services.work.submissions import Submitted


class TooManySourcesError(Exception):
    """More lines than a person can keep an eye on."""


SOURCES_MOST = 20


@dataclass(frozen=True, slots=True)
class Added:
    """What typed addresses brought: entries = added + doubled + invalid."""

    added: int
    doubled: int
    invalid: Sequence[Invalid] = ()


def add_groups(
    *,
    book: AddressBook,
    mailing_id: int,
    group_ids: Sequence[int],
    in_all: bool,
    without_ids: Sequence[int],
    token: UUID,
    by: Actor,
) -> None:
    """Raises DraftGoneError, GroupGoneError, TooManySourcesError or NotAllowedError."""
    contents = [mailing_id, list(group_ids), in_all, list(without_ids)]
    with transaction.atomic():
        edition, draft = _open(book, mailing_id, by)
        submitted = Submitted(by, token, "add_groups", contents, book)
        if submitted.earlier_outcome() is not None:
            return
        names = _names(edition, [*group_ids, *without_ids])
        parameters = {
            "groups": list(group_ids),
            "in_all": in_all,
            "without": list(without_ids),
            # For the line, also when a group is gone.
            "names": {str(pk): name for pk, name in names.items()},
        }
        _add(draft, RecipientSource.Kind.GROUPS, parameters)
        submitted.remember({})


def begin_with_selection(*, book: AddressBook, selection: Selection, token: UUID, by: Actor) -> Mailing:
    """A new draft to a selection of the address book. Raises NotAllowedError."""

    def fill(draft: Mailing, edition: Edition) -> None:
        add_selection_to(draft, selection, edition)

    return begin_with(fill, book=book, contents=selection.as_json(), token=token, by=by)


def add_selection(*, book: AddressBook, mailing_id: int, selection: Selection, token: UUID, by: Actor) -> None:
    """A pinned selection of the address book, whatever its size.

    Raises DraftGoneError, TooManySourcesError or NotAllowedError.
    """
    contents = [mailing_id, selection.as_json()]
    with transaction.atomic():
        edition, draft = _open(book, mailing_id, by)
        submitted = Submitted(by, token, "add_selection", contents, book)
        if submitted.earlier_outcome() is not None:
            return
        add_selection_to(draft, selection, edition)
        submitted.remember({})


def add_selection_to(draft: Mailing, selection: Selection, edition: Edition) -> None:
    """The same in the caller's transaction, under the lock of the book."""
    group = Group.objects.filter(edition=edition, pk=selection.group_id).first() if selection.group_id else None
    parameters = {"selection": selection.as_json(), "group": group.name if group else "", "edition": edition.pk}
    _add(draft, RecipientSource.Kind.SELECTION, parameters)


def add_typed(*, book: AddressBook, mailing_id: int, text: str, token: UUID, by: Actor) -> Added:
    """Up to 1,000 typed addresses, sorted as a registration sorts them; what is invalid is not taken.

    Raises NoAddressesError, TooManyAddressesError, DraftGoneError, TooManySourcesError or NotAllowedError.
    """
    found = registration.sort(text)
    if not found.addresses and not found.invalid:
        raise NoAddressesError
    with transaction.atomic():
        _edition, draft = _open(book, mailing_id, by)
        submitted = Submitted(by, token, "add_typed", [mailing_id, text], book)
        if submitted.earlier_outcome() is None and found.addresses:
            _add_typed(draft, found)
            submitted.remember({})
    return Added(len(found.addresses), len(found.doubled), found.invalid)


def remove(*, book: AddressBook, mailing_id: int, source_id: int, by: Actor) -> None:
    """Raises DraftGoneError or NotAllowedError. Without effect where it is gone already."""
    with transaction.atomic():
        _edition, draft = _open(book, mailing_id, by)
        # Nobody counts it from here on; its rows, which may be a million, are swept by a worker.
        RecipientSource.objects.filter(mailing=draft, pk=source_id).update(mailing=None)
        for file in RecipientFile.objects.filter(mailing=draft, source=source_id):
            stored_files.discard_on_commit(file.stored_file)
            file.delete()


def _open(book: AddressBook, mailing_id: int, by: Actor) -> tuple[Edition, Mailing]:
    edition = books.lock(book)
    require_role(book, by, Role.MANAGER)
    return edition, find_draft(book, mailing_id)


def _add(draft: Mailing, kind: RecipientSource.Kind, parameters: dict[str, Any]) -> RecipientSource:
    if draft.sources.count() >= SOURCES_MOST:
        raise TooManySourcesError
    return RecipientSource.objects.create(mailing=draft, kind=kind, parameters=parameters)


def _add_typed(draft: Mailing, found: Triage) -> None:
    # What is invalid was shown and stays in the field: it is no part of the choice.
    source = _add(draft, RecipientSource.Kind.TYPED, {"doubled": len(found.doubled), "invalid": 0})
    SourceRow.objects.bulk_create(
        SourceRow(source=source, number=number, email=address.text, key=address.key)
        for number, address in enumerate(found.addresses, start=1)
    )
    LeftOutEntry.objects.bulk_create(
        LeftOutEntry(source=source, number=number, text=text, key=parse(text).key, is_doubled=True)
        for number, text in enumerate(found.doubled, start=1)
    )


def _names(edition: Edition, group_ids: Sequence[int]) -> dict[int, str]:
    names = dict(Group.objects.filter(edition=edition, pk__in=group_ids).values_list("pk", "name"))
    if set(group_ids) - set(names):
        raise GroupGoneError
    return names
