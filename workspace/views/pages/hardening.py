"""What every answer says to the browser, and how much a form may hold. For settings.MIDDLEWARE."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse

from workspace import limits

View = Callable[..., HttpResponse]

# Beside the content policy (django-csp) and HSTS (Django). The same are Django's settings, for the middleware of
# Django answers some requests before it sets them, and is not asked where another answers.
HEADERS: Final[Mapping[str, str]] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The console asks for nothing of the device but to copy a text.
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(self), display-capture=(), "
        "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
        "payment=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class HeadersMiddleware:
    """The first of all, so that whatever answers inside, it answers with these."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # What says nothing of caches, such as an answer to a foreign host, is not kept. Static files say something.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def many_fields(view: View) -> View:
    """The form of this view grows with the book: settings.DATA_UPLOAD_MAX_NUMBER_FIELDS applies alone."""
    view.takes_many_fields = True  # type: ignore[attr-defined]
    return view


class FieldLimitMiddleware:
    """Refuses forms of more than limits.FIELDS_PER_FORM fields unread, but for views that take many.

    Before CsrfViewMiddleware, which reads the form. Forms with files are read as they come, within the same setting.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Raises TooManyFieldsSent, or RequestDataTooBig."""
        is_form = request.method == "POST" and request.content_type == "application/x-www-form-urlencoded"
        may_pass = getattr(view, "takes_many_fields", False) or not is_form
        if not may_pass and request.body.count(b"&") >= limits.FIELDS_PER_FORM:
            raise TooManyFieldsSent
        return None
