"""What the popup shows of an upload: how far it is, what its check found, what came of it."""

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from addressbook.forms.uploads import DELIMITERS
from addressbook.models import Group, Upload
from addressbook.services import uploads
from addressbook.services.uploads import lists
from addressbook.services.uploads.checking import layout_of
from addressbook.views.answers.answers import Notification
from addressbook.views.uploads import list_sentences, upload_sentences
from addressbook.views.uploads.upload_findings import column_name, findings_of, questions
from libraries.spreadsheets import ENCODINGS, Layout
from workspace.models import JobState
from workspace.numbers import number
from workspace.views.books.masking import text_for
from workspace.views.pages.access import Access


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows a second and what is left; None where it cannot be said yet."""

    done: int
    total: int
    rows_a_second: int | None
    time_left: str


def is_result(upload: Upload) -> bool:
    """Whether addresses were registered, or might have been: then a notification says how many."""
    return upload.finished_at is not None and upload.phase == Upload.Phase.APPLY


def upload_dialog(access: Access, upload: Upload) -> dict[str, Any]:
    result = upload.check_result
    context: dict[str, Any] = {"upload": upload, "result": result}
    if is_result(upload):
        can_mend = upload.refused_file and not upload.is_list and is_shown_to(upload, access)
        mendable = len(uploads.texts_to_mend(upload)) if can_mend else 0
        context |= {"notification": result_notification(upload), "mendable": mendable}
    elif upload.finished_at is not None:
        context["ended"] = _ended(upload)
    elif upload.is_working:
        context["progress"] = progress_of(upload)
    else:
        context |= _check_context(access, upload)
    return context


def is_shown_to(upload: Upload, access: Access) -> bool:
    """Whether they see in full what the file holds: it is theirs, or addresses are shown to them anyway."""
    return not access.sees_masked or upload.requested_by_id == access.by.user.pk


def result_notification(upload: Upload) -> Notification:
    if upload.is_list:
        return Notification(list_sentences.sentence(upload), tuple(list_sentences.counts(upload)), undo=upload.act_id)
    result, outcome = upload.check_result, upload.outcome
    registered = outcome.get("registered", 0)
    counts = [
        (_("Rows"), result.get("rows", 0)),
        (_("Registered"), registered),
        (_("Already there"), upload.rows_done - registered),
        (_("Duplicates"), result.get("doubled", 0)),
        (_("Invalid"), result.get("invalid", 0)),
    ]
    if outcome.get("group"):
        counts.insert(2, (_("Added to “%(group)s”") % {"group": outcome["group"]}, outcome.get("added_to_group", 0)))
    elif result.get("group_count"):
        counts.insert(2, (_("Added to groups"), outcome.get("added_to_group", 0)))
    if result.get("blank"):
        counts.append((_("Blank"), result["blank"]))
    return Notification(_sentence(upload), tuple(counts), undo=upload.act_id)


def _sentence(upload: Upload) -> str:
    done = {"done": number(upload.rows_done), "total": number(upload.rows_total)}
    if upload.state == JobState.CANCELLED:
        return _("Cancelled after %(done)s of %(total)s addresses. What was registered stays.") % done
    if upload.outcome.get("reason"):
        return upload_sentences.ended(upload.outcome["reason"])
    if upload.state == JobState.FAILED:
        return _("Stopped by a fault after %(done)s of %(total)s addresses. Upload the file again for the rest.") % done
    if upload.check_result.get("invalid"):
        return _("The addresses are in the address book. Invalid rows were not registered.")
    return _("The addresses are in the address book.")


def _ended(upload: Upload) -> str:
    if upload.state == JobState.REFUSED:
        return upload_sentences.refusal(upload.outcome["refusal"], upload.outcome.get("detail", {}))
    if upload.state == JobState.CANCELLED and not upload.outcome.get("reason"):
        return _("Cancelled. Nothing was changed.") if upload.is_list else _("Cancelled. Nothing was registered.")
    is_begun = upload.phase == Upload.Phase.APPLY
    words = list_sentences if upload.is_list else upload_sentences
    return words.ended(upload.outcome.get("reason", ""), is_begun=is_begun)


def progress_of(upload: Upload) -> Progress:
    speed, left = None, ""
    if upload.started_at is not None and upload.rows_done:
        seconds = max((timezone.now() - upload.started_at).total_seconds(), 0.1)
        speed = round(upload.rows_done / seconds)
        if upload.rows_total and speed:
            left = upload_sentences.time_left((upload.rows_total - upload.rows_done) / speed)
    return Progress(upload.rows_done, upload.rows_total, speed, left)


def _check_context(access: Access, upload: Upload) -> dict[str, Any]:
    result, layout = upload.check_result, layout_of(upload)
    if not is_shown_to(upload, access):
        result, layout = _masked_result(result, access), masked_layout(layout, access)
    refusal = result.get("refusal")
    return {
        "layout": layout,
        "result": result,
        "refusal": upload_sentences.refusal(refusal, result.get("detail", {})) if refusal else "",
        "needs_column": layout is not None and layout.email_column is None,
        "what_it_was": upload_sentences.what_it_was(layout.kind, upload.name) if layout else "",
        "questions": questions(upload.choice, layout) if layout else [],
        "findings": findings_of(upload, result, layout),
        "new_groups_unlisted": result.get("new_group_count", 0) - len(result.get("new_groups", [])),
        "choices": Group.objects.filter(edition=access.edition).as_tree(),
        "concerns_mail": upload.is_list and bool(upload.action) and lists.act_of(upload.action).is_asked_alone,
        "choose_url": reverse("choose_upload", args=[access.book.slug, upload.pk]),
        "seen": upload.attempt,
        "body": "#upload-body",
        "may_have_groups": not upload.is_list,
        **reading_options(layout),
    }


def _masked_result(result: dict[str, Any], access: Access) -> dict[str, Any]:
    """The findings in the file of somebody else, for those to whom addresses are masked."""
    listed = ("findings", "group_findings", "outside", "new_groups")
    masked = {**result, **{name: _masked(result[name], access) for name in listed if name in result}}
    if "group_findings" in result:
        pairs = zip(masked["group_findings"], result["group_findings"], strict=True)
        # The name proposed for one with an address in it spells that address with other signs.
        masked["group_findings"] = [
            found if found["name"] == original["name"] else {**found, "proposal": None} for found, original in pairs
        ]
    return masked


def _masked(value: Any, access: Access) -> Any:
    """Every text in what a check lists; codes hold no address and stay as they are."""
    if isinstance(value, list):
        return [_masked(one, access) for one in value]
    if isinstance(value, dict):
        return {name: _masked(one, access) for name, one in value.items()}
    return text_for(value, access) if isinstance(value, str) else value


def masked_layout(layout: Layout | None, access: Access) -> Layout | None:
    """The same without anybody's address in full."""
    if layout is None:
        return None
    sample = tuple((row, tuple(text_for(cell, access) for cell in cells)) for row, cells in layout.sample)
    columns = tuple(text_for(name, access) for name in layout.columns)
    readings = tuple((name, tuple(text_for(line, access) for line in lines)) for name, lines in layout.readings)
    return replace(layout, columns=columns, sample=sample, readings=readings)


