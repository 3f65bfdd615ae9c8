import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

from workspace.services.work.stored_files import StoreAwayError
from workspace.views.pages.errors import many_files, method_not_allowed, store_away
from workspace.views.pages.file_answers import ManyFilesError

logger = logging.getLogger(__name__)


class PagesGZipMiddleware(GZipMiddleware):
    """Django's, but for files that can be asked for in parts: their bytes must be those that the parts are counted in.

    With its padding of random length, so that the size of an answer does not tell what is in it (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Accept-Ranges") == "bytes":
            return response
        return super().process_response(request, response)


class PrivatePagesMiddleware:
    """Keeps pages out of every cache, and apart what htmx and a plain request get from the same URL.

    Pages hold people's addresses: neither a proxy nor the browser's disk may keep one. Files under STATIC_URL are
    answered before this by WhiteNoise and may be kept for ever.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response


class NotNowMiddleware:
    """Answers 503 to who sent or wanted a file while the store cannot be used, or others fetch theirs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, StoreAwayError):
            logger.error("%s", exception)
            return store_away(request)
        return many_files(request) if isinstance(exception, ManyFilesError) else None


class MethodNotAllowedMiddleware:
    """Gives a page to who follows a link to an act: Django's answer to that is an empty one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        page = method_not_allowed(request)
        page.headers["Allow"] = response.headers["Allow"]
        return page
