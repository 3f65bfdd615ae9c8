from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.addressbook.services.test_concurrency import at_once
from tests.support.people import PASSWORD
from workspace import actions, limits
from workspace.models import AuditEvent, BookMember, Invitation, Role, User
from workspace.services.books import books, invitations, members
from workspace.services.books.invitations import InvitationClosedError, State
from workspace.services.history.audit import Actor


@pytest.fixture
def invite(book, by):
    """Makes an invitation; its code."""
    return lambda role=Role.MANAGER, **options: invitations.invite(
        **{"book": book, "role": role, "token": uuid4(), "by": by, **options}
    )


def codes() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_whoever_accepts_is_a_member_and_the_history_says_by_whom(book, invite, charlie) -> None:
    invitations.accept(invitation=invitations.find(invite()), by=Actor(charlie))
    assert BookMember.objects.get(user=charlie).role == "manager"
    line = AuditEvent.objects.get(action=actions.ACCEPT_INVITATION)
    assert (line.username, line.detail["of"], line.detail["role"]) == ("charlie", "alice", "manager")


def test_no_table_holds_the_code(book, invite, db) -> None:
    from django.db import connection

    code = invite()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            assert code not in str(cursor.fetchall()), table


def test_the_same_form_twice_makes_one_invitation_and_gets_one_code(book, invite) -> None:
    token = uuid4()
    assert invite(token=token) == invite(token=token)
    assert invite(token=token, role=Role.VIEWER) != invite(token=token)
    assert Invitation.objects.count() == 2
    assert len({invite(), invite()}) == 2


def test_a_code_depends_on_the_secret_of_the_server(book, invite, settings) -> None:
    token = uuid4()
    code = invite(token=token)
    Invitation.objects.all().delete()
    settings.SECRET_KEY = "another"
    assert invite(token=token) != code


@pytest.mark.parametrize("around", ["https://mailer.example.com/join/#{}", " {}\n", "#{}"])
def test_the_link_is_as_good_as_the_code(invite, around) -> None:
    assert invitations.find(around.format(invite())) is not None


@pytest.mark.parametrize("text", ["", "#", "\0", "\ud800", "x" * 500])
def test_any_other_text_is_no_invitation(invite, text) -> None:
    invite()
    assert invitations.find(text) is None


def closed_state(invitation: Invitation, user: User) -> State:
    with pytest.raises(InvitationClosedError) as caught:
        invitations.accept(invitation=invitation, by=Actor(user))
    assert not BookMember.objects.filter(user=user).exists()
    return caught.value.state


def test_it_works_once(invite, charlie, make_user) -> None:
    invitation = invitations.find(invite())
    invitations.accept(invitation=invitation, by=Actor(charlie))
    invitations.accept(invitation=invitation, by=Actor(charlie))  # the same form again
    assert BookMember.objects.filter(user=charlie).count() == 1
    assert closed_state(invitation, make_user("dora")) == State.USED


def test_it_works_to_the_last_second(invite, charlie) -> None:
    invitation = invitations.find(invite())
    assert invitation.expires_at - invitation.created_at == timedelta(days=limits.INVITATION_DAYS)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert closed_state(invitation, charlie) == State.EXPIRED


def test_a_withdrawn_one_is_dead(book, by, invite, charlie) -> None:
    invitation = invitations.find(invite())
    assert invitations.withdraw(book=book, invitation_id=invitation.pk, by=by)
    assert invitations.withdraw(book=book, invitation_id=invitation.pk, by=by)  # twice
    assert codes().count("withdraw_invitation") == 1
    assert closed_state(invitation, charlie) == State.WITHDRAWN


def test_a_used_one_and_one_of_another_book_cannot_be_withdrawn(book, by, invite, charlie) -> None:
    other = books.create_book(name="Other", zone="public", region="KR", by=by)
    invitation = invitations.find(invite())
    assert not invitations.withdraw(book=other, invitation_id=invitation.pk, by=by)
    invitations.accept(invitation=invitation, by=Actor(charlie))
    assert not invitations.withdraw(book=book, invitation_id=invitation.pk, by=by)


def test_a_member_keeps_the_role_and_the_invitation_stays_open(book, invite, vera) -> None:
    invitation = invitations.find(invite(Role.ADMIN))
    with pytest.raises(books.AlreadyMemberError):
        invitations.accept(invitation=invitation, by=Actor(vera))
    assert BookMember.objects.get(user=vera).role == "viewer"
    assert invitations.state(invitation) == State.OPEN


