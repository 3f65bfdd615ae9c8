import hmac
import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from mailerconsole.operations import health, metrics

logger = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers and reaches its database, else 503; for supervisors and load balancers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("The database does not answer", exc_info=True)
        return HttpResponse("the database does not answer", content_type="text/plain", status=503)
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every part is there, else 503; which, by name. For deployments and alarms.

    Not for load balancers: without a broker people can still work, and what they ask for is done later. Operators,
    who show the token of /metrics or are signed in as staff, also see which SQLite runs and how.
    """
    parts = health.parts()
    words = {name: "ok" if there else "failed" for name, there in parts.items()}
    # Who is signed in cannot be asked without the database.
    if parts.get("database") and (_has_token(request) or request.user.is_staff):
        words |= health.sqlite_details()
    return JsonResponse(words, status=200 if all(parts.values()) else 503)


def metrics_page(request: HttpRequest) -> HttpResponse:
    """For Prometheus, with `Authorization: Bearer` and settings.METRICS_TOKEN. Without that the page does not exist."""
    if not _has_token(request):
        raise Http404
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given, wanted)
