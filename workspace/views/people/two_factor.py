"""Turning codes of an app on and off, and the recovery codes, which are shown once."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workspace import limits
from workspace.forms.accounts import CodeForm, SignedCodesForm
from workspace.services.people import second_factor
from workspace.services.people.sealing import KeyLostError, UnusableKeyError
from workspace.views.pages.access import actor, signed_in
from workspace.views.people.step_up import after_fresh_sign_in, lost_app_secrets

_SALT: Final = "addressbook.recovery_codes"


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@after_fresh_sign_in
def set_up(request: HttpRequest) -> HttpResponse:
    """GET shows the secret to the app; POST turns it on, once the app has made a code of it."""
    by = actor(request)
    try:
        second_factor.begin(by.user)
        if request.method != "POST":
            return _set_up_page(request)
        form = CodeForm(request.POST)
        if not form.is_valid():
            return _set_up_page(request, problem=_not_of_the_app())
        codes = second_factor.confirm(code=form.cleaned_data["code"], by=by)
    except second_factor.AlreadyOnError:
        messages.info(request, _("Two-factor sign-in is on already."))
        return redirect("account")
    except second_factor.WrongCodeError:
        return _set_up_page(request, problem=_not_of_the_app())
    except (second_factor.NotBegunError, KeyLostError, UnusableKeyError):
        messages.error(request, lost_app_secrets())
        return redirect("account")
    messages.success(request, _("Two-factor sign-in is on. From now on you are asked for a code after your password."))
    return _codes_page(request, codes)


@require_GET
@signed_in
@after_fresh_sign_in
def picture(request: HttpRequest) -> HttpResponse:
    """The QR code, while it is being set up."""
    try:
        content = second_factor.picture(actor(request).user, issuer=settings.PRODUCT_NAME)
    except (second_factor.NotBegunError, KeyLostError, UnusableKeyError) as error:
        raise Http404 from error
    return HttpResponse(content, content_type="image/svg+xml")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@after_fresh_sign_in
def turn_off(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    if request.method != "POST" and second_factor.is_on(by.user):
        return render(request, "two_factor_off.html")
    if request.method == "POST" and second_factor.turn_off(by=by):
        messages.success(request, _("Two-factor sign-in is off."))
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@after_fresh_sign_in
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """GET asks whether to make new ones; POST makes and shows them."""
    by = actor(request)
    if request.method != "POST":
        if not second_factor.is_on(by.user):
            return redirect("account")
        return render(request, "recovery_codes_ask.html", {"codes_left": second_factor.recovery_codes_left(by.user)})
    try:
        return _codes_page(request, second_factor.new_recovery_codes(by=by))
    except second_factor.NotBegunError:
        return redirect("account")


@sensitive_post_parameters("codes")
@sensitive_variables()
@require_POST
@signed_in
def recovery_codes_file(request: HttpRequest) -> HttpResponse:
    """The codes that the page has just shown, as a file: they are kept nowhere, so the page sends them along."""
    form = SignedCodesForm(request.POST)
    try:
        if not form.is_valid():
            raise signing.BadSignature
        user_id, codes = signing.loads(
            form.cleaned_data["codes"], salt=_SALT, max_age=limits.RECOVERY_CODES_SHOWN_SECONDS
        )
    except signing.BadSignature as error:
        raise Http404 from error
    if user_id != request.user.pk:
        raise Http404
    name = _("Recovery codes for %(user)s, %(product)s") % {
        "user": request.user.get_username(),
        "product": settings.PRODUCT_NAME,
    }
    lines = [name, _("Each can be used once, instead of a code of the app."), "", *map(_shown, codes), ""]
    response = HttpResponse("\r\n".join(lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return response


def _not_of_the_app() -> str:
    return _("This is not the code that the app shows for this account. Check that the phone’s clock is right.")


def _set_up_page(request: HttpRequest, *, problem: str = "") -> HttpResponse:
    context: dict[str, Any] = {"secret": second_factor.secret_to_type(actor(request).user), "problem": problem}
    return render(request, "two_factor.html", context, status=422 if problem else 200)


@sensitive_variables()
def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    signed = signing.dumps([request.user.pk, codes], salt=_SALT, compress=True)
    return render(request, "recovery_codes.html", {"codes": [_shown(code) for code in codes], "signed": signed})


def _shown(code: str) -> str:
    """In two halves, which are easier to copy from paper."""
    half = limits.RECOVERY_CODE_CHARACTERS // 2
    return f"{code[:half]}-{code[half:]}"
