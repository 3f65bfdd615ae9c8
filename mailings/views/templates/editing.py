"""The form of a template: registered into a category, or changed."""

import json
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailings.forms.draft import read_id
from mailings.forms.template import SentTemplate, read_template
from mailings.models import Editor, Sender, Template
from mailings.services import senders
from mailings.services.rules import NotAllowedError
from mailings.services.templates import reading, writing
from mailings.services.templates.categories import NameTakenError
from mailings.services.templates.texts import TemplateText, UnfitTextError, text_of
from mailings.services.templates.tree import TemplateGoneError
from mailings.services.templates.writing import StaleTemplateError, UnreadTemplateError
from mailings.views.compose.sentences import editor_labels
from mailings.views.templates import sentences
from mailings.views.templates.page import category_or_404, done, template_or_404
from workspace.models import AddressBook, Role
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_large_forms


@takes_large_forms
@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def register_template(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method == "GET":
        category = category_or_404(access, read_id(request.GET.get("category", "")))
        return _form(request, access, _blank(access.book), category_id=category.pk if category else None)
    sent = read_template(request.POST)
    if sent.token is None:
        raise Http404
    try:
        template = writing.register(
            book=access.book,
            category_id=sent.category_id,
            text=sent.text,
            allow_twice=sent.allow_twice,
            token=sent.token,
            by=access.by,
        )
    except UnfitTextError as error:
        return _again(request, access, sent, problems=sentences.problems(error.problems), status=422)
    except NameTakenError:
        taken = {"name": _("The category already has a template with this name.")}
        return _again(request, access, sent, problems=taken, is_taken=True)
    except sentences.REFUSALS as error:
        return _again(request, access, sent, problem=sentences.refusal(error, access.book))
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("The template “%(name)s” was registered.") % {"name": template.name})
    return done(request, access, template=template)


@takes_large_forms
@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def edit_template(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    template = template_or_404(access, template_id)
    if request.method == "GET":
        if not template.is_read:
            messages.error(request, sentences.refusal(UnreadTemplateError(), access.book))
            return done(request, access, template=template)
        return _form(request, access, text_of(template), template=template, category_id=template.category_id)
    sent = read_template(request.POST)
    if sent.seen_version is None:
        raise Http404
    try:
        template = writing.change(
            book=access.book,
            template_id=template_id,
            seen_version=sent.seen_version,
            category_id=sent.category_id,
            text=sent.text,
            by=access.by,
        )
    except UnfitTextError as error:
        found = sentences.problems(error.problems)
        return _again(request, access, sent, template=template, problems=found, status=422)
    except StaleTemplateError as stale:
        return _again(request, access, sent, template=stale.now, theirs=text_of(stale.now))
    except sentences.REFUSALS as error:
        return _again(request, access, sent, template=template, problem=sentences.refusal(error, access.book))
    except TemplateGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("The template “%(name)s” is saved.") % {"name": template.name})
    return done(request, access, template=template)


def _blank(book: AddressBook) -> TemplateText:
    address, name = senders.proposed(book)
    return TemplateText("", "", "", address, name, editor=Editor.SIMPLE)


def _again(
    request: HttpRequest,
    access: Access,
    sent: SentTemplate,
    *,
    template: Template | None = None,
    status: int = 409,
    **values: Any,
) -> HttpResponse:
    """With what was typed. An attempt without an answer has its token again, so that it is known."""
    # After somebody else's change this form is based on theirs, once both were shown.
    version = template.version if template and "theirs" in values else sent.seen_version
    values |= {"token": sent.token or uuid4(), "version": version}
    return _form(request, access, sent.text, template=template, category_id=sent.category_id, status=status, **values)


def _form(
    request: HttpRequest,
    access: Access,
    text: TemplateText,
    *,
    template: Template | None = None,
    category_id: int | None = None,
    status: int = 200,
    **values: Any,
) -> HttpResponse:
    context = {
        "access": access,
        "book": access.book,
        "text": text,
        "template": template,
        "version": template.version if template else "",
        "category_id": category_id,
        "may_choose_category": template is None or template.sid is None,
        "categories": reading.categories_by_path(access.book),
        "senders": Sender.objects.filter(book=access.book).order_by("-is_default", "address"),
        "token": uuid4(),
        "editor_labels": json.dumps(editor_labels(), ensure_ascii=False),
        "problems": {},
        **values,
    }
    return render(request, "mail/template.html", context, status=status)
