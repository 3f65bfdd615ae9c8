"""What the page *Send mail* says of files of recipients."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from addressbook.views.uploads import upload_sentences
from libraries.spreadsheets import Refusal
from mailings import limits
from mailings.models import RecipientFile, RecipientSource
from workspace.numbers import number


def refusal(waiting: RecipientFile) -> str:
    """Why nobody was taken from a file; blank while it waits or is read."""
    if not waiting.refusal:
        return ""
    code, detail = waiting.refusal["code"], waiting.refusal["detail"]
    return upload_sentences.refusal(code, detail) if code in set(Refusal) else _of_recipients(code, detail)


def _of_recipients(code: str, detail: dict[str, Any]) -> str:
    match code:
        case "many_columns":
            return _("The file has more than %(most)s columns. Keep the address and what the mail uses.") % detail
        case "email_twice":
            columns = pgettext("between two in a list", ", ").join(text or "?" for text in detail["columns"])
            return _("Several columns could hold the addresses: %(columns)s. Choose one.") % {"columns": columns}
        case "sheet_open":
            return _("Several sheets could hold the addresses. Choose one.")
        case "heading_twice":
            return _("Two columns are called %(name)s. Give each a heading of its own.") % detail
        case "encoding_open":
            return _("The text of the file can be read in several ways. Choose the right one.")
        case "no_column":
            return _("No column of addresses was found. Choose it.")
        case _:
            return _("There is no e-mail address in the file that can be sent to.")


def counts(file: RecipientFile) -> list[tuple[str, int]]:
    """What was read of a file: its recipients, and what is not among them."""
    if not file.is_read or file.source is None:
        return []
    held = file.source.parameters
    found = [(_("Recipients"), file.source.rows.count()), (_("Duplicates"), held["doubled"])]
    return [*found, (_("Invalid"), held["invalid"])]


def may_choose(file: RecipientFile) -> bool:
    """Whether another way to read it may be chosen."""
    return bool(file.stored_file) and (file.is_read or bool(file.refusal))


def beside(source: RecipientSource) -> list[str]:
    """What a person should know of a file that was read: its placeholders, and what was not taken."""
    if source.kind != RecipientSource.Kind.FILE:
        return []
    held = source.parameters
    lines = []
    if held["columns"]:
        lines.append(_("Placeholders: %(names)s") % {"names": " ".join(f"${{{name}}}" for name in held["columns"])})
    for name in held["columns"]:
        if count := held["empty"].get(name):
            empty = ngettext("%(name)s is empty in %(count)s row", "%(name)s is empty in %(count)s rows", count)
            lines.append(empty % {"name": name, "count": number(count)})
    if held["hidden"]:
        hidden = ngettext("%(count)s hidden row was left out", "%(count)s hidden rows were left out", held["hidden"])
        lines.append(hidden % {"count": number(held["hidden"])})
    return lines


def fault(code: str, character: str) -> str:
    """Why an entry of a file was not taken."""
    if code == "value_too_long":
        return _("A value has more than %(limit)s characters.") % {"limit": number(limits.VALUE_CHARACTERS)}
    return upload_sentences.row_fault(code, character or None)
