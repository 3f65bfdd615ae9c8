"""A mailing's page: where it stands, its numbers, who got it, and what a person can do about it."""

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from mailings.forms.draft import read_id
from mailings.models import Mailing, MailingState, PartState, Recipient
from mailings.services.content.composing import MissingValueError, compose
from mailings.services.content.composing import render as rendered
from mailings.services.results.reasons import reasons_of
from mailings.services.rules import NotAllowedError, may_send, rules_of
from mailings.services.sending import confirming, freezing
from mailings.services.sending.confirming import ChangedMeanwhileError, MailingGoneError, SamePersonError, TooLateError
from mailings.services.sending.content import content_of
from mailings.services.sending.progress import progress_of
from mailings.views.compose.draft import draft_page
from mailings.views.compose.preview import FRAME_POLICY, mail_frame
from mailings.views.follow import sentences
from mailings.views.follow.recipients import mail_dialog, may_search, recipients_context
from workspace.models import Role
from workspace.services.books.connection import is_practice
from workspace.views.pages.access import Access, to_book

POLL_SECONDS: Final = 2
# Of what waits for its time, or for a person.
POLL_SECONDS_WAITING: Final = 20
# While something moves by itself.
MOVING: Final = frozenset(
    {
        MailingState.FREEZING,
        MailingState.HELD,
        MailingState.SENDING,
        MailingState.UNKNOWN,
        MailingState.ACCEPTED,
        MailingState.STOPPED,
    }
)


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def mailing_page(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """A draft's page is *Send mail*. POST searches the recipients, since an address must not be in a URL."""
    mailing = mailing_or_404(access, mailing_id)
    part = request.headers.get("HX-Target", "") if "HX-Request" in request.headers else ""
    if mailing.is_draft:
        if not access.may_edit:
            raise PermissionDenied
        # Made a draft again under the eyes of somebody who follows it: that is another page.
        return HttpResponseClientRefresh() if part else draft_page(request, access, mailing)
    template = "mail/mailing.html"
    context = mailing_context(request, access, mailing)
    if part in ("mailing-state", "mailing-rows"):
        answer = render(request, f"{template}#{part}", context)
        # The page asks for its state again and again; for its rows only when they may be others now.
        moved = request.GET.get("seen", context["standing"]) != context["standing"]
        return trigger_client_event(answer, "mailing-moved") if moved else answer
    return render(request, template, context)


def mailing_or_404(access: Access, mailing_id: int) -> Mailing:
    mailing = Mailing.objects.select_related("sender").filter(book=access.book, pk=mailing_id).first()
    if mailing is None:
        raise Http404
    return mailing


def mailing_context(request: HttpRequest, access: Access, mailing: Mailing) -> dict[str, Any]:
    is_sending = mailing.state in (MailingState.SENDING, MailingState.PAUSED)
    progress = progress_of(mailing)
    return {
        "access": access,
        "book": access.book,
        "mailing": mailing,
        "state": sentences.state(mailing),
        "sentence": sentences.standing(mailing),
        "pace": sentences.pace(mailing, progress),
        # What has ended before somebody came to look is no news.
        "tab": sentences.tab(mailing, progress) if _polls(mailing) or request.GET.get("seen") else "",
        "standing": f"{mailing.state}-{mailing.planned}-{mailing.open}-{mailing.sent}-{mailing.unknown}",
        "counts": sentences.counts(mailing),
        "parts": [(part, sentences.part(part)) for part in mailing.parts.order_by("number")],
        "undecided": _undecided(mailing),
        "prepared": freezing.prepared(mailing) if mailing.state == MailingState.FREEZING else None,
        "may_send": may_send(access.role, rules_of(access.book)),
        "may_undo": mailing.state in (MailingState.HELD, MailingState.FREEZING),
        "may_cancel": mailing.state in (MailingState.SCHEDULED, MailingState.AWAITING, MailingState.MISSED),
        "may_approve": mailing.state == MailingState.AWAITING and mailing.confirmed_by_id != access.by.user.pk,
        # Parts without an answer have to be decided on first.
        "may_resume": mailing.state == MailingState.PAUSED and mailing.reason.get("code") != "unanswered",
        "may_stop": is_sending,
        "poll_seconds": _polls(mailing),
        "token": uuid4(),
        "time_zone": settings.TIME_ZONE,
        "is_practice": is_practice(access.book),
        "time_line": sentences.time_line(mailing),
        "attachments": mailing.attachments.all(),
        "history": sentences.history_lines(mailing) if access.may_edit else [],
        **_not_reached(request, access, mailing),
    }


def _polls(mailing: Mailing) -> int:
    """After how many seconds the page asks again; 0: nothing happens any more."""
    if mailing.done_at is not None:
        return 0
    return POLL_SECONDS if mailing.state in MOVING else POLL_SECONDS_WAITING


def _not_reached(request: HttpRequest, access: Access, mailing: Mailing) -> dict[str, Any]:
    """Why, what can be done for them once it is known of everybody, and the table of all recipients."""
    found = reasons_of(mailing)
    return {
        **recipients_context(request, access, mailing, found),
        "reasons": [(reason, str(reason.state.label), sentences.reason_sentence(reason.code)) for reason in found],
        "may_follow_up": access.may_edit and mailing.done_at is not None and bool(found),
        "follow_ups": sentences.follow_ups(),
    }


def _undecided(mailing: Mailing) -> list[Any]:
    """Parts that only a person can decide on."""
    parts = mailing.parts.order_by("number")
    unknown = list(parts.filter(state=PartState.UNKNOWN, next_look_at__isnull=True))
    refused = list(parts.filter(state=PartState.REFUSED))
    return [(part, sentences.part(part)) for part in [*unknown, *refused]]


@require_safe
@to_book(Role.VIEWER)
def received_mail(request: HttpRequest, access: Access, mailing_id: int, number: int) -> HttpResponse:
    """What one recipient got: asked of the service when somebody wants to see it."""
    mailing = mailing_or_404(access, mailing_id)
    if mailing.is_draft:
        raise Http404
    context = {"access": access, "book": access.book, "mailing": mailing, **mail_dialog(access, mailing, number)}
    if "HX-Request" in request.headers:
        return render(request, "dialogs/alone.html", context)
    return render(request, "mail/mailing.html", {**mailing_context(request, access, mailing), **context})


@require_safe
@xframe_options_sameorigin
@csp_replace(FRAME_POLICY)  # type: ignore[arg-type]  # its type knows views without arguments only
@to_book(Role.VIEWER)
def mailing_frame(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """What one recipient gets, by number; without one, the mail with its placeholders."""
    mailing = mailing_or_404(access, mailing_id)
    if mailing.is_draft and not access.may_edit:
        raise PermissionDenied
    number = request.GET.get("recipient", "")
    row = None
    # The values of a recipient may hold the address that somebody sees masked.
    if may_search(access) and number.isascii() and number.isdigit():
        row = Recipient.objects.filter(mailing=mailing, number=int(number[:18])).first()
    composed = compose(content_of(mailing))
    try:
        html = rendered(composed, (row.values if row else None) or {}).body
    except MissingValueError:
        html = composed.body
    return mail_frame(html, with_pictures=request.GET.get("pictures") == "1")


def _act(act: Callable[..., Any], done: Callable[[], str], *, seen: str = "") -> Any:
    """A view that has one service act on the mailing, and shows its page.

    `seen` is the argument that tells the service what the person has decided on.
    """

    @require_POST
    @to_book(Role.MANAGER)
    def view(request: HttpRequest, access: Access, mailing_id: int, **kwargs: int) -> HttpResponse:
        if seen:
            number = read_id(request.POST.get("seen", ""))
            kwargs[seen] = -1 if number is None else number
        try:
            act(book=access.book, mailing_id=mailing_id, **kwargs, by=access.by)
        except MailingGoneError as error:
            raise Http404 from error
        except NotAllowedError as error:
            raise PermissionDenied from error
        except TooLateError as error:
            messages.error(request, sentences.too_late(error.now))
        except ChangedMeanwhileError:
            messages.error(request, _("It was changed in the meantime. Look at it as it is now, and decide again."))
        except SamePersonError:
            messages.error(request, _("Another person has to confirm this mail, not the one who sends it."))
        else:
            messages.success(request, done())
        return redirect("mailing", slug=access.book.slug, mailing_id=mailing_id)

    return view


undo_mailing = _act(confirming.undo, lambda: _("It is a draft again. Nothing was sent."))
approve_mailing = _act(confirming.approve, lambda: _("Confirmed."), seen="seen_version")
send_mailing_now = _act(confirming.send_now, lambda: _("It is sent now."), seen="seen_version")
stop_mailing = _act(confirming.stop, lambda: _("Stopped. The part that is being sent is still followed."))
pause_mailing = _act(confirming.pause, lambda: _("Paused."))
resume_mailing = _act(confirming.resume, lambda: _("It goes on."))
look_again = _act(confirming.look_again, lambda: _("The service is asked again."))
send_part = _act(confirming.send_part, lambda: _("The part is sent."), seen="seen_attempts")
leave_part_out = _act(confirming.leave_out, lambda: _("The part is left out."), seen="seen_attempts")
