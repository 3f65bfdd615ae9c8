"""What a person keeps of their own: the password, the sessions, and whether they were themselves who signed in."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workspace import limits
from workspace.forms.accounts import ChangePasswordForm, EmailForm
from workspace.services.people import accounts, second_factor
from workspace.views.pages.access import actor, signed_in
from workspace.views.people.sign_in import safe
from workspace.views.people.step_up import confirmed, password_was_given


@require_GET
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    return _account_page(request)


@require_POST
@signed_in
def change_email(request: HttpRequest) -> HttpResponse:
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _account_page(request, email_form=form, status=422)
    accounts.change_email(email=form.cleaned_data["email"], by=actor(request))
    messages.success(request, _("Saved."))
    return redirect("account")


def _account_page(request: HttpRequest, *, email_form: EmailForm | None = None, status: int = 200) -> HttpResponse:
    user = actor(request).user
    context = {
        # Nothing is asked for that nothing is done with.
        "email_form": (email_form or EmailForm({"email": user.email})) if settings.EMAIL_HOST else None,
        "sign_ins": accounts.sign_ins_of(user),
        "two_factor_is_on": second_factor.is_on(user),
        "codes_left": second_factor.recovery_codes_left(user),
    }
    return render(request, "account.html", context, status=status)


@sensitive_post_parameters("current_password", "current_code")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def confirm_sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for the password (and the code), and leads on to where it is needed."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    to = wanted if safe(request, wanted) else reverse("home")
    problem = ""
    if request.method == "POST":
        problem = confirmed(request)
        if not request.user.is_authenticated:
            return redirect("sign_in")
        if not problem:
            return redirect(to)
    context = {"next": to, "problem": problem, "asks_code": second_factor.is_on(actor(request).user)}
    return render(request, "confirm_sign_in.html", context, status=422 if problem else 200)


@sensitive_post_parameters()
@sensitive_variables("form", "values")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change_password(request: HttpRequest) -> HttpResponse:
    """Needs the present password in any case, so that nobody at an open screen can take the account over."""
    by = actor(request)
    if request.method != "POST":
        return _password_page(request)
    form = ChangePasswordForm(request.POST, user=by.user)
    if not form.is_valid():
        return _password_page(request, form=form)
    if problem := confirmed(request):
        if not request.user.is_authenticated:
            return redirect("sign_in")
        return _password_page(request, problem=problem)
    user = accounts.change_password(password=form.cleaned_data["new_password"], by=by)
    # This session goes on, with a new id; all others are over.
    update_session_auth_hash(request, user)
    password_was_given(request)
    messages.success(request, _("Your password is changed. You have been signed out everywhere else."))
    return redirect("account")


@require_POST
@signed_in
def end_sessions(request: HttpRequest) -> HttpResponse:
    user = accounts.end_sessions(by=actor(request))
    update_session_auth_hash(request, user)
    messages.success(request, _("You have been signed out everywhere else."))
    return redirect("account")


def _password_page(request: HttpRequest, *, form: ChangePasswordForm | None = None, problem: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "problem": problem,
        "least": limits.PASSWORD_LEAST_CHARACTERS,
        "asks_code": second_factor.is_on(actor(request).user),
    }
    return render(request, "change_password.html", context, status=422 if request.method == "POST" else 200)
