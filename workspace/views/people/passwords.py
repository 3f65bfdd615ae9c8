"""The way back in for somebody whom a superuser has sent a link: it leads to a new password, once.

As with invitations, the code stands after the # of the link, and the session remembers it from there on.
"""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from workspace import limits
from workspace.forms.accounts import NewPasswordForm
from workspace.forms.users import PasswordLinkForm
from workspace.models import User
from workspace.services.users import users
from workspace.views.pages.access import client_address

# In the session: the code that was shown last.
_SHOWN: Final = "password_link"


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def password_link(request: HttpRequest) -> HttpResponse:
    """POST takes a code; GET asks for the new password, or for a code."""
    if request.method == "POST":
        form = PasswordLinkForm(request.POST)
        request.session[_SHOWN] = form.cleaned_data["code"] if form.is_valid() else ""
        return redirect("password_link")
    if _SHOWN not in request.session:
        return render(request, "password_code.html", {})
    try:
        user = users.of_code(request.session[_SHOWN])
    except users.LinkClosedError:
        return _closed(request)
    return _page(request, user)


@sensitive_post_parameters()
@sensitive_variables("form", "code")
@require_POST
def set_password(request: HttpRequest) -> HttpResponse:
    """The password is set; signing in comes after it, with a code of the app where that is on."""
    code = request.session.get(_SHOWN, "")
    try:
        user = users.of_code(code)
        form = NewPasswordForm(request.POST, user=user)
        if not form.is_valid():
            return _page(request, user, form=form, status=422)
        password = form.cleaned_data["new_password"]
        users.set_password(code=code, password=password, ip_address=client_address(request))
    except users.LinkClosedError:
        return _closed(request)
    del request.session[_SHOWN]
    messages.success(request, _("Your password is set. Sign in with it."))
    return redirect("sign_in")


def _closed(request: HttpRequest) -> HttpResponse:
    request.session.pop(_SHOWN, None)
    problem = _("This link leads nowhere any more. Ask whoever sent it for a new one.")
    return render(request, "password_code.html", {"problem": problem}, status=410)


def _page(request: HttpRequest, user: User, *, form: NewPasswordForm | None = None, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"person": user, "form": form, "least": limits.PASSWORD_LEAST_CHARACTERS}
    return render(request, "set_password.html", context, status=status)
