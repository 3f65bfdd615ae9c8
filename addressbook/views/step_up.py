"""A fresh sign-in before what cannot be taken back, or opens the house: the password again, then the act goes on."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from addressbook import limits
from addressbook.forms.listing import listing_from
from addressbook.models import Action
from addressbook.services import audit
from addressbook.views.access import Access
from addressbook.views.console import answer_dialog

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Access, P], HttpResponse]

# In the session: when the password was last given, in seconds since 1970, and how often in a row it was wrong since.
_GIVEN_AT: Final = "password_given_at"
_WRONG: Final = "wrong_passwords"
# In the form: the password; everything else in it belongs to the act.
_FIELD: Final = "current_password"


def password_was_given(request: HttpRequest) -> None:
    """Note that the user has just shown to know the password."""
    request.session[_GIVEN_AT] = time.time()
    request.session.pop(_WRONG, None)


def is_fresh(request: HttpRequest) -> bool:
    # A time ahead of the clock is from before the clock was set back, and says nothing.
    age = time.time() - request.session.get(_GIVEN_AT, 0)
    return 0 <= age <= limits.FRESH_SIGN_IN_SECONDS


def with_fresh_sign_in(view: View[P]) -> View[P]:
    """Let a POST reach the view only soon after the password was given; else ask for it, and then go on with this POST.

    Inside of `to_book`. The dialog carries the fields of the act with it, so the view is called as if nothing had been.
    """

    @wraps(view)
    def guarded(request: HttpRequest, access: Access, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST" or is_fresh(request):
            return view(request, access, *args, **kwargs)
        if _FIELD not in request.POST:
            return _ask(request, access)
        if _is_right(request, access):
            password_was_given(request)
            return view(request, access, *args, **kwargs)
        return _refuse(request, access)

    return guarded


def _is_right(request: HttpRequest, access: Access) -> bool:
    """By the way of signing in, so that whatever slows guessing there does it here."""
    credentials: dict[str, Any] = {
        "username": access.by.user.get_username(),
        "password": request.POST[_FIELD],
    }
    try:
        user = authenticate(request, **credentials)
    except PermissionDenied:
        user = None
    return user is not None and user.pk == access.by.user.pk


def _refuse(request: HttpRequest, access: Access) -> HttpResponse:
    wrong = request.session.get(_WRONG, 0) + 1
    request.session[_WRONG] = wrong
    detail = {"path": request.path, "password": "wrong"}
    audit.record(by=access.by, action=Action.ACCESS_REFUSED, book=access.book, detail=detail)
    if wrong >= limits.WRONG_PASSWORDS_BEFORE_SIGN_OUT:
        logout(request)
        messages.error(request, _("The password was wrong too often. Please sign in again; nothing was changed."))
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(redirect("sign_in").url)
        return redirect("sign_in")
    return _ask(request, access, problem=_("This is not your password."), status=422)


def _ask(request: HttpRequest, access: Access, *, problem: str = "", status: int = 200) -> HttpResponse:
    left_out = {_FIELD, "csrfmiddlewaretoken"}
    fields = [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]
    context = {"act": request.path, "fields": fields, "problem": problem}
    return answer_dialog(request, access, listing_from(request.POST), "dialogs/step_up.html", context, status=status)
