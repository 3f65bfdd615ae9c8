"""What a check asks and what it found: both readings of what could be meant, and findings by their reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from addressbook import limits
from addressbook.forms.uploads import DELIMITERS
from addressbook.models import Upload
from addressbook.services.uploads.findings import SLIP
from addressbook.services.uploads.mending import mending_of
from addressbook.views.uploads import upload_sentences
from libraries.spreadsheets import NO_COLUMN, NO_HEADER, Layout


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the file: its name, some of what it gives, and the fields of the form that chooses it."""

    name: str
    sample: str
    is_taken: bool
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    readings: list[Reading]


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason and what it concerns; `index` is its number in the list that a click on it refers to."""

    index: int
    count: int
    reason: str
    rows: list[dict[str, Any]]
    suggested: int = 0
    is_slip: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    outside: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    addresses: list[Finding]
    repairs: int
    proposals: int
    decided: bool

    @property
    def address_count(self) -> int:
        return sum(found.count for found in self.addresses)

    @property
    def any(self) -> bool:
        return bool(self.outside or self.groups or self.addresses)


def questions(choice: Mapping[str, Any], layout: Layout) -> list[Question]:
    """What a person has to be asked after this choice: each is answered by one of its readings, also the one taken."""
    asked = []
    if layout.rival_sheets:
        names = [layout.sheet or "", *layout.rival_sheets]
        readings = [Reading(name, "", name == layout.sheet, _fields(layout, sheet=name)) for name in names]
        asked.append(Question(_("Which sheet has the addresses?"), readings))
    if layout.rival_columns and layout.email_column is not None:
        columns = [layout.email_column, *layout.rival_columns]
        readings = [
            Reading(
                column_name(layout, column),
                _sample(layout, column),
                column == layout.email_column,
                _fields(layout, email_column=str(column)),
            )
            for column in columns
        ]
        asked.append(Question(_("Which column has the addresses?"), readings))
    # Where all of them read alike there is nothing to choose.
    if len({lines for _name, lines in layout.readings}) > 1 and "encoding" not in choice:
        readings = [
            Reading(name.upper(), " · ".join(lines), name == layout.encoding, _fields(layout, encoding=name))
            for name, lines in layout.readings
        ]
        asked.append(Question(_("Which of these can you read?"), readings))
    return asked


def _fields(layout: Layout, **changed: str) -> dict[str, str]:
    delimiter = next((name for name, sign in DELIMITERS.items() if sign == layout.delimiter), "")
    fields = {
        "sheet": layout.sheet or "",
        "encoding": layout.encoding or "",
        "delimiter": delimiter,
        "header_row": str(layout.header_row or NO_HEADER),
        "email_column": str(layout.email_column or 0),
        "group_column": str(NO_COLUMN if layout.group_column is None else layout.group_column),
    }
    return {name: value for name, value in {**fields, **changed}.items() if value}


def _sample(layout: Layout, column: int) -> str:
    texts = [cells[column] for _number, cells in layout.sample if column < len(cells) and cells[column].strip()]
    return ", ".join(texts[: limits.ROWS_OF_A_FINDING_LISTED])


def findings_of(upload: Upload, result: dict[str, Any], layout: Layout | None) -> Findings:
    """`result` is the upload's, or what a member who sees addresses masked may see of it."""
    addresses = []
    index = 0
    for found in result.get("findings", ()):
        is_slip = found["code"] == SLIP
        reason = _slip(found) if is_slip else upload_sentences.row_fault(found["code"], found["character"])
        addresses.append(Finding(index, found["count"], reason, found["rows"], found["suggested"], is_slip))
        index += found["suggested"] > 0  # a click refers to those with a suggestion
    groups = [
        {**found, "reason": upload_sentences.row_fault(found["code"], found["character"])}
        for found in result.get("group_findings", ())
    ]
    outside = [{**place, "name": _place(place, layout)} for place in result.get("outside", ())]
    return Findings(
        outside=outside,
        groups=groups,
        addresses=addresses,
        repairs=sum(found.suggested for found in addresses),
        proposals=sum(found["proposal"] is not None for found in groups),
        decided=not mending_of(upload).is_empty,
    )


def _slip(found: dict[str, Any]) -> str:
    before, arrow, after = found["key"].partition(":")[2].partition(">")
    if not arrow:
        return _("A name seems to be stuck to the address.")
    return _("“%(before)s” looks like a typing mistake for “%(after)s”.") % {"before": before, "after": after}


def _place(place: dict[str, Any], layout: Layout | None) -> str:
    if place["hidden"]:
        return _("hidden rows")
    if place["sheet"] is not None:
        values = {"sheet": place["sheet"], "column": letters(place["column"])}
        return _("sheet “%(sheet)s”, column %(column)s") % values
    return column_name(layout, place["column"]) if layout else letters(place["column"])


def letters(column: int) -> str:
    """The name of a column as a spreadsheet program shows it."""
    name, rest = "", column
    while rest >= 0:
        rest, letter = divmod(rest, 26)
        name = chr(ord("A") + letter) + name
        rest -= 1
    return name


def column_name(layout: Layout, column: int) -> str:
    """`column B “Name”`: the letter that a spreadsheet program shows, and the heading where there is one."""
    heading = layout.columns[column].strip() if column < len(layout.columns) else ""
    if not heading:
        return _("column %(letters)s") % {"letters": letters(column)}
    return _("column %(letters)s “%(heading)s”") % {"letters": letters(column), "heading": heading[:40]}
