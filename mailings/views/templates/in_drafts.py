"""Templates in a draft: one is loaded into it, or it is saved as one."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from mailings import limits
from mailings.forms.draft import read_id
from mailings.forms.template import read_token
from mailings.models import Mailing, Template
from mailings.services import drafts
from mailings.services.drafts import DraftGoneError, StaleDraftError
from mailings.services.rules import NotAllowedError
from mailings.services.templates import reading, writing
from mailings.services.templates.categories import NameTakenError
from mailings.services.templates.texts import UnfitTextError, text_of_draft
from mailings.views.compose.draft import dialog, draft_context, draft_or_404
from mailings.views.templates import sentences
from workspace.models import Role
from workspace.views.pages.access import Access, to_book


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def load_template(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    """POST without a template searches, since no URL must hold what somebody types."""
    draft = draft_or_404(access, mailing_id)
    template_id = read_id(request.POST.get("template", ""))
    if template_id is None:
        return _choice(request, access, draft)
    try:
        drafts.load_template(
            book=access.book,
            mailing_id=mailing_id,
            seen_version=read_id(request.POST.get("version", "")) or 0,
            template_id=template_id,
            by=access.by,
        )
    except (Template.DoesNotExist, StaleDraftError) as error:
        problem = _("This template is not in use any more.")
        if isinstance(error, StaleDraftError):
            problem = _("The draft was changed elsewhere. Load the page again to see it.")
        return _choice(request, access, draft, problem=problem, status=409)
    except DraftGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("The template is loaded."))
    page = redirect("mailing", slug=access.book.slug, mailing_id=mailing_id)
    return HttpResponseClientRedirect(page.url) if "HX-Request" in request.headers else page


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def save_as_template(request: HttpRequest, access: Access, mailing_id: int) -> HttpResponse:
    draft = draft_or_404(access, mailing_id)
    own = draft.template.category_id if draft.template else None
    context: dict[str, Any] = {
        **draft_context(access, draft),
        "dialog_template": "mail/dialogs/save_as_template.html",
        "categories": reading.categories_by_path(access.book),
        "typed_name": request.POST.get("name", ""),
        "chosen_category": read_id(request.POST.get("category", "")) if request.POST else own,
        "token": uuid4(),
    }
    if request.method == "GET":
        return dialog(request, context)
    token = read_token(request.POST)
    if token is None:
        raise Http404
    try:
        template = writing.register(
            book=access.book,
            category_id=context["chosen_category"],
            text=text_of_draft(draft, context["typed_name"]),
            allow_twice=request.POST.get("allow_twice") == "1",
            mailing_id=mailing_id,
            token=token,
            by=access.by,
        )
    except UnfitTextError as error:
        problem = " ".join(sentences.problems(error.problems).values())
        return dialog(request, {**context, "problem": problem}, status=422)
    except sentences.REFUSALS as error:
        is_taken = isinstance(error, NameTakenError)
        problem = sentences.refusal(error, access.book)
        # An attempt without an answer has its token again, so that it is known.
        return dialog(request, {**context, "token": token, "problem": problem, "is_taken": is_taken}, status=409)
    except NotAllowedError as error:
        raise PermissionDenied from error
    return dialog(request, {**context, "saved": template})


def _choice(
    request: HttpRequest, access: Access, draft: Mailing, *, problem: str = "", status: int = 200
) -> HttpResponse:
    query = request.POST.get("query", "").strip()[:100]
    rows = Template.objects.in_use().filter(book=access.book)
    rows = rows.search(query) if query else rows
    context = {
        **draft_context(access, draft),
        "dialog_template": "mail/dialogs/load_template.html",
        "templates": [row for row, _use in reading.listed(rows) if row.is_read],
        "query": query,
        "problem": problem,
        "is_more": rows.count() > limits.TEMPLATES_LISTED,
    }
    return dialog(request, context, status=status)
