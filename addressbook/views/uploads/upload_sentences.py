"""What the screen says of a file and of its rows: a sentence for every code of the libraries."""

from pathlib import PurePath
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from addressbook import limits
from addressbook.services.uploads.file_groups import GroupFault
from libraries.email_addresses import InvalidEmailError, Reason
from libraries.spreadsheets import EXTENSIONS, Defect, Kind, Refusal, is_renamed
from libraries.spreadsheets import limits as spreadsheet_limits
from workspace.numbers import number
from workspace.views.pages.sentences import invalid_reason


def file_too_large() -> str:
    limit = filesizeformat(spreadsheet_limits.UPLOAD_FILE_BYTES)
    return _("The file is too large: at most %(limit)s can be taken. Split it and upload the parts.") % {"limit": limit}


def refusal(code: str, detail: dict[str, Any]) -> str:
    """Why a whole file is not read, and what to do about it."""
    known = Refusal(code)
    limit = number(int(detail["limit"])) if "limit" in detail else ""
    if known in _TOO_MUCH:
        return _of_size(known, limit)
    return _of_kind(known, detail)


_TOO_MUCH = frozenset(
    {
        Refusal.TOO_LARGE,
        Refusal.TOO_MANY_PARTS,
        Refusal.UNPACKED_TOO_LARGE,
        Refusal.TOO_MANY_ROWS,
        Refusal.TOO_MANY_COLUMNS,
        Refusal.TOO_MANY_CELLS,
        Refusal.TOO_MUCH_MEMORY,
        Refusal.TOO_SLOW,
    }
)


def _of_size(code: Refusal, limit: str) -> str:
    match code:
        case Refusal.TOO_LARGE:
            return file_too_large()
        case Refusal.TOO_MANY_PARTS:
            return _("The workbook has too many parts: more than %(limit)s.") % {"limit": limit}
        case Refusal.UNPACKED_TOO_LARGE:
            return _("The workbook becomes far too large when it is unpacked. Save only the sheet with the addresses.")
        case Refusal.TOO_MANY_ROWS:
            return _("There are too many rows: more than %(limit)s. Split the file and send the parts.") % {
                "limit": limit
            }
        case Refusal.TOO_MANY_COLUMNS:
            return _("The sheet has too many columns: more than %(limit)s.") % {"limit": limit}
        case Refusal.TOO_MANY_CELLS:
            return _("The sheet has too many cells. Keep only the columns that are needed, and save it again.")
        case Refusal.TOO_SLOW:
            return _("Reading the file took too long. Save only the sheet with the addresses, or save it as CSV.")
        case _:
            return _("The file needs too much memory. Save only the sheet with the addresses, or save it as CSV.")


def _of_kind(code: Refusal, detail: dict[str, Any]) -> str:
    match code:
        case Refusal.EMPTY:
            return _("There is nothing in the file.")
        case Refusal.UNKNOWN_KIND:
            kinds = {"kinds": ", ".join(EXTENSIONS)}
            return _("Files of this kind cannot be read. Choose one of these: %(kinds)s.") % kinds
        case Refusal.WRONG_KIND:
            return _no_list(detail)
        case Refusal.ENCRYPTED:
            return _protected(detail)
        case Refusal.DAMAGED:
            return _("The file is damaged. Open it in a spreadsheet program and save it again.")
        case Refusal.UNSAFE_XML:
            return _("The file holds instructions that a list of addresses does not need. Save it again, or as CSV.")
        case Refusal.UNKNOWN_ENCODING:
            return _("The text of the file cannot be read. Choose its encoding.")
        case Refusal.UNKNOWN_SHEET:
            return _("There is no sheet “%(sheet)s” in the file. Choose another.") % {"sheet": detail.get("sheet", "")}
        case _:
            return _("The file could not be read because of a fault on our side. Please upload it again.")


