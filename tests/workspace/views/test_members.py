"""The page of the members: who may change what, only with a fresh sign-in, and at once."""

import time
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.support.html import hidden_fields, read, text_of
from tests.support.people import PASSWORD
from tests.workspace.views.test_access import TABLE, url_of
from workspace.models import BookMember, Invitation
from workspace.services.books import books


def freshly(client):
    session = client.session
    session["password_given_at"] = time.time()
    session.save()
    return client


@pytest.fixture
def client(alice, client_of):
    return freshly(client_of(alice))


@pytest.fixture
def url(book):
    return lambda name: reverse(name, args=[book.slug])


def test_members_are_listed_with_role_and_last_sign_in(
    client, url, alice, bob, vera, django_assert_num_queries
) -> None:
    vera.last_login = timezone.now()
    vera.save()
    text = text_of(client.get(url("members")))
    assert f"{timezone.localtime(vera.last_login):%Y-%m-%d %H:%M}" in text
    assert "bob never" in text
    with django_assert_num_queries(7):  # session, user, membership, the bar, mailings, members, invitations
        client.get(url("members"))


def test_the_settings_lead_there(client, url, bob) -> None:
    answer = client.get(url("book_settings"))
    assert "2 people can open this address book." in text_of(answer)
    assert f'href="{url("members")}"' in answer.content.decode()


@pytest.mark.parametrize("name", ["add_member", "change_role", "remove_member", "invite_member", "withdraw_invitation"])
def test_every_change_asks_for_a_fresh_sign_in(name, alice, client_of, url, charlie, vera) -> None:
    stale = client_of(alice)
    fields = {"username": "charlie", "user": vera.pk, "role": "manager", "token": uuid4(), "invitation": 1}
    answer = stale.post(url(name), fields)
    assert "Confirm it is you" in text_of(answer)
    assert BookMember.objects.get(user=vera).role == "viewer"
    assert not BookMember.objects.filter(user=charlie).exists()
    assert not Invitation.objects.exists()


def test_after_the_password_the_change_goes_on(alice, client_of, url, charlie) -> None:
    stale = client_of(alice)
    dialog = read(stale.post(url("add_member"), {"username": "charlie", "role": "viewer"}))
    fields = {name: dialog.fields[name][-1] for name in ("username", "role")}
    answer = stale.post(url("add_member"), fields | {"current_password": PASSWORD}, follow=True)
    assert "charlie is a member now." in text_of(answer)


def test_a_removed_member_is_out_of_every_page_of_an_open_session(book, by, bob, client_of, url, register) -> None:
    """Whatever was open in their browser: pages, forms with their tokens, what htmx asks for by itself."""
    register("a@example.com")
    theirs = client_of(bob)
    page = theirs.get(url("console"))
    token = hidden_fields(theirs.get(url("register")), "token")
    assert page.status_code == 200
    books.remove_member(book=book, user_id=bob.pk, by=by)
    for name, row in TABLE.items():
        if "slug" not in url_pattern(name):
            continue
        for method in (theirs.get, theirs.post):
            for headers in ({}, {"HX-Request": "true"}):
                fields = {**token, "text": "b@example.com"}
                answer = method(url_of(name, row, book.slug), fields, headers=headers)
                assert answer.status_code in {404, 405}, name
                assert b"a@example.com" not in answer.content
    assert book.current_edition.addresses.count() == 1
    assert theirs.get("/").status_code == 200  # their other books would be there


def url_pattern(name: str) -> str:
    from django.urls import get_resolver

    return str(next(iter(get_resolver().reverse_dict.getlist(name)))[0][0][0])


def test_a_lowered_member_may_do_less_at_the_next_request(book, by, bob, client_of, url) -> None:
    theirs = client_of(bob)
    assert theirs.get(url("register")).status_code == 200
    books.change_role(book=book, user_id=bob.pk, role="viewer", by=by)
    assert theirs.get(url("register")).status_code == 403


# Invitations ---------------------------------------------------------------------------------------------------------


def invite(client, url, **fields):
    answer = client.post(url("invite_member"), {"token": uuid4(), "role": "manager", **fields})
    fields = read(answer)
    link = next((value for value in fields.values if "/join/#" in value), "")
    return answer, link


def test_the_link_is_shown_once(client, url) -> None:
    answer, link = invite(client, url)
    assert link.startswith("http://testserver/join/#")
    assert "becomes a member (Manager)" in text_of(answer)
    page = client.get(url("members"))
    assert link.rpartition("#")[2] not in page.content.decode()
    assert "Open invitations" in text_of(page)
    assert "no-store" in answer["Cache-Control"]


def test_the_link_is_made_from_the_public_address_with_its_port(client, url, settings) -> None:
    """A proxy may leave the port out of the Host."""
    settings.SITE_URL = "https://mailer.example.com:18443/"
    assert invite(client, url)[1].startswith("https://mailer.example.com:18443/join/#")


def test_an_open_invitation_is_withdrawn(client, url) -> None:
    _, link = invite(client, url)
    page = client.get(url("members"))
    answer = client.post(url("withdraw_invitation"), hidden_fields(page, "invitation"), follow=True)
    assert "The invitation is withdrawn." in text_of(answer)
    assert "Open invitations" not in text_of(answer)
    assert "was withdrawn" in text_of(client.post(reverse("join"), {"code": link}, follow=True))


@pytest.mark.parametrize("fields", [{"token": "x"}, {"role": "owner"}, {"role": ""}])
def test_a_mangled_form_makes_no_invitation(client, url, fields) -> None:
    answer, link = invite(client, url, **fields)
    assert (answer.status_code, link) == (422, "")
    assert not Invitation.objects.exists()


