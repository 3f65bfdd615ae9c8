"""The members of a book and the invitations to it; every change behind a fresh sign-in."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from workspace import limits
from workspace.forms.members import InvitationForm, MemberForm, MemberRoleForm, NewMemberForm, WithdrawForm
from workspace.models import Invitation, Role
from workspace.numbers import number
from workspace.services.books import books, invitations, members
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.answers import public_url
from workspace.views.people.step_up import with_fresh_sign_in


@require_GET
@to_book(Role.ADMIN)
def show_members(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def add_member(request: HttpRequest, access: Access) -> HttpResponse:
    form = NewMemberForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            user = books.add_member(book=access.book, username=values["username"], role=values["role"], by=access.by)
        except books.UnknownUserError:
            form.add_error("username", _("There is no active user of this name."))
        except books.AlreadyMemberError:
            form.add_error("username", _("This user is a member already. Change the role in the table."))
        else:
            messages.success(request, _("%(user)s is a member now.") % {"user": user})
            return redirect("members", slug=access.book.slug)
    return _page(request, access, new_member=form, status=422)


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def change_role(request: HttpRequest, access: Access) -> HttpResponse:
    form = MemberRoleForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        if _asks_first(access, **values):
            context = {"access": access, "book": access.book, "role": values["role"]}
            return render(request, "lesser_role.html", context)
        _report(request, lambda: _changed_role(access, values["user"], values["role"]))
    return _after(request, access)


@require_GET
@to_book(Role.ADMIN)
def ask_remove_member(request: HttpRequest, access: Access) -> HttpResponse:
    form = MemberForm(request.GET)
    user_id = form.cleaned_data["user"] if form.is_valid() else None
    member = access.book.members.select_related("user").filter(user=user_id).first()
    if member is None:
        messages.error(request, _("This user is no longer a member."))
        return redirect("members", slug=access.book.slug)
    return render(request, "remove_member.html", {"access": access, "book": access.book, "member": member})


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def remove_member(request: HttpRequest, access: Access) -> HttpResponse:
    form = MemberForm(request.POST)
    if form.is_valid():
        _report(request, lambda: _removed(access, form.cleaned_data["user"]))
    return _after(request, access)


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def invite_member(request: HttpRequest, access: Access) -> HttpResponse:
    """The page with the link on it, this once: it is not kept, and a redirect would lose it."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page was too old. Please check the fields and send them again."))
        return _page(request, access, status=422)
    values = form.cleaned_data
    try:
        code = invitations.invite(book=access.book, role=values["role"], token=values["token"], by=access.by)
    except invitations.TooManyInvitationsError:
        sentence = _("%(limit)s invitations are open already. Withdraw one that is not needed.")
        messages.error(request, sentence % {"limit": number(limits.INVITATIONS_PER_BOOK)})
        return _page(request, access, status=422)
    # After the #, so that the code stands in no log and no Referer: browsers do not send that part.
    link = f"{public_url(request, reverse('join'))}#{code}"
    return _page(request, access, link=link, link_role=values["role"].label)


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def withdraw_invitation(request: HttpRequest, access: Access) -> HttpResponse:
    form = WithdrawForm(request.POST)
    invitation_id = form.cleaned_data["invitation"] if form.is_valid() else 0
    if invitations.withdraw(book=access.book, invitation_id=invitation_id, by=access.by):
        messages.success(request, _("The invitation is withdrawn. Its link leads nowhere any more."))
    else:
        messages.error(request, _("This invitation has been used already, or is gone."))
    return redirect("members", slug=access.book.slug)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    new_member: NewMemberForm | None = None,
    link: str = "",
    link_role: str = "",
    status: int = 200,
) -> HttpResponse:
    book = access.book
    context = {
        "access": access,
        "book": book,
        "members": book.members.select_related("user").order_by("user__username"),
        "roles": Role.choices,
        "new_member": new_member or NewMemberForm(),
        "invitations": Invitation.objects.open().filter(book=book).select_related("invited_by").order_by("pk"),
        "link": link,
        "link_role": link_role,
        "token": uuid4(),
    }
    return render(request, "members.html", context, status=status)


def _asks_first(access: Access, user: int, role: Role, confirmed: bool) -> bool:
    """Nobody can undo giving up a role but another admin. The last one need not be asked: the answer is no."""
    own = access.by.user
    return (
        user == own.pk
        and not confirmed
        and not role.includes(access.role)
        and access.book not in books.managed_only_by(own)
    )


def _changed_role(access: Access, user_id: int, role: Role) -> str:
    user = members.change_role(book=access.book, user_id=user_id, role=role, by=access.by)
    return _("The role of %(user)s is now: %(role)s.") % {"user": user, "role": role.label}


def _removed(access: Access, user_id: int) -> str:
    user = members.remove_member(book=access.book, user_id=user_id, by=access.by)
    return _("%(user)s is no longer a member.") % {"user": user}


def _report(request: HttpRequest, act: Callable[[], Any]) -> None:
    try:
        messages.success(request, act())
    except books.LastAdminError:
        messages.error(request, _("An address book needs at least one admin. Make somebody else admin first."))
    except books.NotAMemberError:
        messages.error(request, _("This user is no longer a member."))


def _after(request: HttpRequest, access: Access) -> HttpResponse:
    # Who has just given up the admin role has no business on this page any more.
    still = access.book.members.filter(user=access.by.user).first()
    if still is None:
        return redirect("home")
    if not Role(still.role).includes(Role.ADMIN):
        return redirect("console", slug=access.book.slug)
    return redirect("members", slug=access.book.slug)
