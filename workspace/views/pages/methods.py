"""Acts, which are done by POST alone."""

from collections.abc import Callable
from typing import ParamSpec

from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST as django_require_post

P = ParamSpec("P")


def require_POST(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:  # noqa: N802 (Django's own name)
    """Django's, and it can be told of the view that a link cannot lead there: see `is_page`."""
    guarded = django_require_post(view)
    guarded.only_by_post = True  # type: ignore[attr-defined]
    return guarded


def is_page(path: str) -> bool:
    """Whether following a link to this path can show something."""
    try:
        match = resolve(path)
    except Resolver404:
        return True  # a page that says so
    return not getattr(match.func, "only_by_post", False)
