"""What *Manage templates* says: what is wrong with a text, why something was not done, how far work is."""

from collections import Counter
from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings import limits
from mailings.models import Template, TemplateCall, TemplateEntry, TemplateImport
from mailings.models.template_work import Leased
from mailings.services.templates.calls import BusyError
from mailings.services.templates.categories import (
    CategoryNotEmptyError,
    CategoryTooDeepError,
    HeldByServiceError,
    NameTakenError,
)
from mailings.services.templates.documents import RefusedDocumentError
from mailings.services.templates.importing import ImportRunningError
from mailings.services.templates.reading import Standing
from mailings.services.templates.settling import UnsettledError
from mailings.services.templates.texts import Problem
from mailings.services.templates.tree import CategoryGoneError
from mailings.services.templates.writing import UnreadTemplateError
from workspace.models import AddressBook
from workspace.numbers import number
from workspace.services.books.connection import MailerError, NotConnectedError, Obstacle
from workspace.views.books.connection_sentences import verdict_on_failure

# Everything that keeps an act from being done and that a page can say.
REFUSALS: Final = (
    BusyError,
    CategoryGoneError,
    CategoryNotEmptyError,
    CategoryTooDeepError,
    HeldByServiceError,
    ImportRunningError,
    MailerError,
    NameTakenError,
    NotConnectedError,
    UnreadTemplateError,
    UnsettledError,
)


def refusal(error: Exception, book: AddressBook) -> str:
    """Why something was not done; one of REFUSALS."""
    match error:
        case UnsettledError(looked=True):
            return _(
                "No answer came, and the service does not have it yet. Try again: it is looked for first, so nothing "
                "is done twice."
            )
        case UnsettledError():
            return _(
                "No answer came, and the service could not be asked what became of it. Try again in a minute: it is "
                "looked for first, so nothing is done twice."
            )
        case MailerError() | NotConnectedError():
            said = verdict_on_failure(error, book).sentence
            return _("Nothing was changed. %(said)s") % {"said": said}
        case BusyError():
            return _("Somebody is saving this just now. Try again in a moment.")
        case CategoryGoneError():
            return _(
                "The category no longer exists at the service. Choose another one, or save again to create it there "
                "again."
            )
        case CategoryNotEmptyError():
            return _(
                "Only an empty category can be deleted: no templates, not even unused ones, and no categories in it."
            )
        case CategoryTooDeepError():
            return _("Categories can be nested %(count)s levels deep.") % {"count": number(limits.CATEGORY_DEPTH)}
        case HeldByServiceError():
            return _(
                "The service has no operation to rename a category. Rename it in the provider’s console, then press "
                "Refresh here."
            )
        case ImportRunningError():
            return _("Another import of this address book is still going on.")
        case NameTakenError():
            return _("This name is already used here.")
    return _("Its content has not been read from the service yet. Press Refresh and wait a moment.")


def problems(found: list[Problem]) -> dict[str, str]:
    """A sentence for each field that is not right, by its name."""
    return {one.place: problem(one.code, one.detail) for one in reversed(found)}


def problem(code: str, detail: dict[str, Any]) -> str:
    match code:
        case "name":
            return _name(detail.get("character"))
        case "subject_missing":
            return _("Type a subject.")
        case "subject_lines":
            return _("The subject has a line break.")
        case "body_empty":
            return _("Write a body.")
        case "sender_missing":
            return _("Name a sender.")
        case "no_address":
            return _("This is no email address.")
        case "sender_refused":
            return _("The service does not send from %(domain)s.") % detail
        case "too_long":
            return _("%(size)s is too long; at most %(most)s are allowed. A Hangul syllable takes three bytes.") % {
                "size": filesizeformat(detail["bytes"]),
                "most": filesizeformat(detail["most"]),
            }
        case "no_path":
            return _("The category is not a list of category names.")
        case "no_text":
            return _("The field %(field)s does not have the right type.") % detail
        case "no_editor":
            return _("The editor is neither “simple” nor “html”.")
        case "no_template":
            return _("This is not a template.")
        case "service_refused":
            return _("The service refused it: %(words)s") % detail
    return _("The service does not accept this.")


