"""What acts and questions answer with. What stands behind it the screen draws, which knows all and is known by none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from addressbook.forms.listing import Listing
from addressbook.models import Group
from addressbook.models.groups import UNGROUPED
from addressbook.services.addresses.selection import Selection
from workspace.views.pages.access import Access
from workspace.views.pages.answers import dialog_alone


@dataclass(frozen=True, slots=True)
class Notification:
    """What an act brought about: a sentence, label and number line by line, and sentences on what was left undone.

    `undo`: the id of the act, where it can be undone.
    """

    sentence: str
    counts: tuple[tuple[str, int], ...] = ()
    undo: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Behind:
    """What of the screen stands behind an answer. `everything`: all that the list finds, where that is selected.

    `is_changed`: the act may have changed the book, and the group that was looked at may be gone.
    """

    access: Access
    listing: Listing
    everything: Selection | None = None
    parts: Literal["list", "screen"] = "screen"
    is_changed: bool = False


class OnScreen(TemplateResponse):
    """An answer that lacks what stands behind it: `views.screen.drawing` adds that before it is rendered."""

    def __init__(
        self, request: HttpRequest, template: str, context: Mapping[str, Any], behind: Behind, *, status: int = 200
    ) -> None:
        super().__init__(request, template, dict(context), status=status)
        self.behind = behind


def is_gone(access: Access, group_id: int | None) -> bool:
    if group_id is None or group_id == UNGROUPED:
        return False
    return not Group.objects.filter(edition=access.edition, pk=group_id).exists()


def answer_dialog(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """A dialog: alone for htmx, which puts it into #dialog; else the whole screen with the dialog open."""
    if "HX-Request" in request.headers:
        return dialog_alone(request, access, template, {"listing": listing, **context}, status=status)
    own = {"dialog_template": template, **context}
    return OnScreen(request, "console.html", own, Behind(access, listing), status=status)


def answer_done(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    notification: Notification | None,
    *,
    dialog: tuple[str, dict[str, Any]] | None = None,
    announcement: str = "",
) -> HttpResponse:
    """The screen after an act: what it brought about, and the tree and list as they are now.

    `dialog` (template and context) stays open behind the notification; otherwise the one that asked is closed.
    `announcement` is said to those who do not see the change, where no notification says it.
    """
    own: dict[str, Any] = {"notification": notification, "announcement": announcement}
    if dialog is not None:
        template, context = dialog
        own |= {**context, "dialog_template": template}
    template = "outcome.html" if "HX-Request" in request.headers else "console.html"
    return OnScreen(request, template, own, Behind(access, listing, is_changed=True))


def answer_changed_meanwhile(request: HttpRequest, access: Access, listing: Listing, sentence: str) -> HttpResponse:
    """The screen as it is now, and why the act did not happen."""
    return answer_done(request, access, listing, Notification(sentence))
