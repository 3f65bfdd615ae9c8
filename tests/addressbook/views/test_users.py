"""The pages of the users: superusers alone, behind a fresh sign-in, each act in the history, and no way around."""

import time

import pytest
from django.urls import reverse
from django.utils import timezone

from mailerconsole import limits
from tests.support.html import text_of
from tests.support.people import PASSWORD
from workspace import actions
from workspace.actions import ON_USERS
from workspace.models import AuditEvent, Authenticator, Role, User
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.users import users

NEW = "another horse battery staple"
ACTS = {
    "deactivate": actions.DEACTIVATE_USER,
    "make_superuser": actions.MAKE_SUPERUSER,
    "reset_two_factor": actions.RESET_TWO_FACTOR,
    "make_link": actions.MAKE_PASSWORD_LINK,
}


@pytest.fixture
def sue(make_user):
    """A superuser, who is a member of no book."""
    sue = make_user("sue")
    sue.is_superuser = True
    sue.save()
    return sue


@pytest.fixture
def stale(sue, client_of):
    return client_of(sue)


@pytest.fixture
def fresh(stale):
    session = stale.session
    session["password_given_at"] = time.time()
    session.save()
    return stale


@pytest.fixture
def act(fresh):
    return lambda user, name, **options: fresh.post(reverse("user", args=[user.pk]), {"act": name}, **options)


@pytest.fixture
def guarded(vera):
    """vera, with two-factor sign-in."""
    Authenticator.objects.create(user=vera, sealed_secret="x", confirmed_at=vera.date_joined)
    return vera


def lines() -> list[tuple[str, str, str]]:
    found = AuditEvent.objects.filter(action__in=ON_USERS).order_by("pk")
    return [(line.username, line.action, line.detail["user"]) for line in found]


def code_in(answer) -> str:
    return answer.context["link"].partition("#")[2]


