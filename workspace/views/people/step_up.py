"""A fresh sign-in before what cannot be taken back, or opens the house.

Two ways. `with_fresh_sign_in` is for an act: it is sent, the password is asked for, the act goes on as it was sent.
`after_fresh_sign_in` is for forms in which secrets are typed, and for files: the password is asked for on a page of its
own before there is anything to carry along. With two-factor on, both ask for a code of the app too.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django_htmx.http import HttpResponseClientRedirect

from workspace import limits
from workspace.forms.accounts import FreshSignInForm
from workspace.models import AddressBook
from workspace.services.history import audit
from workspace.services.people import accounts, second_factor
from workspace.services.people.sealing import KeyLostError
from workspace.services.people.throttling import TooManyGuessesError
from workspace.views.pages.access import Access, actor
from workspace.views.pages.answers import dialog_alone
from workspace.views.pages.sentences import wait_first

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Access, P], HttpResponse]

# In the session: when the password was last given, in seconds since 1970, and how often in a row it was wrong since.
_GIVEN_AT: Final = "password_given_at"
_WRONG: Final = "wrong_passwords"
# In the form: the password and the code; everything else in it belongs to the act.
_FIELDS: Final = frozenset({"current_password", "current_code", "csrfmiddlewaretoken"})


def password_was_given(request: HttpRequest) -> None:
    """Note that the user has just shown to know the password, and to have the app where that is asked for."""
    request.session[_GIVEN_AT] = time.time()
    request.session.pop(_WRONG, None)


def is_fresh(request: HttpRequest, seconds: int = limits.FRESH_SIGN_IN_SECONDS) -> bool:
    # A time ahead of the clock is from before the clock was set back, and says nothing.
    age = time.time() - request.session.get(_GIVEN_AT, 0)
    return 0 <= age <= seconds


def with_fresh_sign_in(view: View[P]) -> View[P]:
    """Let a POST reach the view only soon after the password was given; else ask for it, and then go on with this POST.

    Inside of `to_book`. The question carries the fields of the act with it, so the view is called as if nothing had
    been: htmx is asked in a dialog, in #dialog; a plain form on a page of its own. Not for forms with a secret or a
    file in them: see `after_fresh_sign_in`.
    """

    @wraps(view)
    def guarded(request: HttpRequest, access: Access, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST" or is_fresh(request):
            return view(request, access, *args, **kwargs)
        if "current_password" not in request.POST:
            return _ask(request, access)
        problem = _problem(request, access.book)
        if not problem:
            return view(request, access, *args, **kwargs)
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return _ask(request, access, problem=problem, status=422)

    return guarded


def after_fresh_sign_in(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let a request reach the view only soon after the password was given; else ask for it first, on a page of its own.

    For somebody who is signed in: inside of `to_book`, or of `access.signed_in`. What was sent by POST is dropped; who
    has opened the form in time has limits.FRESH_SIGN_IN_FORM_SECONDS for it. The page leads back to where a GET leads.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request: HttpRequest = args[0]  # type: ignore[assignment]
        seconds = limits.FRESH_SIGN_IN_FORM_SECONDS if request.method == "POST" else limits.FRESH_SIGN_IN_SECONDS
        if is_fresh(request, seconds):
            return view(*args, **kwargs)
        if request.method == "POST":
            messages.info(request, _("Nothing was changed yet. Please fill in the form again after this."))
        return to_fresh_sign_in(request, back=request.path)

    return guarded


def to_fresh_sign_in(request: HttpRequest, *, back: str) -> HttpResponse:
    """The page that asks for the password, and leads to `back` (a path of ours) after it."""
    url = f"{reverse('confirm_sign_in')}?{urlencode({'next': back})}"
    return HttpResponseClientRedirect(url) if "HX-Request" in request.headers else redirect(url)


def confirmed(request: HttpRequest) -> str:
    """Looks at the password that was sent: "" when it was right, else a sentence. See also `_problem`."""
    return _problem(request, None)


@sensitive_variables("form", "values")
def _problem(request: HttpRequest, book: AddressBook | None) -> str:
    """What is wrong with the password or the code, noted where it was; "" if nothing is. It may end the session."""
    form = FreshSignInForm(request.POST)
    by = actor(request)
    try:
        if not form.is_valid():
            raise accounts.WrongGuessError
        values = form.cleaned_data
        accounts.shown_again(by, values["current_password"], values["current_code"])
    except TooManyGuessesError as error:
        return wait_first(error.seconds)
    except KeyLostError:
        return lost_app_secrets()
    except accounts.WrongGuessError:
        audit.record_refusal(by=by, book=book, path=request.path, detail={"password": "wrong"})
        request.session[_WRONG] = request.session.get(_WRONG, 0) + 1
        if request.session[_WRONG] >= limits.WRONG_PASSWORDS_BEFORE_SIGN_OUT:
            logout(request)
            messages.error(request, _("The password was wrong too often. Please sign in again; nothing was changed."))
        if second_factor.is_on(by.user):
            return _("Password and code do not match. A code can be used only once: wait for the next one.")
        return _("Wrong password.")
    request.session.cycle_key()
    password_was_given(request)
    return ""


def lost_app_secrets() -> str:
    return _("The server cannot check codes of the app just now. Use a recovery code, or ask its operator.")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponseClientRedirect(redirect("sign_in").url)
    return redirect("sign_in")


def _ask(request: HttpRequest, access: Access, *, problem: str = "", status: int = 200) -> HttpResponse:
    fields = [(name, value) for name, values in request.POST.lists() if name not in _FIELDS for value in values]
    context: dict[str, Any] = {
        "act": request.path,
        "fields": fields,
        "problem": problem,
        "asks_code": second_factor.is_on(access.by.user),
    }
    if "HX-Request" in request.headers:
        return dialog_alone(request, access, "dialogs/step_up.html", context, status=status)
    # Not over the screen of the addresses: the form that was sent may have stood on another page.
    return render(request, "step_up.html", context | {"access": access, "book": access.book}, status=status)
