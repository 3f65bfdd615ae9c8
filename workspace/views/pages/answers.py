"""Answering with a page, or with the part of it that htmx asked for."""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workspace.views.pages.access import Access


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    partials: Collection[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The page; for htmx only the partial that it targets, if that is one of `partials`.

    A partial has the name of the element that it renders and so of the `hx-target` that asks for it. The list keeps
    the client from choosing any other piece of the template.
    """
    part = asked_part(request, partials)
    return render(request, f"{template}#{part}" if part else template, dict(context), status=status)


def dialog_alone(
    request: HttpRequest, access: Access, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A dialog for htmx, which puts it into #dialog."""
    own = {"access": access, "book": access.book, "dialog_template": template, **context}
    return render(request, "dialogs/alone.html", own, status=status)


def public_url(request: HttpRequest, path: str) -> str:
    """A link that works for another person: below SITE_URL, where it is set, whatever a proxy made of the Host."""
    return f"{settings.SITE_URL.rstrip('/')}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


def asked_part(request: HttpRequest, partials: Collection[str]) -> str:
    """Which of `partials` htmx asks for; "" for none of them, and without htmx."""
    target = request.headers.get("HX-Target", "")
    return target if "HX-Request" in request.headers and target in partials else ""