def test_open_ones_are_limited(book, by, invite, monkeypatch) -> None:
    monkeypatch.setattr(limits, "INVITATIONS_PER_BOOK", 2)
    codes = [invite(), invite()]
    with pytest.raises(invitations.TooManyInvitationsError):
        invite()
    invitations.withdraw(book=book, invitation_id=invitations.find(codes[0]).pk, by=by)
    invite()


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.MANAGER])
def test_who_stops_being_admin_keeps_no_way_back(book, by, alice, bob, role) -> None:
    """An admin could otherwise make a link for themselves before they go."""
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    code = invitations.invite(book=book, role=Role.ADMIN, token=uuid4(), by=Actor(bob))
    if role is None:
        members.remove_member(book=book, user_id=bob.pk, by=by)
    else:
        members.change_role(book=book, user_id=bob.pk, role=role, by=by)
    assert invitations.state(invitations.find(code)) == State.WITHDRAWN


def test_an_invitation_by_somebody_who_may_not_sign_in_is_dead(book, by, bob, invite, charlie) -> None:
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    invitation = invitations.find(invite(by=Actor(bob)))
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert closed_state(invitation, charlie) == State.WITHDRAWN


def test_a_new_account_and_the_membership_come_together_or_not_at_all(book, invite, charlie) -> None:
    invitation = invitations.find(invite())
    values = {"password": PASSWORD, "ip_address": "192.0.2.9"}
    with pytest.raises(invitations.UsernameTakenError):
        invitations.accept_as_new_user(invitation=invitation, username="charlie", **values)
    assert invitations.state(invitation) == State.OPEN
    dora = invitations.accept_as_new_user(invitation=invitation, username="dora", **values)
    assert dora.check_password(PASSWORD)
    assert BookMember.objects.get(user=dora).role == "manager"
    with pytest.raises(InvitationClosedError):
        invitations.accept_as_new_user(invitation=invitation, username="emil", **values)
    assert not User.objects.filter(username="emil").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins(book, invite, make_user) -> None:
    invitation = invitations.find(invite())
    people = [make_user(f"person{number}") for number in range(3)]
    results = at_once(
        *[lambda person=person: invitations.accept(invitation=invitation, by=Actor(person)) for person in people],
        lambda: invitations.accept_as_new_user(
            invitation=invitation, username="new", password=PASSWORD, ip_address=None
        ),
    )
    assert sum(isinstance(result, InvitationClosedError) for result in results) == 3
    assert BookMember.objects.filter(book=book).exclude(role="admin").count() == 1
    assert codes().count("accept_invitation") == 1
    assert User.objects.filter(username="new").exists() == isinstance(results[3], User)


def test_what_a_removed_member_began_is_stopped_and_what_they_said_ok_to_goes_on(
    book, by, bob, send, check, ask, register
) -> None:
    register("a@example.com")
    theirs = Actor(bob)
    waits = send("email\nb@example.com\n", by=theirs)
    checked = check("email\nc@example.com\n", by=theirs)
    accepted = check("email\nd@example.com\n", by=theirs)
    from addressbook.services import uploads

    uploads.apply(book=book, upload_id=accepted.pk, group_id=None, seen=accepted.attempt, by=theirs)
    file, other = ask(by=theirs), ask()
    members.remove_member(book=book, user_id=bob.pk, by=by)
    for work, state in ((waits, "cancelled"), (checked, "cancelled"), (accepted, "waiting")):
        work.refresh_from_db()
        assert work.state == state
    for download, state in ((file, "cancelled"), (other, "waiting")):
        download.refresh_from_db()
        assert download.state == state


def test_a_manager_who_becomes_admin_goes_on_with_their_work(book, by, bob, check) -> None:
    checked = check("email\nc@example.com\n", by=Actor(bob))
    members.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    checked.refresh_from_db()
    assert checked.state == "checked"


def test_an_invitation_needs_an_inviter_who_is_admin_now(book, invite, by, bob, charlie) -> None:
    """However it was made: one in flight while its inviter was removed escapes the withdrawal of the others."""
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    invitation = invitations.find(invite(by=Actor(bob), role=Role.ADMIN))
    BookMember.objects.filter(user=bob).update(role=Role.MANAGER)
    assert not Invitation.objects.open().exists()
    assert closed_state(invitation, charlie) is State.WITHDRAWN
    with pytest.raises(InvitationClosedError):
        invitations.accept_as_new_user(invitation=invitation, username="dan", password=PASSWORD, ip_address=None)
    assert not User.objects.filter(username="dan").exists()