def _found(layout: Layout) -> str:
    """How the file was read, in a line."""
    parts = []
    if layout.email_column is not None:
        parts.append(_("addresses in %(column)s") % {"column": column_name(layout, layout.email_column)})
    if layout.group_column is not None:
        parts.append(_("groups in %(column)s") % {"column": column_name(layout, layout.group_column)})
    if layout.sheet is not None:
        parts.append(_("sheet “%(sheet)s”") % {"sheet": layout.sheet})
    if layout.encoding is not None:
        parts.append(layout.encoding.upper())
    if layout.header_row is not None:
        parts.append(_("headings in row %(row)s") % {"row": number(layout.header_row)})
    return " · ".join(parts)


def reading_options(layout: Layout | None) -> dict[str, Any]:
    """How a file was read, and what can be chosen instead, for the template `dialogs/upload_choice.html`."""
    delimiters = {"comma": _("Comma"), "semicolon": _("Semicolon"), "tab": _("Tab"), "bar": "|", "none": _("None")}
    encodings = [(name, name.upper()) for name in ENCODINGS]
    if layout is None:
        none: dict[str, Any] = dict.fromkeys(("delimiters", "columns", "headers", "sample_columns"), ())
        return {"encodings": encodings, "found": "", **none}
    columns = [(column, column_name(layout, column)) for column in range(len(layout.columns))]
    numbers = {1, *(row for row, _cells in layout.sample), *([layout.header_row] if layout.header_row else [])}
    chosen = next((name for name, sign in DELIMITERS.items() if sign == layout.delimiter), "")
    return {
        "found": _found(layout),
        "encodings": encodings if layout.encoding is not None else [],
        "delimiters": list(delimiters.items()) if layout.delimiter is not None else [],
        "delimiter": chosen,
        "columns": columns,
        "headers": sorted(numbers),
        "sample_columns": [name for _number, name in columns],
    }


def line_of(upload: Upload) -> str:
    """What the line on the page says of an upload."""
    if upload.is_working and upload.phase == Upload.Phase.CHECK:
        if upload.state == JobState.WAITING:
            return _("waiting for a worker")
        return _("being checked, %(rows)s rows so far") % {"rows": number(upload.rows_done)}
    if upload.is_working:
        done, total = number(upload.rows_done), number(upload.rows_total)
        return _("%(done)s of %(total)s") % {"done": done, "total": total}
    if upload.is_list and (upload.finished_at is None or (is_result(upload) and upload.state == JobState.COMPLETE)):
        return list_sentences.line(upload)
    if upload.finished_at is None:
        return _("checked – ready to register")
    if is_result(upload) and upload.state == JobState.COMPLETE:
        count = upload.outcome.get("registered", 0)
        return ngettext("%(count)s address registered", "%(count)s addresses registered", count) % {
            "count": number(count)
        }
    if not is_result(upload):
        return _ended(upload)
    return list_sentences.sentence(upload) if upload.is_list else _sentence(upload)
