"""Addresses outside of what is read: counted for each place, with a few of them, so that none is lost in silence."""

from typing import Any

from addressbook import limits
from addressbook.services.uploads.findings import shown
from addressbook.services.uploads.mending import Place
from libraries.email_addresses import read_cell


class Outside:
    """`sheets` lists the sheets that were not read to their end."""

    def __init__(self) -> None:
        self._keys: dict[Place, dict[str, str]] = {}
        self._unread: list[str] = []

    def add(self, place: Place, text: str) -> None:
        found = self._keys.setdefault(place, {})
        for address in read_cell(text).addresses:
            found.setdefault(address.key, address.text)

    def add_unread(self, sheet: str) -> None:
        if sheet not in self._unread:
            self._unread.append(sheet)

    def result(self, taken: set[str]) -> dict[str, Any]:
        """Those that are not among the keys `taken`, each counted in the first of its places."""
        places: list[dict[str, Any]] = []
        seen: set[str] = set()
        for (sheet, column, hidden), keys in self._keys.items():
            missed = [text for key, text in keys.items() if key not in taken and key not in seen]
            seen.update(keys)
            if missed:
                sample = [shown(text) for text in missed[: limits.ROWS_OF_A_FINDING_LISTED]]
                place = {"sheet": sheet, "column": column, "hidden": hidden}
                places.append({**place, "count": len(missed), "sample": sample})
        listed = sorted(places, key=lambda found: -found["count"])[: limits.OUTSIDE_PLACES_LISTED]
        return {
            "outside": listed,
            "outside_count": sum(found["count"] for found in places),
            "unread_sheets": self._unread[: limits.OUTSIDE_PLACES_LISTED],
        }
