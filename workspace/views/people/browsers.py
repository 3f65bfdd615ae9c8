"""Who stands at the door, as far as a request tells: the network address, and the browser that was here before."""

from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import get_random_string

from workspace import limits
from workspace.models import User
from workspace.services.people.throttling import Visitor
from workspace.views.pages.access import client_address

# Signed: the id of the browser, and the ids of users who have signed in with it. It opens nothing; it only says whose
# guesses these are.
_COOKIE: Final = "known_browser"
_SALT: Final = "addressbook.known_browser"
_AGE_SECONDS: Final = limits.KNOWN_BROWSER_DAYS * 24 * 60 * 60


def visitor(request: HttpRequest) -> Visitor:
    browser, known_to = _read(request)
    return Visitor(client_address(request), browser, frozenset(known_to))


def remember_browser(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """The user has signed in with it: from now on guesses made elsewhere do not hold it up."""
    browser, known_to = _read(request)
    others = [user_id for user_id in known_to if user_id != user.pk]
    known_to = [user.pk, *others][: limits.PEOPLE_PER_BROWSER]
    value = signing.dumps([browser or get_random_string(22), known_to], salt=_SALT, compress=True)
    response.set_cookie(
        cookie_name(),
        value,
        max_age=_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def cookie_name() -> str:
    return f"{settings.COOKIE_PREFIX}{_COOKIE}"


def _read(request: HttpRequest) -> tuple[str, list[int]]:
    try:
        value: Any = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=_AGE_SECONDS)
    except signing.BadSignature:
        return "", []
    browser, known_to = value
    return str(browser), [int(user_id) for user_id in known_to]