def now(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_everybody_is_listed_with_books_and_roles(fresh, sue, guarded, bob, django_assert_num_queries) -> None:
    text = text_of(fresh.get(reverse("users")))
    assert f"sue (you) (superuser) {timezone.localtime(now(sue).last_login):%Y-%m-%d %H:%M} Off none" in text
    assert "vera never On Main (Viewer)" in text
    with django_assert_num_queries(5):  # session, user, people, memberships with their books, the last acts
        fresh.get(reverse("users"))


@pytest.mark.parametrize("name", ACTS)
def test_every_act_is_in_the_history_by_name(act, name, guarded) -> None:
    assert act(guarded, name).status_code in {200, 302}
    assert lines() == [("sue", ACTS[name], "vera")]
    page = text_of(act(guarded, name, follow=True).client.get(reverse("users")))
    assert "sue" in page
    assert "vera" in page.partition("Latest changes")[2]


@pytest.mark.parametrize("name", ACTS)
def test_every_act_asks_for_a_fresh_sign_in(stale, name, guarded) -> None:
    answer = stale.post(reverse("user", args=[guarded.pk]), {"act": name})
    assert answer.url.startswith(reverse("confirm_sign_in"))
    assert lines() == []
    answer = stale.post(reverse("create_user"), {"username": "dan"})
    assert answer.url.startswith(reverse("confirm_sign_in"))
    assert not User.objects.filter(username="dan").exists()


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_nobody_else_gets_there(who, book, guarded, client_of, request) -> None:
    person = request.getfixturevalue(who)
    # Django's own permissions, which opened its pages of users, open nothing here.
    person.is_staff = True
    person.save()
    client = client_of(person)
    session = client.session
    session["password_given_at"] = time.time()
    session.save()
    for url in (reverse("users"), reverse("create_user"), reverse("user", args=[person.pk])):
        assert client.get(url).status_code == 403
        assert client.post(url, {"act": "make_superuser", "username": "dan"}).status_code in {403, 405}
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_deactivated_user_is_out_at_once_and_stays_out_of_old_sessions(act, vera, client_of) -> None:
    client = client_of(vera)
    act(vera, "deactivate")
    assert client.get(reverse("account")).status_code == 302
    act(vera, "activate")
    assert now(vera).is_active
    assert client.get(reverse("account")).status_code == 302
    assert [action for _, action, _ in lines()] == [actions.DEACTIVATE_USER, actions.ACTIVATE_USER]


def test_the_last_admin_of_a_book_stays_active(act, book, alice, bob, by) -> None:
    answer = act(alice, "deactivate")
    assert answer.status_code == 422
    assert "This user is the only admin of: Main." in text_of(answer)
    assert now(alice).is_active
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    assert act(alice, "deactivate").status_code == 302


@pytest.mark.parametrize("name", [*ACTS, "unmake_superuser", "activate"])
def test_ones_own_account_is_not_changed_here(act, name, sue) -> None:
    answer = act(sue, name)
    assert answer.status_code == 422
    assert "Your own account" in text_of(answer)
    assert lines() == []


def test_two_superusers_cannot_both_take_the_right_from_each_other(act, sue, charlie) -> None:
    act(charlie, "make_superuser")
    users.make_superuser(user_id=sue.pk, is_superuser=False, by=Actor(now(charlie)))
    assert act(charlie, "unmake_superuser").status_code == 403
    assert now(charlie).is_superuser


def test_the_right_is_asked_for_under_the_lock(sue, vera) -> None:
    by = Actor(sue)
    User.objects.filter(pk=sue.pk).update(is_superuser=False)
    for change in (users.deactivate, users.activate, users.reset_second_factor, users.make_password_link):
        with pytest.raises(users.PermissionDenied):
            change(user_id=vera.pk, by=by)
    with pytest.raises(users.PermissionDenied):
        users.create(username="dan", by=by)
    assert lines() == []


def test_two_factor_is_turned_off_for_somebody_who_has_lost_the_app(act, guarded, client_of) -> None:
    client = client_of(guarded)
    act(guarded, "reset_two_factor")
    assert not Authenticator.objects.exists()
    assert client.get(reverse("account")).status_code == 302


def test_a_link_leads_to_a_new_password_once(act, vera, client, client_of) -> None:
    signed_in = client_of(vera)
    code = code_in(act(vera, "make_link"))
    assert (
        client.post(reverse("password_link"), {"code": f"https://mailer.example.com/password/#{code}"}).status_code
        == 302
    )
    assert "For the account vera" in text_of(client.get(reverse("password_link")))
    answer = client.post(reverse("set_password"), {"new_password": NEW, "repeated": NEW})
    assert answer.url == reverse("sign_in")
    assert now(vera).check_password(NEW)
    assert signed_in.get(reverse("account")).status_code == 302
    assert "_auth_user_id" not in client.session
    line = AuditEvent.objects.get(action=actions.CHANGE_PASSWORD)
    assert (line.username, line.detail) == ("vera", {"with": "link"})
    client.post(reverse("password_link"), {"code": code})
    assert client.get(reverse("password_link")).status_code == 410


def test_a_poor_password_is_not_set(act, vera, client) -> None:
    client.post(reverse("password_link"), {"code": code_in(act(vera, "make_link"))})
    answer = client.post(reverse("set_password"), {"new_password": "short", "repeated": "short"})
    assert answer.status_code == 422
    assert now(vera).check_password(PASSWORD)


@pytest.mark.parametrize("change", ["deactivated", "raised", "sessions ended", "signed in", "too old"])
def test_a_link_does_not_outlive_the_account_that_it_was_made_for(change, act, vera, client, sue, settings) -> None:
    code = code_in(act(vera, "make_link"))
    rows = User.objects.filter(pk=vera.pk)
    match change:
        case "deactivated":
            users.deactivate(user_id=vera.pk, by=Actor(sue))
            users.activate(user_id=vera.pk, by=Actor(sue))
        case "raised":
            rows.update(is_superuser=True)
        case "sessions ended":
            rows.update(session_epoch=vera.session_epoch + 1)
        case "signed in":
            rows.update(last_login=vera.date_joined)
        case "too old":
            settings.PASSWORD_RESET_TIMEOUT = -1
    client.post(reverse("password_link"), {"code": code})
    assert client.get(reverse("password_link")).status_code == 410
    assert client.post(reverse("set_password"), {"new_password": NEW, "repeated": NEW}).status_code == 410
    assert now(vera).check_password(PASSWORD)


@pytest.mark.parametrize(
    "code", ["", "-", "1-", "x-y-z", "1-abc-def", "\0", "ﬀ-1-2", "zzzzzzzzzzzzzzzzzz-1-1", "9" * 500]
)
def test_any_other_text_is_no_link(code, client, db) -> None:
    client.post(reverse("password_link"), {"code": code})
    assert client.get(reverse("password_link")).status_code == 410


def test_the_password_of_a_superuser_is_not_set_by_others(act, charlie) -> None:
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    answer = act(charlie, "make_link")
    assert answer.status_code == 422
    assert "Only superusers themselves" in text_of(answer)
    assert lines() == []


def test_a_new_user_has_no_password_until_the_link_is_used(fresh, client) -> None:
    answer = fresh.post(reverse("create_user"), {"username": "dan"})
    dan = User.objects.get(username="dan")
    assert not dan.has_usable_password()
    client.post(reverse("password_link"), {"code": code_in(answer)})
    client.post(reverse("set_password"), {"new_password": NEW, "repeated": NEW})
    assert now(dan).check_password(NEW)
    assert lines() == [("sue", actions.CREATE_USER, "dan")]


@pytest.mark.parametrize("name", ["аdmin", "admіn", ".", "-", "", "김kim", "a b", "x" * 151, "sue"])
def test_names_that_cannot_be_told_apart_are_refused(name, fresh) -> None:
    assert fresh.post(reverse("create_user"), {"username": name}).status_code == 422
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["dan", "dan.2", "김철수", "田中さん", "김金", "Анна"])
def test_names_of_one_script_are_taken(name, fresh) -> None:
    assert fresh.post(reverse("create_user"), {"username": name}).status_code == 200


@pytest.mark.parametrize("values", [{}, {"act": "delete"}, {"act": ""}])
def test_an_unknown_act_does_nothing(values, fresh, vera) -> None:
    assert fresh.post(reverse("user", args=[vera.pk]), values).status_code == 422
    assert fresh.post(reverse("user", args=[4711]), {"act": "deactivate"}).status_code == 404
    assert fresh.get(reverse("user", args=[4711])).status_code == 404


def test_two_factor_is_asked_of_superusers_where_the_operator_asks(fresh, settings) -> None:
    settings.TWO_FACTOR_FOR_ADMINS = True
    assert fresh.get(reverse("users")).url == reverse("account")


def test_the_pages_of_django_are_gone(fresh, client) -> None:
    assert fresh.get("/admin/").url == reverse("users")
    assert fresh.get("/admin/password_change/").url == reverse("change_password")
    for path in (
        "login/",
        "logout/",
        "addressbook/user/",
        "addressbook/user/1/change/",
        "addressbook/user/1/password/",
    ):
        for visitor in (fresh, client):
            assert visitor.post(f"/admin/{path}", {"is_superuser": "on"}).status_code == 404


def test_the_link_holds_as_long_as_its_page_says(settings) -> None:
    assert settings.PASSWORD_RESET_TIMEOUT == limits.PASSWORD_LINK_HOURS * 3600
