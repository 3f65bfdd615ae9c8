"""What the screen says of a list: what was done to its addresses, and why that ended."""

from django.utils.translation import gettext as _

from addressbook.models import Upload
from addressbook.services.uploads import lists
from workspace.models import JobState
from workspace.numbers import number


def counts(upload: Upload) -> list[tuple[str, int]]:
    """Label and number of what was done, and of what the list held besides."""
    result, outcome = upload.check_result, upload.outcome
    done = [(str(label), outcome.get(name, 0)) for name, label in lists.act_of(upload.action).counts.items()]
    rest = [(_("Duplicates"), result.get("doubled", 0)), (_("Invalid"), result.get("invalid", 0))]
    return [(_("Addresses of the list"), upload.rows_total), *done, *rest]


def sentence(upload: Upload) -> str:
    """How a list ended that was acted on."""
    if upload.state == JobState.COMPLETE:
        return str(lists.act_of(upload.action).done)
    done = {"done": number(upload.rows_done), "total": number(upload.rows_total)}
    if upload.state == JobState.CANCELLED:
        return _("Cancelled after %(done)s of %(total)s addresses. What was done stays.") % done
    if upload.outcome.get("reason"):
        return ended(upload.outcome["reason"])
    return _("Stopped by a fault after %(done)s of %(total)s addresses. Send the list again for the rest.") % done


def ended(reason: str, *, is_begun: bool = True) -> str:
    """Why a list ended early; `is_begun` says whether anything may have been done before."""
    match reason:
        case "reset" if not is_begun:
            return _("The address book was reset before anything was done. Please send the list again.")
        case "reset":
            return _("The address book was reset meanwhile. Nothing was done to the rest of the list.")
        case "traces_erased":
            return _("The list held an address of which every trace was erased. Please send it again without it.")
        case "file_gone":
            return _("The list is no longer there. Please send it again.")
        case "expired":
            return _("Nobody said in time what to do, so the list was deleted. Please send it again.")
        case _:
            return _("Checking the list failed several times. Please send it again.")


def line(upload: Upload) -> str:
    """What the line on the page says of a list that rests or is over."""
    if upload.finished_at is None:
        there, total = (number(upload.check_result.get(name, 0)) for name in ("already_there", "addresses"))
        return _("%(there)s of %(total)s are in the address book – choose what to do with them") % {
            "there": there,
            "total": total,
        }
    parts = [
        f"{label} {number(upload.outcome.get(name, 0))}" for name, label in lists.act_of(upload.action).counts.items()
    ]
    return ", ".join(parts)
