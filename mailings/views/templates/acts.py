"""What is done to templates and categories from the page: created, renamed, deleted, restored, copied, refreshed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mailings.forms.draft import read_id
from mailings.forms.template import read_token
from mailings.models import Category, Template
from mailings.services.rules import NotAllowedError
from mailings.services.templates import categories, reading, refreshing, writing
from mailings.services.templates.texts import UnfitTextError, text_of
from mailings.services.templates.tree import TemplateGoneError
from mailings.views.templates import sentences
from mailings.views.templates.page import category_or_404, dialog, done, page, template_or_404
from workspace.models import Role
from workspace.views.pages.access import Access, to_book


@require_POST
@to_book(Role.MANAGER)
def create_template_category(request: HttpRequest, access: Access) -> HttpResponse:
    """In the category that is open. What was typed stays in the field when it cannot be."""
    parent = category_or_404(access, read_id(request.POST.get("category", "")))
    name, token = request.POST.get("name", ""), read_token(request.POST)
    if token is None:
        raise Http404
    try:
        made = categories.create(
            book=access.book, parent_id=parent.pk if parent else None, name=name, token=token, by=access.by
        )
    except (*sentences.REFUSALS, UnfitTextError) as error:
        problem = _why(error, access)
        return page(request, access, category=parent, status=_status(error), typed_name=name, name_problem=problem)
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("The category “%(name)s” was created.") % {"name": made.name})
    return done(request, access, category_id=made.pk)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def rename_template_category(request: HttpRequest, access: Access, category_id: int) -> HttpResponse:
    category = _category(access, category_id)
    context: dict[str, Any] = {
        "category": category,
        "dialog_template": "mail/dialogs/rename_category.html",
        "typed_name": request.POST.get("name", category.name),
        # The service holds it, and has no operation for that.
        "cannot": "" if category.sid is None else sentences.refusal(categories.HeldByServiceError(), access.book),
    }
    if request.method == "GET":
        return dialog(request, access, context)
    name = request.POST.get("name", "")
    return _do(
        request,
        access,
        context,
        lambda: categories.rename(book=access.book, category_id=category_id, name=name, by=access.by).pk,
        said=lambda: _("The category is called “%(name)s” now.") % {"name": name.strip()},
    )


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def delete_template_category(request: HttpRequest, access: Access, category_id: int) -> HttpResponse:
    category = _category(access, category_id)
    context = {"category": category, "dialog_template": "mail/dialogs/delete_category.html"}
    if request.method == "GET":
        return dialog(request, access, context)
    parent_id = category.parent_id

    def delete() -> int | None:
        categories.delete(book=access.book, category_id=category_id, by=access.by)
        return parent_id

    return _do(
        request,
        access,
        context,
        delete,
        said=lambda: _("The category “%(name)s” is deleted.") % {"name": category.name},
    )


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def delete_template(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    template = template_or_404(access, template_id)
    context = {"template": template, "dialog_template": "mail/dialogs/delete_template.html"}
    if request.method == "GET":
        return dialog(request, access, context)
    return _do(
        request,
        access,
        context,
        lambda: writing.delete(book=access.book, template_id=template_id, by=access.by),
        said=lambda: _("“%(name)s” is out of use. It can be restored at any time.") % {"name": template.name},
    )


@require_POST
@to_book(Role.MANAGER)
def restore_template(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    template = template_or_404(access, template_id)
    try:
        restored = writing.restore(book=access.book, template_id=template_id, by=access.by)
    except sentences.REFUSALS as error:
        messages.error(request, sentences.refusal(error, access.book))
        return done(request, access, template=template)
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("“%(name)s” is in use again.") % {"name": restored.name})
    return done(request, access, template=restored)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def copy_template(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    template = template_or_404(access, template_id)
    context = {
        "template": template,
        "dialog_template": "mail/dialogs/copy_template.html",
        "categories": reading.categories_by_path(access.book),
        "typed_name": request.POST.get("name", f"{template.name}-2"[:100]),
        "chosen_category": read_id(request.POST.get("category", "")) if request.POST else template.category_id,
    }
    if request.method == "GET":
        return dialog(request, access, context)
    token = read_token(request.POST)
    if token is None:
        raise Http404

    def copy() -> Template:
        original = writing.find_read(access.book, template_id)
        return writing.register(
            book=access.book,
            category_id=read_id(request.POST.get("category", "")),
            text=replace(text_of(original), name=request.POST.get("name", "")),
            allow_twice=request.POST.get("allow_twice") == "1",
            token=token,
            by=access.by,
        )

    return _do(request, access, context, copy, said=lambda: _("This is the copy. The original stays as it is."))


@require_POST
@to_book(Role.MANAGER)
def refresh_templates(request: HttpRequest, access: Access) -> HttpResponse:
    """Of the template that is open, the content is read again too."""
    template_id = read_id(request.POST.get("template", ""))
    category_id = read_id(request.POST.get("category", ""))
    template = template_or_404(access, template_id) if template_id else None
    try:
        refreshing.ask(book=access.book, template_id=template_id, by=access.by)
    except TemplateGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    return done(request, access, template=template, category_id=category_id)


def _do(
    request: HttpRequest,
    access: Access,
    context: dict[str, Any],
    act: Callable[[], Template | int | None],
    *,
    said: Callable[[], str],
) -> HttpResponse:
    """The dialog's act; what keeps it from being done is said in the dialog."""
    try:
        made = act()
    except (*sentences.REFUSALS, UnfitTextError) as error:
        context |= {"problem": _why(error, access), "is_taken": isinstance(error, categories.NameTakenError)}
        # An attempt without an answer has its token again, so that it is known.
        context |= {"token": read_token(request.POST) or uuid4()}
        return dialog(request, access, context, status=_status(error))
    except TemplateGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, said())
    if isinstance(made, Template):
        return done(request, access, template=made)
    return done(request, access, category_id=made)


def _why(error: Exception, access: Access) -> str:
    if isinstance(error, UnfitTextError):
        return " ".join(sentences.problems(error.problems).values())
    return sentences.refusal(error, access.book)


def _status(error: Exception) -> int:
    return 422 if isinstance(error, UnfitTextError) else 409


def _category(access: Access, category_id: int) -> Category:
    category = category_or_404(access, category_id)
    if category is None:
        raise Http404
    return category
