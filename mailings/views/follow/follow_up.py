"""What to do for those whom a mailing did not reach: each act asks for which reasons, and then does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from addressbook.forms.groups import name_problem
from addressbook.models import Group
from addressbook.services.addresses.bulk_jobs import UndoRunningError
from addressbook.services.addresses.groups import (
    GroupGoneError,
    GroupNameTakenError,
    InvalidGroupNameError,
    TooManyGroupsError,
)
from addressbook.views.undo import undo_sentences
from mailings import limits
from mailings.models import Mailing, RecipientState
from mailings.services.drafts import DraftGoneError
from mailings.services.results import follow_up, reasons
from mailings.services.results.follow_up import Followed, NobodyChosenError, NotOverError
from mailings.services.results.reasons import Reason
from mailings.services.rules import NotAllowedError
from mailings.views.follow import sentences
from mailings.views.follow.mailing import mailing_context, mailing_or_404
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.numbers import number
from workspace.views.pages import sentences as page_sentences
from workspace.views.pages.access import Access, to_book

_FAILED: Final = (RecipientState.FAILED,)


@dataclass(frozen=True, slots=True)
class _Act:
    """An act's dialog: whom it offers, and which of them are ticked at first."""

    name: str
    offers: Callable[[Reason], bool]
    ticks: Callable[[Reason], bool]


def _is_worth_another_mail(reason: Reason) -> bool:
    is_lost = reason.state in (RecipientState.BLOCKED, RecipientState.UNKNOWN) or reason.is_hard_bounce
    return not is_lost


_SEND: Final = _Act("send_to_not_reached", reasons.may_be_sent_to, _is_worth_another_mail)
_TAKE_OUT: Final = _Act("take_out_of_book", lambda _reason: True, lambda reason: reason.state in _FAILED)
_GROUP: Final = _Act("put_into_group", lambda _reason: True, lambda reason: reason.state in _FAILED)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def send_to_not_reached(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    mailing = mailing_or_404(access, mailing_id)
    if request.method == "GET":
        return _ask(request, access, mailing, _SEND)
    try:
        draft = follow_up.send_to(book=access.book, mailing_id=mailing_id, **_sent(request), by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    except NotOverError:
        return _ask(request, access, mailing, _SEND, problem=_not_over())
    except NobodyChosenError:
        return _ask(request, access, mailing, _SEND, problem=_("Choose at least one reason."))
    messages.success(request, _("This is a new draft to those who were not reached. Nothing is sent yet."))
    return _to(request, access, draft)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def take_out_of_book(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    mailing = mailing_or_404(access, mailing_id)
    if request.method == "GET":
        return _ask(request, access, mailing, _TAKE_OUT)
    return _apply(request, access, mailing, _TAKE_OUT, follow_up.take_out)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def put_into_group(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    mailing = mailing_or_404(access, mailing_id)
    if request.method == "GET":
        return _ask(request, access, mailing, _GROUP)
    chosen, name = request.POST.get("group", ""), request.POST.get("name", "")
    group = int(chosen[:18]) if chosen.isascii() and chosen.isdigit() else name
    try:
        return _apply(request, access, mailing, _GROUP, follow_up.put_into_group, group=group)
    except GroupGoneError:
        problem = _("The group was deleted meanwhile. Choose again.")
    except (InvalidGroupNameError, GroupNameTakenError) as error:
        problem = name_problem(error, name=name)
    except TooManyGroupsError:
        problem = page_sentences.too_many_groups()
    return _ask(request, access, mailing, _GROUP, group_problem=problem)


def _apply(
    request: HttpRequest, access: Access, mailing: Mailing, act: _Act, service: Callable[..., Followed], **more: Any
) -> HttpResponse:
    try:
        followed = service(book=access.book, mailing_id=mailing.pk, **_sent(request), **more, by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    except NotOverError:
        return _ask(request, access, mailing, act, problem=_not_over())
    except NobodyChosenError:
        problem = _("None of these recipients has to be changed in the address book. Choose others.")
        return _ask(request, access, mailing, act, problem=problem)
    except UndoRunningError:
        return _ask(request, access, mailing, act, problem=undo_sentences.undo_running())
    dialog = {"dialog_template": "mail/dialogs/followed_up.html", **_told(followed)}
    return _answer(request, access, mailing, dialog)


def _told(followed: Followed) -> dict[str, Any]:
    elsewhere = followed.chosen - followed.done.selected
    notes = []
    if followed.is_part:
        limit = number(limits.FOLLOW_UP_ADDRESSES)
        notes.append(_("At most %(limit)s addresses are changed at once. Repeat it for the others.") % {"limit": limit})
    elif elsewhere:
        sentence = ngettext(
            "%(count)s recipient was passed over: not in the address book, or there already.",
            "%(count)s recipients were passed over: not in the address book, or there already.",
            elsewhere,
        )
        notes.append(sentence % {"count": number(elsewhere)})
    return {"done": followed.done, "counts": sentences.followed(followed.done), "notes": notes}


def _ask(
    request: HttpRequest, access: Access, mailing: Mailing, act: _Act, *, problem: str = "", group_problem: str = ""
) -> HttpResponse:
    if mailing.is_draft:
        raise Http404
    found = [reason for reason in reasons.reasons_of(mailing) if act.offers(reason)]
    is_first = request.method == "GET"
    ticked = {reason.name for reason in found if act.ticks(reason)} if is_first else set(request.POST.getlist("reason"))
    if is_first and mailing.done_at is None:
        problem = _not_over()
    context = {
        "act": act.name,
        "title": dict(sentences.follow_ups())[act.name],
        "choices": [(reason, sentences.reason_line(reason), reason.name in ticked) for reason in found],
        "problem": problem,
        "group_problem": group_problem,
        "group": request.POST.get("group", ""),
        "name": request.POST.get("name", ""),
        "groups": Group.objects.filter(edition=access.edition).as_tree() if act is _GROUP else [],
        "dialog_template": "mail/dialogs/follow_up.html",
    }
    return _answer(request, access, mailing, context, status=200 if is_first else 422)


def _answer(
    request: HttpRequest, access: Access, mailing: Mailing, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The dialog alone for htmx; without scripts the whole page with the dialog open."""
    if "HX-Request" in request.headers:
        own = {"access": access, "book": access.book, "mailing": mailing, "token": uuid4(), **context}
        return render(request, "dialogs/alone.html", own, status=status)
    return render(request, "mail/mailing.html", {**mailing_context(request, access, mailing), **context}, status=status)


def _to(request: HttpRequest, access: Access, draft: Mailing) -> HttpResponse:
    answer = redirect("mailing", slug=access.book.slug, mailing_id=draft.pk)
    return HttpResponseClientRedirect(answer.url) if "HX-Request" in request.headers else answer


def _sent(request: HttpRequest) -> dict[str, Any]:
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    token: UUID = form.cleaned_data["token"]
    return {"names": request.POST.getlist("reason"), "token": token}


def _not_over() -> str:
    return _("The mail is still under way. Wait until it is known who was reached.")
