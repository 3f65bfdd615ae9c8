"""The door: the password, the code of the app where that is on, and the language, which can be chosen before that."""

import time
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from workspace import limits
from workspace.forms.accounts import CodeForm, SignInForm
from workspace.models import User
from workspace.services.history.audit import Actor
from workspace.services.people import accounts, second_factor
from workspace.services.people.sealing import KeyLostError
from workspace.services.people.throttling import TooManyGuessesError
from workspace.views.pages.access import client_address
from workspace.views.pages.sentences import wait_first
from workspace.views.people import session_limits
from workspace.views.people.browsers import remember_browser, visitor
from workspace.views.people.step_up import lost_app_secrets, password_was_given

# In the session of somebody whose password was right and whose code is still to come: the user, the hash by which a
# session is bound to the password, when, and where to afterwards.
_SECOND_STEP: Final = "second_step"


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_destination(request))
    if request.method != "POST":
        return _sign_in_page(request)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, problem=_no_match())
    values = form.cleaned_data
    try:
        user = accounts.password_given(values["username"], values["password"], visitor(request))
    except TooManyGuessesError as error:
        return _sign_in_page(request, wait_seconds=error.seconds)
    except accounts.WrongGuessError as error:
        return _sign_in_page(request, problem=_no_match(), wait_seconds=error.wait_seconds)
    if second_factor.is_on(user):
        return _to_second_step(request, user)
    return let_in(request, user, to=_destination(request))


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step, for limits.SECOND_STEP_SECONDS after the password."""
    user = _halfway(request)
    if user is None:
        request.session.pop(_SECOND_STEP, None)
        return redirect(_destination(request) if request.user.is_authenticated else "sign_in")
    if request.method != "POST":
        return _code_page(request)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, problem=_wrong_code())
    try:
        means = accounts.code_given(user, form.cleaned_data["code"], visitor(request))
    except TooManyGuessesError as error:
        return _code_page(request, wait_seconds=error.seconds)
    except KeyLostError:
        return _code_page(request, problem=lost_app_secrets())
    except accounts.WrongGuessError as error:
        return _code_page(request, problem=_wrong_code(), wait_seconds=error.wait_seconds)
    to = request.session.pop(_SECOND_STEP)["to"]
    return let_in(request, user, to=to, means=means)


def let_in(request: HttpRequest, user: User, *, to: str, means: accounts.Means | None = None) -> HttpResponse:
    """Begin a session for a user who has shown who they are, and lead on to `to`. The session has a new id."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    session_limits.begin(request)
    password_was_given(request)
    accounts.signed_in(Actor(user, client_address(request)), means)
    response = redirect(to)
    remember_browser(request, response, user)
    return response


def _to_second_step(request: HttpRequest, user: User) -> HttpResponse:
    request.session.cycle_key()
    request.session[_SECOND_STEP] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": time.time(),
        "to": _destination(request),
    }
    return redirect("sign_in_code")


def _halfway(request: HttpRequest) -> User | None:
    """Who has given the password a short while ago, if it is still theirs and they may still sign in."""
    noted: dict[str, Any] = request.session.get(_SECOND_STEP, {})
    if not noted or not 0 <= time.time() - noted["at"] <= limits.SECOND_STEP_SECONDS:
        return None
    user = User.objects.filter(pk=noted["user"], is_active=True).first()
    if user is None or not constant_time_compare(noted["hash"], user.get_session_auth_hash()):
        return None
    return user


def _no_match() -> str:
    return _("Username and password do not match. Both are case-sensitive.")


def _wrong_code() -> str:
    return _("This code is not accepted. A code can be used only once: wait for the next one.")


@sensitive_variables()
def _sign_in_page(request: HttpRequest, *, problem: str = "", wait_seconds: int = 0) -> HttpResponse:
    context = {
        "username": request.POST.get("username", ""),
        "next": request.POST.get("next", request.GET.get("next", "")),
    }
    return _page(request, "sign_in.html", context, problem, wait_seconds)


def _code_page(request: HttpRequest, *, problem: str = "", wait_seconds: int = 0) -> HttpResponse:
    return _page(request, "sign_in_code.html", {}, problem, wait_seconds)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], problem: str, wait_seconds: int
) -> HttpResponse:
    if wait_seconds:
        problem = " ".join(filter(None, [problem, wait_first(wait_seconds)]))
    response = render(request, template, {**context, "problem": problem})
    if wait_seconds:
        response.status_code = 429
        response.headers["Retry-After"] = str(wait_seconds)
    return response


def _destination(request: HttpRequest) -> str:
    """Where the user was going; never back to this page, over and over."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if not safe(request, wanted):
        return resolve_url("home")
    is_round_trip = urlsplit(wanted).path in {reverse("sign_in"), reverse("sign_out"), reverse("sign_in_code")}
    return resolve_url("home") if is_round_trip else wanted


def safe(request: HttpRequest, url: str) -> bool:
    """Whether this is a path of ours; `redirect` would take another word for the name of a view."""
    hosts = {request.get_host()}
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())


def choose_language(request: HttpRequest) -> HttpResponse:
    """Django's, and back to the group and page that the address bar says.

    The form is part of the page as it was loaded; htmx has since changed the list and the address, but not the form.
    """
    response = set_language(request)
    here, target = urlsplit(request.headers.get("Referer", "")), urlsplit(response.get("Location", ""))
    if here.netloc == request.get_host() and here.path == target.path:
        response["Location"] = target._replace(query=here.query).geturl()
    return response
