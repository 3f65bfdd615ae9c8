"""The page *Manage templates*: the tree, and beside it a category, a template or what was found."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from mailings.forms.draft import read_id
from mailings.models import Category, Template, TemplateEntry, TemplateImport
from mailings.services.templates import importing, reading, showing, writing
from mailings.services.templates.tree import (
    CategoryGoneError,
    TemplateGoneError,
    find_category,
    find_template,
    path_of,
)
from mailings.views.templates import sentences
from workspace.models import Role
from workspace.services.books.connection import is_practice
from workspace.views.pages.access import Access, to_book

UNUSED = "unused"


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def manage_templates(request: HttpRequest, access: Access) -> HttpResponse:
    """POST searches, since whoever looks for a sender types an address, and no URL must hold one."""
    category = category_or_404(access, read_id(request.GET.get("category", "")))
    query = request.POST.get("query", "").strip()[:100]
    return page(request, access, category=category, query=query)


@require_GET
@to_book(Role.VIEWER)
def template_page(request: HttpRequest, access: Access, template_id: int) -> HttpResponse:
    template = template_or_404(access, template_id)
    return page(request, access, template=template, category=template.category)


@require_GET
@to_book(Role.VIEWER)
def templates_state(request: HttpRequest, access: Access) -> HttpResponse:
    """The line above the tree, asked for again and again while work goes on; at its end what is below it as well.

    Fields that somebody types into, and dialogs, stay as they are.
    """
    if "HX-Request" not in request.headers:
        return redirect("manage_templates", slug=access.book.slug)
    state = _state(access)
    if state["standing"].is_moving:
        context = {"access": access, "book": access.book, **state, "place": request.GET.urlencode()}
        return render(request, "mail/templates_state.html", context)
    template_id, category_id = (read_id(request.GET.get(name, "")) for name in ("template", "category"))
    template = Template.objects.filter(book=access.book, pk=template_id or 0).first()
    category = template.category if template else Category.objects.filter(book=access.book, pk=category_id or 0).first()
    return page(
        request,
        access,
        template=template,
        category=category,
        html="mail/templates_refreshed.html",
        found_only="found" in request.GET,
    )


def page(
    request: HttpRequest,
    access: Access,
    *,
    template: Template | None = None,
    category: Category | None = None,
    query: str = "",
    html: str = "mail/templates.html",
    status: int = 200,
    **values: Any,
) -> HttpResponse:
    in_use = template.is_in_use if template else request.GET.get("show") != UNUSED
    context = {
        "access": access,
        "book": access.book,
        "in_use": in_use,
        "template": template,
        "category": category,
        "path": path_of(category),
        "query": query,
        "tree": reading.tree(access.book, in_use=in_use, chosen=category),
        "token": uuid4(),
        "place": _place(template, category, query, in_use=in_use),
        "is_practice": is_practice(access.book),
        **_state(access),
        **_beside(access, template, category, query, in_use=in_use),
        **values,
    }
    return render(request, html, context, status=status)


def _place(template: Template | None, category: Category | None, query: str, *, in_use: bool) -> str:
    """What is shown, for the poll that shows it again."""
    place = {"template": template.pk} if template else {"category": category.pk} if category else {}
    shown = {"found": 1} if query else {} if in_use else {"show": UNUSED}
    return urlencode({**place, **shown})


def dialog(request: HttpRequest, access: Access, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Alone for htmx; without scripts the whole page with the dialog open."""
    context = {"token": uuid4(), **context}
    if "HX-Request" in request.headers:
        context |= {"access": access, "book": access.book}
        return render(request, "dialogs/alone.html", context, status=status)
    template = context.get("template")
    category = template.category if template else context.get("category")
    return page(request, access, **{**context, "category": category}, status=status)


def done(
    request: HttpRequest, access: Access, *, template: Template | None = None, category_id: int | None = None
) -> HttpResponse:
    """To the template, or the category, that an act was about."""
    if template is not None:
        url = reverse("template", args=[access.book.slug, template.pk])
    else:
        url = reverse("manage_templates", args=[access.book.slug]) + (f"?category={category_id}" if category_id else "")
    return HttpResponseClientRedirect(url) if "HX-Request" in request.headers else redirect(url)


def template_or_404(access: Access, template_id: int) -> Template:
    try:
        return find_template(access.book, template_id)
    except TemplateGoneError as error:
        raise Http404 from error


def category_or_404(access: Access, category_id: int | None) -> Category | None:
    """None for the root."""
    if category_id is None:
        return None
    try:
        return find_category(access.book, category_id)
    except CategoryGoneError as error:
        raise Http404 from error


def _state(access: Access) -> dict[str, Any]:
    standing = reading.standing(access.book)
    return {
        "standing": standing,
        "read_sentence": sentences.read(standing),
        "unread_sentence": sentences.unread(standing),
        "trouble": sentences.trouble(standing.refresh),
        "unsettled": [sentences.unsettled(call) for call in standing.unsettled],
        "imports": [_import(one) for one in standing.imports],
    }


def _import(one: TemplateImport) -> dict[str, Any]:
    found = importing.counts(one)
    return {
        "row": one,
        "counts": sentences.imported(found),
        "total": found.total(),
        "settled": found.total() - found[TemplateEntry.State.WAITING],
        "waits": sentences.trouble(one),
        "refused": sentences.refused_entries(one),
        "twice": sentences.twice(one),
    }


def _beside(
    access: Access, template: Template | None, category: Category | None, query: str, *, in_use: bool
) -> dict[str, Any]:
    if template is not None:
        return {
            "use": reading.uses_of([template.pk])[template.pk],
            "names": showing.names_of(template),
            "is_twice": writing.is_taken(access.book, template.category, template.name, besides=template.pk),
            "gone_sentence": sentences.gone_from_service(template, reading.standing(access.book)),
        }
    rows = Template.objects.filter(book=access.book)
    if query:
        return {"rows": reading.listed(rows.search(query)), "found": rows.search(query).count()}
    rows = rows.filter(is_in_use=in_use, category=category)
    return {"rows": reading.listed(rows)}