def _name(character: str | None) -> str:
    if character is None:
        return _("A name has 1 to 100 characters.")
    if character.isspace():
        return _("A name cannot hold spaces. Use “-” or “_” instead.")
    return _("“%(character)s” is not allowed in a name. Use Hangul, Latin letters, digits, “.”, “_” and “-”.") % {
        "character": character
    }


def document(error: RefusedDocumentError) -> str:
    match error.code:
        case "no_json":
            return _("The file is not JSON. Nothing was imported.")
        case "other_version":
            text = _("The file is of version %(version)s of the format, which this console does not know.")
            return text % error.detail
        case "too_many":
            text = _("The file has %(count)s templates; at most %(most)s can be imported at a time. Split it.")
            return text % {"count": number(error.detail["count"]), "most": number(limits.TEMPLATES_PER_IMPORT)}
        case "empty":
            return _("The file has no templates.")
    return _("This is not a file that Export has made. Nothing was imported.")


def read(standing: Standing) -> str:
    """Since when the page knows what it shows."""
    if standing.is_kept_here:
        return _("The templates are kept here only, because this address book is not connected to the service.")
    if standing.is_refreshing and not standing.unread:
        return _("The categories are being read from the service.")
    if standing.refresh is None or standing.refresh.tree_read_at is None:
        return _("The templates have not been read from the service yet. Press Refresh.")
    return _("Read from the service at %(time)s.") % {
        "time": date_format(localtime(standing.refresh.tree_read_at), "Y-m-d H:i")
    }


def unread(standing: Standing) -> str:
    if not standing.unread:
        return ""
    text = ngettext(
        "The content of %(count)s template is still to be read.",
        "The content of %(count)s templates is still to be read.",
        standing.unread,
    )
    return text % {"count": number(standing.unread)}


def trouble(work: Leased | None) -> str:
    """Why work that goes on by itself waits; blank where it does not."""
    if work is None or not work.problem:
        return ""
    if work.problem in set(Obstacle):
        return _("The service cannot be asked: the connection of this address book has to be put right first.")
    text = _("The service could not be asked (%(code)s). This is tried again by itself; nothing is lost.")
    return text % {"code": work.problem}


def unsettled(call: TemplateCall) -> str:
    name = call.name or str(call.template or call.category or "")
    text = _("No answer came when %(who)s saved “%(name)s”. Press Refresh to see what the service has.")
    return text % {"who": call.asked_by, "name": name}


def gone_from_service(template: Template, standing: Standing) -> str:
    if template.sid is None and not standing.is_kept_here:
        return _("The service does not hold this template. It is created there when it is saved or restored.")
    return ""


def imported(found: Counter[str]) -> list[tuple[str, int]]:
    """Label and number; together all templates of the file."""
    State = TemplateEntry.State  # noqa: N806 - a class
    labels = [
        (_("Imported"), State.IMPORTED),
        (_("Already there"), State.ALREADY_THERE),
        (_("Not accepted"), State.REFUSED),
        (_("Stopped"), State.STOPPED),
        (_("Waiting"), State.WAITING),
    ]
    return [(label, found[state]) for label, state in labels if found[state] or state == State.IMPORTED]


def refused_entries(of: TemplateImport) -> list[tuple[int, str, str]]:
    """Number, name and reason of what was not taken, the first limits.TEMPLATES_REFUSED_LISTED of them."""
    rows = of.entries.filter(state=TemplateEntry.State.REFUSED).order_by("number")
    return [
        (row.number, row.name, " ".join(problem(one["code"], one["detail"]) for one in row.problems))
        for row in rows[: limits.TEMPLATES_REFUSED_LISTED]
    ]


def twice(of: TemplateImport) -> str:
    count = of.entries.filter(state=TemplateEntry.State.IMPORTED, is_twice=True).count()
    if not count:
        return ""
    text = ngettext(
        "%(count)s name now exists twice in its category.",
        "%(count)s names now exist twice in their category.",
        count,
    )
    return text % {"count": number(count)}
