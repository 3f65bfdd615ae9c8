"""Typed registration: what was pasted, sorted before it is applied, and applied in one transaction."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from addressbook import actions
from addressbook.models import Address, Group, Membership
from addressbook.models.groups import TreeGroup
from addressbook.services.addresses import groups, memberships, undo_log
from addressbook.services.addresses.undo_log import UndoNotes
from libraries import email_addresses
from libraries.email_addresses import EmailAddress, InvalidEmailError
from workspace import limits
from workspace.models import AddressBook, Edition
from workspace.services.history.audit import Actor, record
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted


class TooManyAddressesError(Exception):
    """More than limits.TYPED_ADDRESSES_PER_REGISTRATION entries; `count` is how many."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


class NoAddressesError(Exception):
    """The text holds no entry at all."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """An entry that is no address: the text, what is wrong with it, and a likely repair if there is one."""

    text: str
    error: InvalidEmailError
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class Triage:
    """Pasted text, sorted. Every entry is in exactly one of `addresses`, `doubled` and `invalid`.

    `suspicious` are entries that are valid and yet look like a slip, with the repair.
    """

    addresses: list[EmailAddress]
    doubled: list[str]
    invalid: list[Invalid]
    suspicious: list[tuple[str, str]]

    @property
    def entry_count(self) -> int:
        return len(self.addresses) + len(self.doubled) + len(self.invalid)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Which addresses of a text the book has now, and which it lacks."""

    new: list[str]
    already_there: list[str]
    already_in_group: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """entries = registered + already_there + doubled + invalid; `added_to_group` counts new and known addresses.

    `act_id`: what can be undone of it, if it changed anything.
    """

    registered: int
    already_there: int
    doubled: int
    invalid: int
    added_to_group: int
    group: str
    act_id: int | None = None


def sort(text: str) -> Triage:
    """Sort the entries of `text`; needs no database.

    Raises TooManyAddressesError before it judges a single one: that would take long for what is refused anyway.
    """
    entries = email_addresses.split(text)
    if len(entries) > limits.TYPED_ADDRESSES_PER_REGISTRATION:
        raise TooManyAddressesError(len(entries))
    addresses: dict[str, EmailAddress] = {}
    doubled, invalid, suspicious = [], [], []
    for entry in entries:
        try:
            address = email_addresses.parse(entry)
        except InvalidEmailError as error:
            invalid.append(Invalid(entry, error, email_addresses.suggest(entry)))
            continue
        if address.key in addresses:
            doubled.append(entry)
            continue
        addresses[address.key] = address
        if suggestion := email_addresses.suggest(entry):
            suspicious.append((entry, suggestion))
    return Triage(list(addresses.values()), doubled, invalid, suspicious)


def forecast(found: Triage, *, edition: Edition, group: Group | TreeGroup | None) -> Forecast:
    """What registering would do now. Look only: nothing is promised for later. At most two queries."""
    ids = _ids_by_key(edition, found.addresses)
    in_group = _ids_in_group(group, ids.values())
    known = [address for address in found.addresses if address.key in ids]
    return Forecast(
        new=[address.text for address in found.addresses if address.key not in ids],
        already_there=[address.text for address in known if ids[address.key] not in in_group],
        already_in_group=[address.text for address in known if ids[address.key] in in_group],
    )


def proposals(text: str) -> dict[str, str]:
    """The likely repair of each entry that has one. Raises TooManyAddressesError."""
    found = sort(text)
    repairs = {entry.text: entry.suggestion for entry in found.invalid if entry.suggestion}
    return repairs | dict(found.suspicious)


def repair(text: str, replacements: dict[str, str]) -> str:
    """The entries of `text`, one a line, with those in `replacements` replaced."""
    return "\n".join(replacements.get(entry, entry) for entry in email_addresses.split(text))


def left_over(found: Triage) -> str:
    """What registering leaves to be mended: the invalid entries, one a line."""
    return "\n".join(entry.text for entry in found.invalid)


def register_typed(*, book: AddressBook, group_id: int | None, text: str, token: UUID, by: Actor) -> Report:
    """Register what is valid in `text`, into the group if one is given; report every entry.

    Raises NoAddressesError, TooManyAddressesError or GroupGoneError, and then nothing was changed.
    """
    found = sort(text)
    if not found.entry_count:
        raise NoAddressesError
    submitted = Submitted(by, token, "register_typed", [group_id, text], book)
    with changing(book, by=by) as change:
        edition = change.edition
        if earlier := submitted.earlier_outcome():
            return Report(**earlier)
        group = groups.find(edition, group_id) if group_id is not None else None
        noted = UndoNotes()
        registered = _insert_missing(edition, found.addresses, noted)
        added = 0
        if group is not None:
            known = _ids_by_key(edition, found.addresses)
            added = memberships.add_to_group(group, list(known.values()), noted=noted)
        report = Report(
            registered=registered,
            already_there=len(found.addresses) - registered,
            doubled=len(found.doubled),
            invalid=len(found.invalid),
            added_to_group=added,
            group=group.name if group else "",
        )
        act = undo_log.keep_at_once(edition, actions.INSERT_ADDRESS, noted)
        record(by=by, action=actions.INSERT_ADDRESS, book=book, detail=_counts(report), act=act)
        report = replace(report, act_id=act.pk if act else None)
        submitted.remember(asdict(report))
    return report


def _counts(report: Report) -> dict[str, Any]:
    detail = asdict(report)
    del detail["act_id"]
    return detail


def _insert_missing(edition: Edition, addresses: list[EmailAddress], noted: UndoNotes) -> int:
    known = _ids_by_key(edition, addresses)
    now = timezone.now()
    missing = [
        Address(edition=edition, email=address.text, key=address.key, registered_at=now)
        for address in addresses
        if address.key not in known
    ]
    # The first that was typed is the newest, and so on top of the list as it was on top of the field.
    made = Address.objects.bulk_create(reversed(missing))
    noted.inserted_addresses([address.pk for address in made])
    memberships.change_address_count(edition, len(missing))
    return len(missing)


def _ids_by_key(edition: Edition, addresses: Iterable[EmailAddress]) -> dict[str, int]:
    keys = [address.key for address in addresses]
    return dict(Address.objects.filter(edition=edition, key__in=keys).values_list("key", "pk"))


def _ids_in_group(group: Group | TreeGroup | None, address_ids: Iterable[int]) -> set[int]:
    if group is None:
        return set()
    rows = Membership.objects.filter(group=group.pk, address__in=list(address_ids))
    return set(rows.values_list("address_id", flat=True))
