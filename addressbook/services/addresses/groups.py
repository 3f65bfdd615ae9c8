"""Recipient groups: create and rename. What takes addresses out of groups is in `bulk`."""

import re
import unicodedata
from typing import Final
from uuid import UUID

from addressbook import actions, limits
from addressbook.models import Group
from addressbook.services.addresses.undo_log import GroupRow, UndoNotes, moment_of
from addressbook.services.sync import outbox
from workspace import limits as workspace_limits
from workspace.models import AddressBook, Edition
from workspace.services.history.audit import Actor, record
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted

_ALLOWED: Final = re.compile(f"[{limits.GROUP_NAME_ALPHABET}]")
_HYPHENS: Final = re.compile("-{2,}")

GROUP_NAME: Final = "group-name"  # the code of a name that is not allowed


class InvalidGroupNameError(ValueError):
    """The name is empty, too long, or holds `character`, which the service does not take (None: not the reason)."""

    def __init__(self, *, character: str | None = None) -> None:
        super().__init__()
        self.character = character


class GroupNameTakenError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class TooManyGroupsError(Exception):
    """The book has limits.GROUPS_PER_BOOK groups already."""


class GroupGoneError(Exception):
    """The book has no such group (any more)."""


class GroupRenamedMeanwhileError(Exception):
    """The group does not have the name any more that the user saw; `name` is what it has now."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def clean_name(name: str) -> str:
    """The name as it is stored: ends stripped, composed (a Mac types Hangul decomposed).

    Raises InvalidGroupNameError and names the first character that is not allowed.
    """
    name = unicodedata.normalize("NFC", name.strip())
    for character in name:
        if not _ALLOWED.fullmatch(character):
            raise InvalidGroupNameError(character=character)
    if not 1 <= len(name) <= limits.GROUP_NAME_CHARACTERS:
        raise InvalidGroupNameError
    return name


def proposed_name(name: str) -> str | None:
    """An allowed name for one that is not: what is not allowed becomes "-". None where nothing is left of it."""
    name = unicodedata.normalize("NFC", name.strip())
    proposal = _HYPHENS.sub("-", "".join(c if _ALLOWED.fullmatch(c) else "-" for c in name)).strip("-")
    return proposal[: limits.GROUP_NAME_CHARACTERS].strip("-") or None


def find(edition: Edition, group_id: int) -> Group:
    """Raises GroupGoneError; a group of another edition or book is as good as gone."""
    group = Group.objects.filter(edition=edition, pk=group_id).first()
    if group is None:
        raise GroupGoneError
    return group


def alike(edition: Edition, name: str) -> list[str]:
    """The names of other groups that differ from `name` only in upper and lower case, or in “-”, “_” and “.”."""
    wanted = _folded(name)
    names = edition.groups.exclude(name=name).values_list("name", flat=True)
    return sorted(other for other in names if _folded(other) == wanted)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().translate({ord(sign): None for sign in "-_."})


def create_group(*, book: AddressBook, name: str, token: UUID, by: Actor) -> Group:
    """Raises InvalidGroupNameError, GroupNameTakenError or TooManyGroupsError."""
    name = clean_name(name)
    submitted = Submitted(by, token, "create_group", name, book)
    with changing(book, by=by) as change:
        edition = change.edition
        if earlier := submitted.earlier_outcome():
            return find(edition, earlier["group"])
        if edition.groups.filter(name=name).exists():
            raise GroupNameTakenError(name)
        if edition.groups.count() >= workspace_limits.GROUPS_PER_BOOK:
            raise TooManyGroupsError
        group = Group.objects.create(edition=edition, name=name)
        record(by=by, action=actions.ADD_GROUP, book=book, detail={"group": name})
        submitted.remember({"group": group.pk})
    return group


def rename_group(*, book: AddressBook, group_id: int, seen_name: str, name: str, by: Actor) -> Group:
    """Raises InvalidGroupNameError, GroupNameTakenError, GroupGoneError, or GroupRenamedMeanwhileError.

    Sent twice, the second finds the name already there and changes nothing.
    """
    name = clean_name(name)
    with changing(book, by=by) as change:
        edition = change.edition
        group = find(edition, group_id)
        if group.name == name:
            return group
        if group.name != seen_name:
            raise GroupRenamedMeanwhileError(group.name)
        if edition.groups.filter(name=name).exists():
            raise GroupNameTakenError(name)
        group.name = name
        group.save(update_fields=["name"])
        outbox.group_renamed(group, seen_name)
        record(by=by, action=actions.RENAME_GROUP, book=book, detail={"group": [seen_name, name]})
    return group


def delete_empty(group: Group, *, noted: UndoNotes) -> None:
    """A step of services: delete a group without addresses, under the lock of the book."""
    noted.deleted_group(group)
    outbox.group_leaves(group)
    group.delete()


def restore(edition: Edition, row: GroupRow, *, noted: UndoNotes) -> Group:
    """A step of services: give a deleted group back, without addresses, under its old id. Raises as `create_group`."""
    pk, name, created_at = row
    if edition.groups.filter(name=name).exists():
        raise GroupNameTakenError(name)
    if edition.groups.count() >= workspace_limits.GROUPS_PER_BOOK:
        raise TooManyGroupsError
    Group.objects.bulk_create([Group(pk=pk, edition=edition, name=name)])
    Group.objects.filter(pk=pk).update(created_at=moment_of(created_at))
    outbox.rows_restored(edition, address_ids=(), group_ids=[pk])
    group = Group.objects.get(pk=pk)
    noted.made_group(group)
    return group