def test_too_many_open_invitations_say_so(client, url, monkeypatch) -> None:
    from workspace import limits

    monkeypatch.setattr(limits, "INVITATIONS_PER_BOOK", 0)
    answer, _ = invite(client, url)
    assert "0 invitations are open already." in text_of(answer)


@pytest.fixture
def guest(client, url):
    """A browser in which nobody is signed in and the link was opened; the page."""
    from django.test import Client

    guest = Client()
    guest.post(reverse("join"), {"code": invite(client, url)[1]})
    return guest


NEW = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}


def test_an_invited_person_makes_an_account_and_is_in(guest, book, url) -> None:
    page = guest.get(reverse("join"))
    assert "alice invites you to the address book “Main”. Your role: Manager." in text_of(page)
    answer = guest.post(reverse("accept_invitation"), NEW, follow=True)
    assert "You are a member of the address book “Main” now." in text_of(answer)
    assert answer.redirect_chain == [(url("console"), 302)]
    assert BookMember.objects.get(user__username="dora").role == "manager"
    assert "password_given_at" in guest.session


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "alice"}, "already exists"),
        ({"username": "ALICE"}, "already exists"),
        ({"username": ""}, "required"),
        ({"username": "a b"}, "valid username"),
        ({"password1": "short", "password2": "short"}, "at least 12 characters"),
        ({"password1": "password1234567", "password2": "other"}, "match"),
        ({"username": "doradoradora", "password1": "doradoradora", "password2": "doradoradora"}, "similar"),
    ],
)
def test_a_new_account_follows_the_rules(guest, fields, sentence) -> None:
    answer = guest.post(reverse("accept_invitation"), {**NEW, **fields})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert PASSWORD not in answer.content.decode()
    assert not BookMember.objects.filter(user__username="dora").exists()


def test_what_is_wrong_with_a_password_is_said_where_it_was_chosen(guest) -> None:
    answer = guest.post(reverse("accept_invitation"), {**NEW, "password1": "short", "password2": "short"})
    first, again = answer.content.decode().split('for="join-password-again"')
    assert "at least 12 characters" in first.partition('id="join-password-problem"')[2]
    assert "problem" not in again


def test_who_has_an_account_signs_in_and_comes_back(guest, charlie, url) -> None:
    page = guest.get(reverse("join"))
    assert f"{reverse('sign_in')}?next={reverse('join')}" in page.content.decode()
    signed_in = guest.post(
        reverse("sign_in"), {"username": "charlie", "password": PASSWORD, "next": reverse("join")}, follow=True
    )
    assert "Join as charlie" in text_of(signed_in)
    answer = guest.post(reverse("accept_invitation"), follow=True)
    assert "You are a member of the address book “Main” now." in text_of(answer)


def test_a_member_is_told_so_and_the_invitation_stays(client, url, vera, client_of) -> None:
    _, link = invite(client, url)
    theirs = client_of(vera)
    theirs.post(reverse("join"), {"code": link})
    answer = theirs.post(reverse("accept_invitation"), follow=True)
    assert "You are a member already." in text_of(answer)
    assert Invitation.objects.open().count() == 1


def test_a_used_link_says_so(client, url, guest) -> None:
    _, link = invite(client, url)
    first, second = guest, type(guest)()
    for browser in (first, second):
        browser.post(reverse("join"), {"code": link})
    first.post(reverse("accept_invitation"), NEW)
    answer = second.post(reverse("accept_invitation"), {**NEW, "username": "emil"})
    assert answer.status_code == 410
    assert "This invitation has been used already." in text_of(answer)
    again = second.post(reverse("join"), {"code": link}, follow=True)
    assert (again.status_code, "used already" in text_of(again)) == (410, True)


def test_a_late_link_says_so(guest) -> None:
    Invitation.objects.update(expires_at=timezone.now())
    answer = guest.get(reverse("join"))
    assert answer.status_code == 410
    assert "The time of this invitation is over." in text_of(answer)


@pytest.mark.parametrize("code", ["", "x", "\0", "#" * 500, "😀"])
def test_a_wrong_code_says_so(db, client, code) -> None:
    from django.test import Client

    answer = Client().post(reverse("join"), {"code": code})
    assert answer.status_code == 404
    assert "There is no such invitation." in text_of(answer)


def test_an_acceptance_without_a_link_asks_for_it(charlie, client_of) -> None:
    assert client_of(charlie).post(reverse("accept_invitation")).url == reverse("join")


@pytest.fixture
def join(book, by, db):
    """Answers to an invitation with an account of this name and password."""
    from django.test import Client

    from workspace.services.books import invitations

    def join(username: str, password: str):
        visitor = Client()
        visitor.post(reverse("join"), {"code": invitations.invite(book=book, role="admin", token=uuid4(), by=by)})
        fields = {"username": username, "password1": password, "password2": password}
        return visitor.post(reverse("accept_invitation"), fields)

    return join


@pytest.mark.parametrize("name", ["аlice", "admіn", ".", "-", "kim김", "admin١"])
def test_invited_people_choose_names_that_can_be_told_apart(join, name) -> None:
    assert join(name, "another horse battery").status_code == 422
    assert BookMember.objects.count() == 1


@pytest.mark.parametrize(("length", "status"), [(256, 302), (257, 422), (305, 422)])
def test_a_password_is_no_longer_than_the_sign_in_page_takes(join, length, status) -> None:
    password = ("another horse battery " * 20)[: length - 1] + "x"
    assert join("dan", password).status_code == status
    assert BookMember.objects.filter(user__username="dan").exists() == (status == 302)