def _protected(detail: dict[str, Any]) -> str:
    if "drm" not in detail:
        return _("The file is protected by a password. Save it without one and upload it again.")
    return _(
        "The file is protected by document security (DRM), so only programs inside your company can open it. "
        "Open it in Excel, release the protection or save an unprotected copy, and upload that one. "
        "If you cannot, ask the people who look after document security."
    )


def _no_list(detail: dict[str, Any]) -> str:
    match detail.get("content"):
        case "html":
            return _("The file is a web page without a table. Save the list as .xlsx or .csv and send that file.")
        case "archive":
            return _("The file is an archive without a spreadsheet of its own. Unpack it and send the list inside.")
        case _:
            return _("The file is no list that can be read. Save the list as .xlsx or .csv and send that file.")


def what_it_was(kind: Kind, name: str) -> str:
    """What a file turned out to be whose name says something else; blank where both agree."""
    if not is_renamed(kind, name):
        return ""
    extension = {"extension": PurePath(name).suffix}
    match kind:
        case Kind.HTML:
            return (
                _("The name ends in %(extension)s, but the file is a web page (HTML). Its tables were read.")
                % extension
            )
        case Kind.XML:
            return (
                _("The name ends in %(extension)s, but the file is XML Spreadsheet 2003. It was read as such.")
                % extension
            )
        case Kind.TEXT:
            return _("The name ends in %(extension)s, but the file is plain text. It was read as such.") % extension
        case Kind.SYLK:
            return _("The name ends in %(extension)s, but the file is SYLK. It was read as such.") % extension
        case _:
            kinds = {Kind.XLSX: ".xlsx", Kind.XLSB: ".xlsb", Kind.XLS: ".xls", Kind.ODS: ".ods"}
            found = extension | {"found": kinds[kind]}
            return (
                _("The name ends in %(extension)s, but the file is a workbook of kind %(found)s. It was read as such.")
                % found
            )


def ended(reason: str, *, is_begun: bool = True) -> str:
    """Why an upload ended without a result; `is_begun` says whether anything may have been registered before."""
    match reason:
        case "reset" if not is_begun:
            return _("The address book was reset before the file was registered. Please upload it again.")
        case "reset":
            return _("The address book was reset meanwhile. What was left of the file was not registered.")
        case "traces_erased":
            return _("The file held an address of which every trace was erased. Please upload it again without it.")
        case "file_gone":
            return _("The file is no longer there. Please upload it again.")
        case "expired":
            return _("Nobody pressed OK in time, so the file was deleted. Please upload it again.")
        case _:
            return _("Checking the file failed several times. Please upload it again.")


def row_fault(code: str, character: str | None, cell: str = "") -> str:
    """What is wrong with a row."""
    if code in set(Defect):
        return _defect(Defect(code))
    if code == GroupFault.NAME:
        if character is None:
            limit = limits.GROUP_NAME_CHARACTERS
            return _("The name of the group has more than %(limit)s characters.") % {"limit": limit}
        if character == " ":
            return _("A group name cannot have spaces.")
        return _("“%(character)s” is not allowed in a group name.") % {"character": character}
    if code == GroupFault.TOO_MANY:
        return _("The file names more groups than an address book can have.")
    return invalid_reason(InvalidEmailError(Reason(code), character))


def _defect(defect: Defect) -> str:
    match defect:
        case Defect.UNREADABLE:
            return _("The row holds characters that cannot be read in this encoding.")
        case Defect.FORMULA:
            return _("A formula without a value. Open the file in a spreadsheet program and save it again.")
        case Defect.ERROR:
            return _("The cell holds an error value.")
        case Defect.TOO_LONG:
            return _("The cell holds too much text.")
        case _:
            return _("The row has no address.")


def time_left(seconds: float) -> str:
    if seconds < 60:
        count = max(1, round(seconds))
        return ngettext("about %(count)s second left", "about %(count)s seconds left", count) % {"count": count}
    count = round(seconds / 60)
    return ngettext("about %(count)s minute left", "about %(count)s minutes left", count) % {"count": count}
