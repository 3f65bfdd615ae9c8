"""The API's common objects in answers: pages of a list, and moments."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from libraries.outbound_mailer.simulator.call import Call
from libraries.outbound_mailer.simulator.replies import bad_request

KOREAN_TIME = timezone(timedelta(hours=9))
DEFAULT_PAGE_SIZE = 10

Row = dict[str, Any]


def nes_date_time(seconds: float | None) -> Row | None:
    """The API's NesDateTime of a moment; both texts in UTC+9."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(KOREAN_TIME)
    milliseconds = f"{moment.microsecond // 1000:03d}"
    return {
        "utc": int(seconds * 1000),
        "formattedDate": f"{moment:%Y-%m-%d}",
        "formattedDateTime": f"{moment:%Y-%m-%d %H:%M:%S} {milliseconds}",
    }


def page_of(
    call: Call,
    items: Iterable[Any],
    sort_keys: Mapping[str, Callable[[Any], Any]],
    show: Callable[[Any], Row] = lambda row: row,
    *,
    default: str,
) -> Row:
    """The Spring page that `size`, `page` and `sort` of the query ask for (21).

    Only the items of the page are shown. `default` is the order that the page names when none was asked for.
    """
    orders = [_order(text, sort_keys) for text in call.parameters("sort")]
    ordered = list(items)
    for name, descending in reversed(orders):
        ordered.sort(key=sort_keys[name], reverse=descending)
    size, number = _number(call, "size", DEFAULT_PAGE_SIZE, 1), _number(call, "page", 0, 0)
    content = [show(item) for item in ordered[number * size : (number + 1) * size]]
    pages = -(-len(ordered) // size)
    return {
        "content": content,
        "totalElements": len(ordered),
        "totalPages": pages,
        "numberOfElements": len(content),
        "first": number == 0,
        "last": number >= pages - 1,
        "number": number,
        "size": size,
        "sort": [_sort_row(name, descending) for name, descending in orders or [(default, False)]],
    }


def _order(text: str, sort_keys: Mapping[str, object]) -> tuple[str, bool]:
    name, _, direction = text.partition(",")
    if name not in sort_keys or direction.lower() not in ("", "asc", "desc"):
        raise bad_request("sort")
    return name, direction.lower() == "desc"


def _sort_row(name: str, descending: bool) -> Row:
    return {
        "direction": "DESC" if descending else "ASC",
        "property": name,
        "ignoreCase": False,
        "nullHandling": "NATIVE",
        "ascending": not descending,
        "descending": descending,
    }


def _number(call: Call, name: str, default: int, minimum: int) -> int:
    text = call.parameter(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < minimum:
        raise bad_request(name)
    return int(text)
