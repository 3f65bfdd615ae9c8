"""When a session is over: an hour after the last click, and half a day after signing in, whatever is clicked."""

import time
from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from workspace import limits

# In the session, in seconds since 1970: when it began, and the last click that was noted.
_BEGAN_AT: Final = "began_at"
_CLICKED_AT: Final = "clicked_at"

# What a page asks by itself says so: it is nobody's click, or a page left open would keep its session for ever.
BY_ITSELF: Final = "X-By-Itself"


class SessionLimitsMiddleware:
    """Ends a session whose time is over; the request then goes on as one of somebody who is not signed in.

    After AuthenticationMiddleware and MessageMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            now = time.time()
            if sentence := _why_over(request.session, now):
                logout(request)
                messages.info(request, sentence)
            else:
                _note(request.session, now, is_click=BY_ITSELF not in request.headers)
        return self.get_response(request)


def begin(request: HttpRequest) -> None:
    """The session of somebody who has just signed in."""
    request.session[_BEGAN_AT] = request.session[_CLICKED_AT] = time.time()


def _why_over(session: SessionBase, now: float) -> str:
    if now - session.get(_BEGAN_AT, now) > limits.LONGEST_SESSION_SECONDS:
        hours = limits.LONGEST_SESSION_SECONDS // 3600
        return _("You have been signed in for %(hours)s hours. Please sign in again.") % {"hours": hours}
    if now - session.get(_CLICKED_AT, now) > limits.IDLE_SESSION_SECONDS:
        minutes = limits.IDLE_SESSION_SECONDS // 60
        return _("Nothing was clicked for %(minutes)s minutes, so you have been signed out.") % {"minutes": minutes}
    return ""


def _note(session: SessionBase, now: float, *, is_click: bool) -> None:
    # A time ahead of the clock is from before the clock was set back.
    if session.get(_BEGAN_AT, now + 1) > now:
        session[_BEGAN_AT] = now
    age = now - session.get(_CLICKED_AT, 0)
    if age < 0 or (is_click and age >= limits.CLICK_NOTED_SECONDS) or _CLICKED_AT not in session:
        session[_CLICKED_AT] = now
