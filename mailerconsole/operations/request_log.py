"""The outermost middleware: an id for every request, one log line and one measurement of each."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from mailerconsole.operations import metrics
from workspace import request_ids
from workspace.views.pages.access import client_address

HEADER = "X-Request-ID"
# What asks every few seconds would bury the rest.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

logger = logging.getLogger(__name__)


class RequestsMiddleware:
    """Takes the X-Request-ID of a proxy of ours, or makes one, and sends it back; see `workspace.request_ids`.

    The log line names method and path, never the query, the referrer or who asked: a path holds no address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Of a client directly, an id would be a way to write into our logs under the name of another request.
        offered = request.headers.get(HEADER) if settings.TRUSTED_PROXIES else None
        request_id = request_ids.chosen(offered)
        with request_ids.working_for(request_id):
            start = time.perf_counter()
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            self._note(request, response, time.perf_counter() - start)
        return response

    def _note(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        metrics.note_request(request, response, seconds)
        if request.path in QUIET:
            return
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000),
            "client": client_address(request),
        }
        logger.info("Request answered", extra={"fields": fields})
