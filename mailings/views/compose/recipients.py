"""The recipients of a draft: the dialog *Add recipients*, and the lines of what was added."""

from typing import Any, Final
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from addressbook.forms.listing import listing_from
from addressbook.forms.selection import SelectionForm
from addressbook.models import Group
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.addresses.registration import NoAddressesError, TooManyAddressesError
from addressbook.views.addresses.found import group_gone_sentence
from addressbook.views.answers.answers import answer_changed_meanwhile
from libraries.spreadsheets import EXTENSIONS
from mailings import limits
from mailings.forms.draft import read_id
from mailings.services.drafts import DraftGoneError
from mailings.services.recipients import sources
from mailings.services.recipients.counting import count
from mailings.services.recipients.sources import TooManySourcesError
from mailings.views.compose.draft import dialog, draft_context, draft_or_404, recipients_context
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.numbers import number
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_large_forms

TABS: Final = ("groups", "addresses", "file")


@require_POST
@to_book(Role.MANAGER)
def begin_with_selection(request: HttpRequest, access: Access) -> HttpResponse:
    """`Send mail` of the address book: a new draft to what is selected there, whatever its size."""
    form = SelectionForm(request.POST)
    listing = listing_from(request.POST)
    if not form.is_valid():
        problem = form.non_field_errors() or [_("This page was too old. Please try again.")]
        return answer_changed_meanwhile(request, access, listing, str(problem[0]))
    selected = form.selection()
    if not selected.addresses(access.edition).exists():
        gone = _("The selected addresses were deleted meanwhile. Nothing was changed.")
        return answer_changed_meanwhile(request, access, listing, gone)
    draft = sources.begin_with_selection(
        book=access.book, selection=selected, token=form.cleaned_data["token"], by=access.by
    )
    target = redirect("mailing", slug=access.book.slug, mailing_id=draft.pk)
    return HttpResponseClientRedirect(target.url) if "HX-Request" in request.headers else target


@require_GET
@to_book(Role.MANAGER)
def ask_recipients(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    return recipients_dialog(request, access, mailing_id, tab=request.GET.get("tab", ""))


@require_POST
@to_book(Role.MANAGER)
def add_groups(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    chosen = [pk for text in request.POST.getlist("group") if (pk := read_id(text)) is not None]
    without = [pk for text in request.POST.getlist("without") if (pk := read_id(text)) is not None]
    if not chosen:
        return recipients_dialog(request, access, mailing_id, problem=_("Choose at least one group."), status=422)
    try:
        sources.add_groups(
            book=access.book,
            mailing_id=mailing_id,
            group_ids=chosen,
            in_all=request.POST.get("match") == "all",
            without_ids=without,
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except DraftGoneError as error:
        raise Http404 from error
    except GroupGoneError:
        return recipients_dialog(request, access, mailing_id, problem=group_gone_sentence(), status=409)
    except TooManySourcesError:
        return recipients_dialog(request, access, mailing_id, problem=too_many_sources(), status=422)
    return lines(request, access, mailing_id)


@takes_large_forms
@require_POST
@to_book(Role.MANAGER)
def add_addresses(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    text = request.POST.get("addresses", "")
    own: dict[str, Any] = {"tab": "addresses", "text": text, "status": 422}
    try:
        added = sources.add_typed(
            book=access.book, mailing_id=mailing_id, text=text, token=form.cleaned_data["token"], by=access.by
        )
    except DraftGoneError as error:
        raise Http404 from error
    except NoAddressesError:
        return recipients_dialog(request, access, mailing_id, problem=_("Type at least one address."), **own)
    except TooManyAddressesError as error:
        problem = _("These are %(count)s addresses; at most %(limit)s can be typed at a time.") % {
            "count": number(error.count),
            "limit": number(limits.TYPED_RECIPIENTS),
        }
        return recipients_dialog(request, access, mailing_id, problem=problem, **own)
    except TooManySourcesError:
        return recipients_dialog(request, access, mailing_id, problem=too_many_sources(), **own)
    if added.invalid:
        own["text"] = "\n".join(entry.text for entry in added.invalid)
        problem = ngettext(
            "%(count)s entry is no address. Correct it, or close this window to leave it out.",
            "%(count)s entries are no addresses. Correct them, or close this window to leave them out.",
            len(added.invalid),
        ) % {"count": number(len(added.invalid))}
        return recipients_dialog(request, access, mailing_id, problem=problem, lines_too=True, **own)
    return lines(request, access, mailing_id)


@require_POST
@to_book(Role.MANAGER)
def remove_source(request: HttpRequest, access: Access, mailing_id: int, source_id: int) -> HttpResponse:
    try:
        sources.remove(book=access.book, mailing_id=mailing_id, source_id=source_id, by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    return lines(request, access, mailing_id)


def recipients_dialog(
    request: HttpRequest,
    access: Access,
    mailing_id: int,
    *,
    tab: str = "groups",
    text: str = "",
    problem: str = "",
    lines_too: bool = False,
    status: int = 200,
) -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    context = {
        **draft_context(access, draft),
        "groups": Group.objects.filter(edition=access.edition).as_tree(),
        "tab": tab if tab in TABS else "groups",
        "text": text,
        "problem": problem,
        "lines_too": lines_too,
        "token": uuid4(),
        "extensions": EXTENSIONS,
        "dialog_template": "mail/dialogs/recipients.html",
    }
    return dialog(request, context, status=status)


def lines(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """The region of recipients as it is now; the dialog goes."""
    if "HX-Request" not in request.headers:
        return redirect("mailing", slug=access.book.slug, mailing_id=mailing_id)
    draft = draft_or_404(access, mailing_id)
    context = {"access": access, "book": access.book, "draft": draft}
    context |= recipients_context(draft, count(draft, access.edition))
    return render(request, "mail/recipients_changed.html", context)


def too_many_sources() -> str:
    return _("A mail has at most %(limit)s lines of recipients. Put some of them into a group.") % {
        "limit": number(sources.SOURCES_MOST)
    }
