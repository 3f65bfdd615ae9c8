"""The screen behind the answers that want it (`addressbook.views.answers`)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from addressbook.views.answers.answers import OnScreen, is_gone
from addressbook.views.screen.screen import console_context, list_context


class ScreenMiddleware:
    """Views know what they answer; what the screen shows beside that is put together here, at the end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        if isinstance(response, OnScreen):
            draw(request, response)
        return response


def draw(request: HttpRequest, response: OnScreen) -> None:
    behind = response.behind
    listing = behind.listing
    if behind.is_changed:
        behind.access.edition.refresh_from_db()
        if is_gone(behind.access, listing.group_id):
            listing = replace(listing, group_id=None, page=1)
    context_of = list_context if behind.parts == "list" else console_context
    drawn = context_of(request, behind.access, listing, everything=behind.everything)
    response.context_data = {**drawn, **(response.context_data or {})}
