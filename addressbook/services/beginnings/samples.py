"""Sample addresses for an empty book, to try the console with: names reserved for examples, which have no mailbox."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address
from addressbook.services.addresses import groups, memberships, undo_log
from addressbook.services.addresses.undo_log import UndoNotes
from libraries import email_addresses
from workspace import limits as workspace_limits
from workspace.models import AddressBook, Edition
from workspace.services.books import connection
from workspace.services.history.audit import Actor, record
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted

_COLOURS: Final = ("amber", "blue", "coral", "green", "indigo", "ivory", "olive", "pearl", "ruby", "silver")
_ANIMALS: Final = (
    "crane",
    "deer",
    "finch",
    "hare",
    "heron",
    "lynx",
    "magpie",
    "otter",
    "robin",
    "seal",
    "swan",
    "wren",
)
_DOMAINS: Final = ("example.com", "example.org", "example.net")

# Which part of all addresses each group holds: from the first to the second, in hundredths. They overlap, as real ones.
_GROUPS: Final = {
    "newsletter": (0, 70),
    "event-2026": (40, 70),
    "서울-고객": (65, 80),
    "VIP": (10, 16),
    "partner": (78, 88),
}


class NotOfferedError(Exception):
    """The book holds addresses, or is connected to the real service, to which samples must not go."""


@dataclass(frozen=True, slots=True)
class Loaded:
    registered: int
    groups: int
    act_id: int | None = None


def sample_emails(count: int) -> Iterator[str]:
    """So many different addresses, always the same ones: `amber-crane1@example.com` and on."""
    for number in range(count):
        animal, colour = _ANIMALS[number % len(_ANIMALS)], _COLOURS[number // len(_ANIMALS) % len(_COLOURS)]
        yield f"{colour}-{animal}{number // len(_ANIMALS) + 1}@{_DOMAINS[number % len(_DOMAINS)]}"


def are_offered(book: AddressBook, edition: Edition) -> bool:
    """Whether the book may take samples: empty, and not connected to the real service."""
    return edition.address_count == 0 and not connection.target_of(book).masked_access_key


def load(*, book: AddressBook, token: UUID, by: Actor) -> Loaded:
    """Register the samples and put them into their groups, as one act that can be undone.

    Raises NotOfferedError or TooManyGroupsError, and then nothing was changed.
    """
    submitted = Submitted(by, token, "load_samples", None, book)
    with changing(book, by=by) as change:
        edition = change.edition
        if earlier := submitted.earlier_outcome():
            return Loaded(**earlier)
        if not are_offered(book, edition):
            raise NotOfferedError
        noted = UndoNotes()
        ids = _insert(edition, noted)
        made, added = _sort_into_groups(edition, ids, noted)
        act = undo_log.keep_at_once(edition, actions.INSERT_ADDRESS, noted)
        detail = {"samples": True, "registered": len(ids), "added_to_group": added, "groups_created": made}
        record(by=by, action=actions.INSERT_ADDRESS, book=book, detail=detail, act=act)
        loaded = Loaded(len(ids), len(_GROUPS), act.pk if act else None)
        submitted.remember(asdict(loaded))
    return loaded


def _insert(edition: Edition, noted: UndoNotes) -> list[int]:
    """The ids in the order of the samples, whose first is the newest."""
    now = timezone.now()
    parsed = [email_addresses.parse(email) for email in sample_emails(limits.SAMPLE_ADDRESSES)]
    rows = [Address(edition=edition, email=address.text, key=address.key, registered_at=now) for address in parsed]
    made = Address.objects.bulk_create(reversed(rows))
    noted.inserted_addresses([address.pk for address in made])
    memberships.change_address_count(edition, len(made))
    return [address.pk for address in reversed(made)]


def _sort_into_groups(edition: Edition, ids: list[int], noted: UndoNotes) -> tuple[int, int]:
    """How many groups were made, and how many places in groups were given."""
    made = added = 0
    for name, (first, last) in _GROUPS.items():
        group = edition.groups.filter(name=name).first()
        if group is None:
            if edition.groups.count() >= workspace_limits.GROUPS_PER_BOOK:
                raise groups.TooManyGroupsError
            group = edition.groups.create(name=name)
            noted.made_group(group)
            made += 1
        part = ids[len(ids) * first // 100 : len(ids) * last // 100]
        added += memberships.add_to_group(group, part, noted=noted)
    return made, added
