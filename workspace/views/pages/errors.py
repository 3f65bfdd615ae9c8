"""Answers to what went wrong, in the shape that the asker can show: a page, or a sentence for the live region."""

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from workspace import limits

logger = logging.getLogger(__name__)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is stale: signed out or signed in again in another tab, or a page from before a restart."""
    return error_page(request, 403, _("This page was too old"), _("Please go back, reload the page and try again."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        title, advice = _("This is too much at once"), _("Nothing was changed. Send less at a time.")
        return error_page(request, 413, title, advice)
    return error_page(
        request, 400, _("This request could not be read"), _("Please go back, reload the page and try again.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, _("You may not do this"), _("Ask an admin of the address book for another role."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(
        request,
        404,
        _("Nothing is here"),
        _("It may have been deleted, or you may not be a member of this book."),
    )


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    """For who comes by a link, or from the address bar, to what only a button does."""
    match = request.resolver_match
    slug = match.kwargs.get("slug") if match else None
    return error_page(
        request,
        405,
        _("There is no page at this address"),
        _("Nothing was changed. Please go to the address book and press the button there."),
        back=reverse("console", args=[slug]) if slug else None,
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """The page when something failed; one that asks for nothing when what failed is what a page needs: the database."""
    title = _("Something went wrong on our side")
    advice = _("What you sent was either carried out completely or not at all. Please check, and try again.")
    try:
        return error_page(request, 500, title, advice)
    except Exception as error:  # what failed is in the log already
        logger.warning("The error page needs what is away: %s", type(error).__name__)
    context = {"status": 500, "title": title, "advice": advice, "home": reverse("home")}
    # Without the request no context processor runs, which would ask for the session.
    page = render_to_string("error_alone.html", {**context, "product_name": settings.PRODUCT_NAME})
    return HttpResponse(page, status=500)


def store_away(request: HttpRequest) -> HttpResponse:
    """The store of files does not answer, or refuses."""
    title = _("Files cannot be stored or fetched just now")
    return not_now(error_page(request, 503, title, _("Nothing was changed. Please try again in a minute.")))


def many_files(request: HttpRequest) -> HttpResponse:
    """This process sends as many files already as it may."""
    title = _("Many files are being fetched just now")
    return not_now(error_page(request, 503, title, _("Please try again in a moment.")))


def not_now(answer: HttpResponse) -> HttpResponse:
    answer.headers["Retry-After"] = str(limits.TRY_AGAIN_SECONDS)
    return answer


def error_page(request: HttpRequest, status: int, title: str, advice: str, *, back: str | None = None) -> HttpResponse:
    """A page with a way back; for htmx the same as plain text, which the page announces in its live region."""
    if "HX-Request" in request.headers:
        text = _("%(title)s. %(advice)s") % {"title": title, "advice": advice}
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    context = {"status": status, "title": title, "advice": advice, "home": back or reverse("home")}
    return render(request, "error.html", context, status=status)
