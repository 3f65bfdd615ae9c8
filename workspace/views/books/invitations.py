"""The way in for somebody who is invited: the link, then an account, then the book.

The code of the link stands after its #, which browsers send to nobody; a script puts it into a form, and from there the
session remembers which invitation it was. So no URL, log or Referer holds it.
"""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from workspace.forms.members import CodeForm, NewAccountForm
from workspace.models import Invitation
from workspace.services.books import books, invitations
from workspace.services.books.invitations import State
from workspace.views.pages.access import actor, client_address
from workspace.views.people.sign_in import let_in

# In the session: the invitation whose code was shown last.
_SHOWN: Final = "invitation"


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("code")
def join(request: HttpRequest) -> HttpResponse:
    """POST takes a code; GET shows the invitation that it belongs to, or asks for a code."""
    if request.method == "POST":
        form = CodeForm(request.POST)
        found = invitations.find(form.cleaned_data["code"]) if form.is_valid() else None
        if found is None:
            request.session.pop(_SHOWN, None)
            return render(request, "join_code.html", {"problem": _unknown()}, status=404)
        request.session[_SHOWN] = found.pk
        return redirect("join")
    invitation = _shown(request)
    return _page(request, invitation) if invitation else render(request, "join_code.html", {})


@require_POST
@sensitive_post_parameters("password1", "password2")
@sensitive_variables("form")
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Become a member: as who is signed in, else with a new account."""
    invitation = _shown(request)
    if invitation is None:
        return redirect("join")
    if request.user.is_authenticated:
        return _accepted(request, invitation)
    if invitations.state(invitation) != State.OPEN:
        return _page(request, invitation)
    form = NewAccountForm(request.POST)
    if not form.is_valid():
        return _page(request, invitation, form=form, status=422)
    values = form.cleaned_data
    try:
        user = invitations.accept_as_new_user(
            invitation=invitation,
            username=values["username"],
            password=values["password1"],
            ip_address=client_address(request),
        )
    except invitations.UsernameTakenError:
        form.add_error("username", _("Somebody has just taken this name. Please choose another."))
        return _page(request, invitation, form=form, status=422)
    except invitations.InvitationClosedError:
        return _page(request, _shown(request) or invitation)
    response = let_in(request, user, to=reverse("console", args=[invitation.book.slug]))
    _greet(request, invitation)
    return response


def _accepted(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    try:
        invitations.accept(invitation=invitation, by=actor(request))
    except books.AlreadyMemberError:
        messages.info(request, _("You are a member already. The invitation stays open for somebody else."))
        return redirect("console", slug=invitation.book.slug)
    except invitations.InvitationClosedError:
        return _page(request, _shown(request) or invitation)
    _greet(request, invitation)
    return redirect("console", slug=invitation.book.slug)


def _greet(request: HttpRequest, invitation: Invitation) -> None:
    request.session.pop(_SHOWN, None)
    messages.success(request, _("You are a member of the address book “%(name)s” now.") % {"name": invitation.book})


def _shown(request: HttpRequest) -> Invitation | None:
    return invitations.get(request.session.get(_SHOWN, 0))


def _page(
    request: HttpRequest, invitation: Invitation, *, form: NewAccountForm | None = None, status: int = 200
) -> HttpResponse:
    state = invitations.state(invitation)
    if state != State.OPEN:
        request.session.pop(_SHOWN, None)
        return render(request, "join_code.html", {"problem": _closed(state)}, status=410)
    context = {"invitation": invitation, "form": form or NewAccountForm()}
    return render(request, "join.html", context, status=status)


def _unknown() -> str:
    return _("There is no such invitation. Please copy the whole link once more.")


def _closed(state: State) -> str:
    match state:
        case State.USED:
            return _("This invitation has been used already. If that was you, sign in. Otherwise ask for a new one.")
        case State.WITHDRAWN:
            return _("This invitation was withdrawn. Ask whoever sent it for a new one.")
        case _:
            return _("The time of this invitation is over. Ask whoever sent it for a new one.")
