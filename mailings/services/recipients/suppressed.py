"""Whom a mail does not go to: advertising not to the unsubscribed, no mail to the blocked."""

from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from mailings.models import Mailing, RecipientSource
from mailings.services.recipients.chosen import Sql, address_ids, everybody, listed, one_number
from workspace.models import AddressBook, Edition


def active_suppressions(book: AddressBook, kind: str) -> Sql:
    """The keys that are suppressed now."""
    moment = connection.ops.adapt_datetimefield_value(timezone.now())
    return (
        "SELECT key FROM mailings_suppression WHERE book_id = %s AND kind = %s AND (until IS NULL OR until > %s)",
        [book.pk, kind, moment],
    )


def not_suppressed(draft: Mailing) -> Sql:
    """The condition for keys that the mail may go to, and its values."""
    kinds = ["unsubscribed", "blocked"] if draft.is_advertising else ["blocked"]
    found = [active_suppressions(draft.book, kind) for kind in kinds]
    return " AND ".join(f"key NOT IN ({sql})" for sql, _ in found), [value for _, values in found for value in values]


def count_suppressed(
    draft: Mailing, sources: Sequence[RecipientSource], edition: Edition, people: int
) -> tuple[int, int]:
    """How many of the `people` are unsubscribed (of advertising only), and how many others are blocked."""
    refused = active_suppressions(draft.book, "unsubscribed")
    blocked = active_suppressions(draft.book, "blocked")
    if not draft.is_advertising:
        return 0, _among(blocked, sources, edition, people)
    sql, values = blocked
    blocked_only = f"{sql} AND key NOT IN ({refused[0]})", [*values, *refused[1]]
    return _among(refused, sources, edition, people), _among(blocked_only, sources, edition, people)


def _among(suppressed: Sql, sources: Sequence[RecipientSource], edition: Edition, people: int) -> int:
    """How many of the suppressed the sources choose: looked up from the shorter side, since either may be a million."""
    keys, values = suppressed
    if one_number(f"SELECT COUNT(*) FROM ({keys}) AS suppressed", values) > people:  # noqa: S608
        chosen, chosen_values = everybody(sources, edition)
        statement = f"SELECT COUNT(DISTINCT key) FROM ({chosen}) AS people WHERE key IN ({keys})"  # noqa: S608
        return one_number(statement, [*chosen_values, *values])
    chosen, chosen_values = _is_chosen(sources, edition)
    return one_number(
        f"SELECT COUNT(*) FROM ({keys}) AS suppressed WHERE {chosen}",  # noqa: S608
        [*values, *chosen_values],
    )


def _is_chosen(sources: Sequence[RecipientSource], edition: Edition) -> Sql:
    """The condition that one of the sources chooses `suppressed.key`: by the index of each, one key at a time."""
    conditions, values = [], []
    in_book: list[str] = []
    for source in sources:
        ids = address_ids(source, edition)
        if ids is None:
            rows, own = listed(source)
            conditions.append(f"EXISTS (SELECT 1 FROM ({rows}) AS own WHERE own.key = suppressed.key)")  # noqa: S608
            values += own
        else:
            in_book.append(f"address.id IN ({ids[0]})")
    if in_book:
        conditions.append(
            "EXISTS (SELECT 1 FROM addressbook_address AS address WHERE address.edition_id = %s"  # noqa: S608
            f" AND address.key = suppressed.key AND ({' OR '.join(in_book)}))"
        )
        values.append(edition.pk)
        values += [value for source in sources for value in (address_ids(source, edition) or ("", []))[1]]
    return " OR ".join(conditions), values
