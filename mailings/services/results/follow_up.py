"""Acts on those whom a mailing did not reach: send once more, take them out of the book, put them in a group."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from addressbook.models import Address
from addressbook.services.addresses import bulk, groups
from addressbook.services.addresses.selection import Selection
from mailings import limits
from mailings.models import Mailing, RecipientSource
from mailings.services import drafts
from mailings.services.drafts import DraftGoneError
from mailings.services.recipients import samples
from mailings.services.results import reasons
from mailings.services.results.reasons import Reason
from mailings.services.rules import require_role
from workspace.models import AddressBook, Edition, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work.submissions import Submitted


class NotOverError(Exception):
    """The mailing is still under way: who is reached is not known yet."""


class NobodyChosenError(Exception):
    """No reason was chosen that a recipient has, or none of those recipients is concerned by the act."""


@dataclass(frozen=True, slots=True)
class Followed:
    """`chosen` recipients have the reasons; `done` is the act on `done.selected` of them, as `bulk` answers it.

    `is_part`: there are more than limits.FOLLOW_UP_ADDRESSES, and the act has to be repeated for the rest.
    """

    chosen: int
    done: bulk.Done
    is_part: bool = False


def send_to(*, book: AddressBook, mailing_id: int, names: Collection[str], token: UUID, by: Actor) -> Mailing:
    """A new draft with the mailing's content, to exactly those of its recipients who have one of the reasons.

    Raises DraftGoneError, NotOverError, NobodyChosenError or NotAllowedError.
    """
    mailing = _over(book, mailing_id)
    chosen = [reason for reason in reasons.named(mailing, names) if reasons.may_be_sent_to(reason)]
    if not chosen:
        raise NobodyChosenError
    # Before the lock: with a million recipients it takes a second, and a mailing that is over stays as it is.
    parameters = _parameters(mailing, chosen)

    def fill(original: Mailing, draft: Mailing) -> None:
        RecipientSource.objects.create(mailing=draft, kind=RecipientSource.Kind.RESULTS, parameters=parameters)

    return drafts.copy_with(fill, book=book, mailing_id=mailing_id, contents=sorted(names), token=token, by=by)


def take_out(*, book: AddressBook, mailing_id: int, names: Collection[str], token: UUID, by: Actor) -> Followed:
    """Delete the addresses of these recipients from the book, as an act that can be undone.

    Raises as `send_to`, and UndoRunningError.
    """

    def act(selection: Selection) -> bulk.Done:
        return bulk.delete_addresses(book=book, selection=selection, token=token, by=by)

    return _act(act, ["take_out", mailing_id, sorted(names)], book, mailing_id, names, token, by)


def put_into_group(
    *, book: AddressBook, mailing_id: int, names: Collection[str], group: int | str, token: UUID, by: Actor
) -> Followed:
    """Put the addresses of these recipients that are in the book into a group, by its id, or a new one by its name.

    Raises as `take_out`, and GroupGoneError, InvalidGroupNameError, GroupNameTakenError or TooManyGroupsError.
    """

    def act(selection: Selection) -> bulk.Done:
        group_id = group if isinstance(group, int) else _new_group(group)
        return bulk.edit_groups(book=book, selection=selection, add=[group_id], remove=[], token=token, by=by)

    def _new_group(name: str) -> int:
        return groups.create_group(book=book, name=name, token=uuid5(token, "group"), by=by).pk

    contents = ["group", mailing_id, sorted(names), group]
    inside = group if isinstance(group, int) else None
    return _act(act, contents, book, mailing_id, names, token, by, not_in_group=inside)


def _act(
    act: Callable[[Selection], bulk.Done],
    contents: list[Any],
    book: AddressBook,
    mailing_id: int,
    names: Collection[str],
    token: UUID,
    by: Actor,
    *,
    not_in_group: int | None = None,
) -> Followed:
    submitted = Submitted(by, token, "follow_up", contents, book)
    with transaction.atomic():
        edition = books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return Followed(earlier["chosen"], bulk.Done(**earlier["done"]), earlier["is_part"])
        mailing = _over(book, mailing_id)
        chosen = reasons.named(mailing, names)
        ids = _addresses(edition, mailing, chosen, not_in_group)
        if not ids:
            raise NobodyChosenError
        here = ids[: limits.FOLLOW_UP_ADDRESSES]
        done = act(Selection(group_id=None, address_ids=tuple(here)))
        followed = Followed(sum(reason.count for reason in chosen), done, len(ids) > len(here))
        submitted.remember(asdict(followed))
    return followed


def _over(book: AddressBook, mailing_id: int) -> Mailing:
    mailing = Mailing.objects.confirmed().filter(book=book, pk=mailing_id).first()
    if mailing is None:
        raise DraftGoneError
    if mailing.done_at is None:
        raise NotOverError
    return mailing


def _addresses(edition: Edition, mailing: Mailing, chosen: Collection[Reason], not_in_group: int | None) -> list[int]:
    """The ids of their addresses in the book, one more than an act takes at most."""
    people = reasons.with_reasons(mailing, chosen)
    rows = Address.objects.filter(edition=edition, key__in=people.values("key"))
    if not_in_group is not None:
        rows = rows.exclude(memberships__group=not_in_group)
    return list(rows.order_by("pk").values_list("pk", flat=True)[: limits.FOLLOW_UP_ADDRESSES + 1])


def _parameters(mailing: Mailing, chosen: Collection[Reason]) -> dict[str, Any]:
    """As those of a file: which placeholders the recipients bring a value for, and how many of them lack it."""
    longest: dict[str, str] = {}
    columns: dict[str, None] = {}
    for parameters in mailing.sources.values_list("parameters", flat=True):
        columns |= dict.fromkeys(parameters.get("columns", []))
        for name, value in parameters.get("longest", {}).items():
            longest[name] = max(longest.get(name, ""), value, key=lambda text: len(text.encode()))
    own = {
        "mailing": mailing.pk,
        "subject": mailing.subject,
        "reasons": [[reason.state, reason.code] for reason in chosen],
    }
    source = RecipientSource(kind=RecipientSource.Kind.RESULTS, parameters=own)
    return {**own, "columns": list(columns), "longest": longest, "empty": samples.without_value(source, list(columns))}
