"""What a check shows of the rows to look at: a finding for each reason, with its count and some of its rows."""

from typing import Any, Final

from addressbook import limits
from addressbook.services.addresses import groups
from addressbook.services.uploads.mending import finding_key
from libraries.spreadsheets import limits as spreadsheet_limits
from workspace import limits as workspace_limits

SLIP: Final = "slip"
_SHOWN_CHARACTERS: Final = spreadsheet_limits.LAYOUT_CELL_CHARACTERS


class Findings:
    """Rows by the reason why they were refused or pointed out, and names of groups by what is wrong with them."""

    def __init__(self) -> None:
        self._by_key: dict[str, dict[str, Any]] = {}
        self._groups: dict[str, dict[str, Any]] = {}
        self.slips = 0

    def add_refused(self, number: int, text: str, code: str, character: str | None, suggestion: str | None) -> None:
        self._add(finding_key(code, character), code, character, number, text, suggestion)

    def add_slip(self, number: int, text: str, suggestion: str) -> None:
        self.slips += 1
        self._add(slip_key(text, suggestion), SLIP, None, number, text, suggestion)

    def add_group(self, name: str, code: str, character: str | None) -> None:
        found = self._groups.get(name)
        if found is None:
            if len(self._groups) >= workspace_limits.GROUPS_PER_BOOK:
                return
            proposal = groups.proposed_name(name) if code == groups.GROUP_NAME else None
            shown: dict[str, Any] = {
                "name": name,
                "code": code,
                "character": character,
                "proposal": proposal,
                "count": 0,
            }
            found = self._groups[name] = shown
        found["count"] += 1

    def result(self) -> dict[str, Any]:
        findings = sorted(self._by_key.values(), key=lambda found: (found["code"] == SLIP, -found["count"]))
        by_count = sorted(self._groups.values(), key=lambda found: -found["count"])
        return {
            "findings": findings[: limits.FINDINGS_LISTED],
            "findings_unlisted": sum(found["count"] for found in findings[limits.FINDINGS_LISTED :]),
            "slips": self.slips,
            "group_findings": [{**found, "name": shown(found["name"])} for found in by_count[: limits.FINDINGS_LISTED]],
            "group_findings_unlisted": max(0, len(by_count) - limits.FINDINGS_LISTED),
            "groups_left_out": sum(found["count"] for found in by_count),
        }

    def _add(self, key: str, code: str, character: str | None, number: int, text: str, suggestion: str | None) -> None:
        found = self._by_key.get(key)
        if found is None:
            nothing: dict[str, Any] = {"count": 0, "suggested": 0, "rows": []}
            found = self._by_key[key] = {"key": key, "code": code, "character": character, **nothing}
        found["count"] += 1
        found["suggested"] += suggestion is not None
        if len(found["rows"]) < limits.ROWS_OF_A_FINDING_LISTED:
            found["rows"].append({"row": number, "value": shown(text), "suggestion": suggestion})


def slip_key(text: str, suggestion: str) -> str:
    """`slip:gamil.com>gmail.com`; one key for all names stuck to the front of an address."""
    before, after = text.rpartition("@")[2].lower(), suggestion.rpartition("@")[2].lower()
    return finding_key(SLIP, f"{before}>{after}" if before != after else "name")


def shown(text: str) -> str:
    """A value for the screen, cut, without what the database cannot hold."""
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text[:_SHOWN_CHARACTERS])
