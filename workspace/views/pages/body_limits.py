"""How much a request may bring along, by who sends it and to where. Decided before anything of it is read."""

import threading
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from workspace import limits
from workspace.models import BookMember, Role

View = Callable[..., HttpResponse]

# A percent-encoded form costs some 35 times its size while it is taken apart. Those that may be large come one after
# another in a process, so that its memory has a limit whatever the members of a book send at once.
_LARGE_FORM: Final = threading.BoundedSemaphore(limits.LARGE_FORMS_READ_AT_ONCE)


def takes_large_forms(view: View) -> View:
    """Addresses, or groups, are posted to this view: members of its role may send up to limits.LARGE_FORM_BYTES."""
    view.takes_large_forms = True  # type: ignore[attr-defined]
    return view


def takes_files(view: View) -> View:
    """Files are posted to this view too; for anybody else nothing of them is written to the disk."""
    view.takes_files = True  # type: ignore[attr-defined]
    return takes_large_forms(view)


def may_bring_files(request: HttpRequest) -> bool:
    return getattr(request, "may_bring_files", False)


class BodyLimitMiddleware:
    """Refuses unread what is more than the sender may bring to this view. Before CsrfViewMiddleware, which reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers:
            # Django reads nothing of a body whose length it is not told; the server then throws it away unread.
            return HttpResponse(status=411, content_type="text/plain; charset=utf-8")
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Raises RequestDataTooBig, or BadRequest."""
        size, is_multipart = _size(request), request.content_type == "multipart/form-data"
        if size <= limits.FORM_BYTES and not is_multipart:
            return None
        is_expected = getattr(view, "takes_large_forms", False) and _is_member(request, view, kwargs.get("slug"))
        request.may_bring_files = is_expected and getattr(view, "takes_files", False)  # type: ignore[attr-defined]
        if size > _most(is_expected, is_multipart):
            raise RequestDataTooBig("more than this sender may bring to this page")
        if size > limits.FORM_BYTES and not is_multipart:
            _ = request.body  # all of it first: a slow sender does not hold up the others
            with _LARGE_FORM:
                _ = request.POST
        return None


def _size(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise BadRequest("Content-Length is no number") from error


def _most(is_expected: bool, is_multipart: bool) -> int:
    if not is_expected:
        return limits.FORM_BYTES
    # A file beyond its limit is answered with a sentence (views.receiving), up to where that would be a waste.
    return limits.REQUEST_BODY_BYTES if is_multipart else limits.LARGE_FORM_BYTES


def _is_member(request: HttpRequest, view: View, slug: str | None) -> bool:
    role: Role | None = getattr(view, "required_role", None)
    if role is None or slug is None or not request.user.is_authenticated:
        return False
    member = BookMember.objects.filter(book__slug=slug, user=request.user).first()
    return member is not None and Role(member.role).includes(role)
