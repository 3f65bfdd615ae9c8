"""The pages of the users, for superusers: who there is, and what can be done with an account."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from workspace.forms.users import Act, ActForm, NewUserForm
from workspace.models import User
from workspace.services.users import users
from workspace.views.history import history_sentences
from workspace.views.pages.access import actor, to_superusers
from workspace.views.people.step_up import after_fresh_sign_in


@require_GET
@to_superusers
def show_users(request: HttpRequest) -> HttpResponse:
    acts = [(line, history_sentences.title(line.action), line.detail.get("user", "")) for line in users.last_acts()]
    return render(request, "users.html", {"people": users.everybody(), "acts": acts})


@require_http_methods(["GET", "POST"])
@to_superusers
@after_fresh_sign_in
def create_user(request: HttpRequest) -> HttpResponse:
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = users.create(username=form.cleaned_data["username"], by=actor(request))
        except users.UsernameTakenError:
            form.add_error("username", _("There is a user of this name already."))
        else:
            messages.success(request, _("The user “%(user)s” is there now.") % {"user": created.user})
            return _page(request, created.user.pk, link=_link(request, created.code))
    return render(request, "create_user.html", {"form": form}, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@to_superusers
@after_fresh_sign_in
def show_user(request: HttpRequest, user_id: int) -> HttpResponse:
    """The page of a user; with POST, an act. A link for a new password is on the answer, this once."""
    if request.method != "POST":
        return _page(request, user_id)
    form = ActForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page was too old. Please check the fields and send them again."))
        return _page(request, user_id, status=422)
    try:
        link = _done(request, user_id, form.cleaned_data["act"])
    except users.UserGoneError as error:
        raise Http404 from error
    except users.OwnAccountError:
        messages.error(request, _("Your own account is under your name at the top of the page."))
    except users.OnlyAdminError as error:
        names = ", ".join(book.name for book in error.books)
        sentence = _("This user is the only admin of: %(books)s. Make somebody else admin there first.")
        messages.error(request, sentence % {"books": names})
    except users.IsSuperuserError:
        messages.error(request, _("Only superusers themselves set their password. Revoke the superuser rights first."))
    except users.LinkClosedError:
        messages.error(request, _("This user may not sign in. Activate the account first."))
    else:
        return _page(request, user_id, link=link) if link else redirect("user", user_id=user_id)
    return _page(request, user_id, status=422)


def _done(request: HttpRequest, user_id: int, act: Act) -> str:
    """Carry the act out; the link that it made, or ""."""
    by = actor(request)
    match act:
        case Act.DEACTIVATE:
            user = users.deactivate(user_id=user_id, by=by)
            sentence = _("%(user)s can no longer sign in.")
        case Act.ACTIVATE:
            user = users.activate(user_id=user_id, by=by)
            sentence = _("%(user)s can sign in again.")
        case Act.MAKE_SUPERUSER | Act.UNMAKE_SUPERUSER:
            user = users.make_superuser(user_id=user_id, is_superuser=act == Act.MAKE_SUPERUSER, by=by)
            raised, lowered = _("%(user)s is a superuser now."), _("%(user)s is an ordinary user now.")
            sentence = raised if act == Act.MAKE_SUPERUSER else lowered
        case Act.RESET_TWO_FACTOR:
            user = users.reset_second_factor(user_id=user_id, by=by)
            sentence = _("Two-factor sign-in of %(user)s is off.")
        case Act.MAKE_LINK:
            return _link(request, users.make_password_link(user_id=user_id, by=by))
    messages.success(request, sentence % {"user": user})
    return ""


def _link(request: HttpRequest, code: str) -> str:
    # After the #, so that the code stands in no log and no Referer: browsers do not send that part.
    return f"{request.build_absolute_uri(reverse('password_link'))}#{code}"


def _page(request: HttpRequest, user_id: int, *, link: str = "", status: int = 200) -> HttpResponse:
    try:
        person: User = users.find(user_id)
    except users.UserGoneError as error:
        raise Http404 from error
    context: dict[str, Any] = {"person": person, "is_own": person.pk == actor(request).user.pk, "link": link}
    return render(request, "user.html", context, status=status)
