"""The recipients of a mailing and what became of each: filtered and searched, a page at a time."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from mailings.models import Mailing, Recipient

RECIPIENTS_A_PAGE: Final = 50
# Above every character of a key.
_LAST_CHARACTER: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Filters:
    """ "" stands for all. `code` only counts beside a state; None: any code."""

    state: str = ""
    code: str | None = None
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """`previous` and `following` are the numbers of the recipients before and after which the next pages begin."""

    rows: list[Recipient]
    previous: int | None
    following: int | None


def page_of(mailing: Mailing, filters: Filters, *, number: int | None = None, is_before: bool = False) -> Page:
    """Those after (or before) the recipient with the number: in the order of the list, or by address in a search.

    A search finds addresses by their beginning: any other part would mean a look at all of a million rows.
    """
    rows = Recipient.objects.filter(mailing=mailing).defer("values")
    if filters.state:
        rows = rows.filter(state=filters.state)
        if filters.code is not None:
            rows = rows.filter(result_code=filters.code)
    column = "number"
    if filters.beginning:
        column = "key"
        rows = rows.filter(key__gte=filters.beginning, key__lt=filters.beginning + _LAST_CHARACTER)
    reference = _reference(mailing, number, column)
    is_backwards = is_before and reference is not None
    if reference is not None:
        rows = rows.filter(Q(**{f"{column}__{'lt' if is_backwards else 'gt'}": reference}))
    found = list(rows.order_by(f"-{column}" if is_backwards else column)[: RECIPIENTS_A_PAGE + 1])
    has_more = len(found) > RECIPIENTS_A_PAGE
    found = found[:RECIPIENTS_A_PAGE]
    if is_backwards:
        found.reverse()
    if not found:
        return Page([], None, None)
    has_previous = has_more if is_backwards else reference is not None
    has_following = has_more or is_backwards
    return Page(found, found[0].number if has_previous else None, found[-1].number if has_following else None)


def _reference(mailing: Mailing, number: int | None, column: str) -> str | int | None:
    if number is None or column == "number":
        return number
    return Recipient.objects.filter(mailing=mailing, number=number).values_list(column, flat=True).first()
