"""Answering with a page, or with the part of it that htmx asked for."""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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


def asked_part(request: HttpRequest, partials: Collection[str]) -> str:
    """Which of `partials` htmx asks for; "" for none of them, and without htmx."""
    target = request.headers.get("HX-Target", "")
    return target if "HX-Request" in request.headers and target in partials else ""
