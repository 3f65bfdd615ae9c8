"""The page *Send mail*: a draft, begun, shown, saved while somebody types, copied and deleted."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from mailings import limits
from mailings.forms.draft import read_draft, read_id
from mailings.models import Mailing, Sender, Template
from mailings.services import checks, drafts
from mailings.services.content import placeholders
from mailings.services.drafts import DraftGoneError, StaleDraftError
from mailings.services.recipients.counting import Numbers, count
from mailings.services.rules import may_send, rules_of
from mailings.views.compose import file_sentences, sentences
from workspace.models import Role
from workspace.services.books.connection import is_practice
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_large_forms


@require_POST
@to_book(Role.MANAGER)
def begin_draft(request: HttpRequest, access: Access) -> HttpResponse:
    """Empty, or from a template in use."""
    template = None
    if "template" in request.POST:
        template = _template(access, read_id(request.POST["template"]))
        if template is None:
            messages.error(request, _("This template is not in use any more."))
            return redirect("manage_templates", slug=access.book.slug)
    draft = drafts.begin(book=access.book, template=template, token=_token(request), by=access.by)
    return redirect("mailing", slug=access.book.slug, mailing_id=draft.pk)


def draft_page(request: HttpRequest, access: Access, draft: Mailing, *, status: int = 200) -> HttpResponse:
    return render(request, "mail/draft.html", draft_context(access, draft), status=status)


def draft_context(access: Access, draft: Mailing) -> dict[str, Any]:
    numbers = count(draft, access.edition)
    # More than these are a fault of the mail, which its check names: a page of thousands of fields helps nobody.
    names = tuple(placeholders.names_in(draft.subject, draft.body))[: limits.PLACEHOLDERS_MOST]
    rules = rules_of(access.book)
    return {
        "access": access,
        "book": access.book,
        "draft": draft,
        "senders": Sender.objects.filter(book=access.book).order_by("-is_default", "address"),
        "placeholders": checks.placeholder_states(draft, names, numbers.lines),
        "attachments": draft.attachments.all(),
        "may_send": may_send(access.role, rules),
        "rules": rules,
        "reason": sentences.returned(draft),
        "token": uuid4(),
        "time_zone": settings.TIME_ZONE,
        "is_practice": is_practice(access.book),
        "editor_labels": json.dumps(sentences.editor_labels(), ensure_ascii=False),
        **recipients_context(draft, numbers),
    }


def recipients_context(draft: Mailing, numbers: Numbers) -> dict[str, Any]:
    files = list(draft.files.all())
    read = {file.source_id: file for file in files if file.is_read}
    unread = [(file, file_sentences.refusal(file)) for file in files if not file.is_read]
    return {
        "numbers": numbers,
        "lines": [
            (
                line,
                sentences.source_text(line.source),
                file_sentences.beside(line.source),
                read.get(line.source.pk),
            )
            for line in numbers.lines
        ],
        "numbers_behind": sentences.numbers_behind(numbers),
        "files": unread,
        "is_reading": any(not refusal for _file, refusal in unread),
    }


@takes_large_forms
@require_POST
@to_book(Role.MANAGER)
def save_draft(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """By `Save draft`, and by the script while somebody types, which gets a line of state back."""
    sent = read_draft(request.POST)
    if sent.seen_version is None:
        raise Http404
    try:
        draft = drafts.save(
            book=access.book,
            mailing_id=mailing_id,
            seen_version=sent.seen_version,
            content=sent.content,
            by=access.by,
        )
    except DraftGoneError:
        return _gone(request, access, mailing_id)
    except StaleDraftError as stale:
        return _both(request, access, stale.now, sent)
    if "HX-Request" not in request.headers:
        messages.success(request, _("The draft is saved."))
        return redirect("mailing", slug=access.book.slug, mailing_id=draft.pk)
    context = draft_context(access, draft)
    names = tuple(state.name for state in context["placeholders"])
    context["placeholders_changed"] = names != sent.shown_names
    return render(request, "mail/draft_saved.html", context)


@require_POST
@to_book(Role.MANAGER)
def copy_mailing(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    try:
        draft = drafts.copy(book=access.book, mailing_id=mailing_id, token=_token(request), by=access.by)
    except DraftGoneError as error:
        raise Http404 from error
    messages.success(request, _("This is a copy. The original stays as it is."))
    return redirect("mailing", slug=access.book.slug, mailing_id=draft.pk)


@require_POST
@to_book(Role.MANAGER)
def delete_draft(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    drafts.delete(book=access.book, mailing_id=mailing_id, by=access.by)
    messages.success(request, _("The draft is deleted."))
    return redirect("mailings", slug=access.book.slug)


@require_GET
@to_book(Role.MANAGER)
def ask_delete_draft(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    context = {**draft_context(access, draft), "dialog_template": "mail/dialogs/delete_draft.html"}
    return dialog(request, context)


def dialog(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Alone for htmx; without scripts the whole page with the dialog open."""
    template = "dialogs/alone.html" if "HX-Request" in request.headers else "mail/draft.html"
    return render(request, template, context, status=status)


def draft_or_404(access: Access, mailing_id: int) -> Mailing:
    try:
        return drafts.find_draft(access.book, mailing_id)
    except DraftGoneError as error:
        raise Http404 from error


def _gone(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """Deleted, or confirmed by somebody else: its page tells."""
    messages.error(request, _("This draft was sent or deleted in the meantime. What you typed last was not saved."))
    exists = Mailing.objects.filter(book=access.book, pk=mailing_id).exists()
    target = redirect("mailing", access.book.slug, mailing_id) if exists else redirect("mailings", access.book.slug)
    return HttpResponseClientRedirect(target.url) if "HX-Request" in request.headers else target


def _both(request: HttpRequest, access: Access, now: Mailing, sent: Any) -> HttpResponse:
    """Both versions, for a person to choose: what is saved, and what this form has."""
    context = draft_context(access, now)
    context |= {"own": sent.content, "dialog_template": "mail/dialogs/stale_draft.html"}
    # What a save brings goes to its places by itself, and the dialog stays as it is; but for this one.
    return reswap(retarget(dialog(request, context, status=409), "#dialog"), "outerHTML")


def _template(access: Access, template_id: int | None) -> Template | None:
    found = Template.objects.in_use().filter(book=access.book, pk=template_id or 0).first()
    return found if found and found.is_read else None


def _token(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("token", ""))
    except ValueError as error:
        raise Http404 from error
