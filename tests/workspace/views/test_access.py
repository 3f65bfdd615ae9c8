"""Every URL × {anonymous, stranger, viewer, manager, admin}. A URL without a row here fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.support.html import text_of
from workspace import actions, limits
from workspace.models import AuditEvent, Region, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

ROLES = ("anonymous", "stranger", "viewer", "manager", "admin")
NOBODY: dict[str, int] = {}


class Row(NamedTuple):
    """The answer (status) of a URL to each role, in the order of ROLES."""

    method: str
    answers: tuple[int, int, int, int, int]
    arguments: dict[str, object] = NOBODY


# A manager's acts with an empty form: 200 with "select something first", 404 or 422 for a form without its target.
TABLE = {
    "home": Row("get", (302, 200, 302, 302, 302)),
    "sign_in": Row("get", (200, 302, 302, 302, 302)),
    "sign_in_code": Row("get", (302, 302, 302, 302, 302)),
    # Superusers alone, who are no role of a book: see test_users.
    "users": Row("get", (302, 403, 403, 403, 403)),
    "create_user": Row("get", (302, 403, 403, 403, 403)),
    "user": Row("get", (302, 403, 403, 403, 403), {"user_id": 4711}),
    "old_admin": Row("get", (302, 302, 302, 302, 302)),
    "old_password_change": Row("get", (302, 302, 302, 302, 302)),
    # Whoever has the code of a link, which nobody here has.
    "password_link": Row("get", (200, 200, 200, 200, 200)),
    "set_password": Row("post", (410, 410, 410, 410, 410)),
    # What belongs to oneself and to no book. These have not given their password lately: they are asked for it first.
    "guide": Row("get", (302, 200, 200, 200, 200)),
    "account": Row("get", (302, 200, 200, 200, 200)),
    "confirm_sign_in": Row("get", (302, 200, 200, 200, 200)),
    "change_password": Row("get", (302, 200, 200, 200, 200)),
    "change_email": Row("post", (302, 302, 302, 302, 302)),
    "end_sessions": Row("post", (302, 302, 302, 302, 302)),
    "two_factor": Row("get", (302, 302, 302, 302, 302)),
    "two_factor_picture": Row("get", (302, 302, 302, 302, 302)),
    "two_factor_off": Row("get", (302, 302, 302, 302, 302)),
    "recovery_codes": Row("get", (302, 302, 302, 302, 302)),
    "recovery_codes_file": Row("post", (302, 404, 404, 404, 404)),
    "sign_out": Row("post", (302, 302, 302, 302, 302)),
    "set_language": Row("post", (302, 302, 302, 302, 302)),
    "healthz": Row("get", (200, 200, 200, 200, 200)),
    "join": Row("get", (200, 200, 200, 200, 200)),
    "accept_invitation": Row("post", (302, 302, 302, 302, 302)),
    # No worker runs beside these tests; what it says where all is there: test_health.
    "readyz": Row("get", (503, 503, 503, 503, 503)),
    # Its key is a header, and nobody's session.
    "metrics": Row("get", (404, 404, 404, 404, 404)),
    "create_book": Row("get", (302, 403, 403, 403, 403)),
    "adopt_book": Row("post", (302, 403, 403, 403, 403)),
    "console": Row("get", (302, 404, 200, 200, 200)),
    "register": Row("get", (302, 404, 403, 200, 200)),
    "check_registration": Row("post", (302, 404, 403, 200, 200)),
    "repair_registration": Row("post", (302, 404, 403, 200, 200)),
    "create_group": Row("post", (302, 404, 403, 422, 422)),
    "create_group_inline": Row("post", (302, 404, 403, 422, 422)),
    "group_actions": Row("get", (302, 404, 403, 404, 404)),
    "rename_group": Row("get", (302, 404, 403, 404, 404)),
    "empty_group": Row("get", (302, 404, 403, 404, 404)),
    "delete_group": Row("get", (302, 404, 403, 404, 404)),
    "select_everything": Row("post", (302, 404, 403, 200, 200)),
    "show_selected": Row("post", (302, 404, 403, 200, 200)),
    "ask_delete": Row("post", (302, 404, 403, 200, 200)),
    "delete_addresses": Row("post", (302, 404, 403, 200, 200)),
    "erase_traces": Row("post", (302, 404, 403, 403, 200)),
    "ask_remove": Row("post", (302, 404, 403, 200, 200)),
    "remove_from_group": Row("post", (302, 404, 403, 200, 200)),
    "ask_edit_groups": Row("post", (302, 404, 403, 200, 200)),
    "edit_groups": Row("post", (302, 404, 403, 200, 200)),
    "show_address": Row("post", (302, 404, 403, 200, 200)),
    "about_address": Row("post", (302, 404, 403, 200, 200)),
    "begin_with_selection": Row("post", (302, 404, 403, 200, 200)),
    "add_recipient_file": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "remove_recipient_file": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "file_id": 4711}),
    "show_recipient_file": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711, "file_id": 4711}),
    "choose_recipient_file": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "file_id": 4711}),
    "recipient_sample": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "recipients_behind": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711, "which": "chosen"}),
    "download_refused_recipients": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711, "source_id": 4711}),
    "show_recipients": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "send_upload": Row("post", (302, 404, 403, 422, 422)),
    "show_upload": Row("get", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "choose_upload": Row("post", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "download_template": Row("get", (302, 404, 403, 200, 200)),
    "decide_upload": Row("post", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "apply_upload": Row("post", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "cancel_upload": Row("post", (302, 404, 403, 302, 302), {"upload_id": 4711}),
    "download_refused": Row("get", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "mend_upload": Row("get", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "find_list": Row("get", (302, 404, 403, 200, 200)),
    "list_addresses": Row("get", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "apply_list": Row("post", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "downloads": Row("get", (302, 404, 200, 200, 200)),
    "download_list": Row("get", (302, 404, 302, 302, 302)),
    # Whoever may only look, may not take everything away either.
    "request_download": Row("post", (302, 404, 403, 422, 422)),
    "cancel_download": Row("post", (302, 404, 403, 404, 404), {"download_id": 4711}),
    "retry_download": Row("post", (302, 404, 403, 404, 404), {"download_id": 4711}),
    "dismiss_download": Row("post", (302, 404, 302, 302, 302), {"download_id": 4711}),
    "fetch_download": Row("get", (302, 404, 403, 404, 404), {"download_id": 4711}),
    "load_samples": Row("post", (302, 404, 403, 200, 200)),
    "put_hint_away": Row("post", (302, 404, 302, 302, 302)),
    "jobs": Row("get", (302, 404, 200, 200, 200)),
    "cancel_work": Row("post", (302, 404, 403, 302, 302), {"kind": "job", "work_id": 4711}),
    "dismiss_all": Row("post", (302, 404, 302, 302, 302)),
    "dismiss_work": Row("post", (302, 404, 302, 302, 302), {"kind": "job", "work_id": 4711}),
    "reset_book": Row("get", (302, 404, 403, 403, 200)),
    "undo_reset": Row("get", (302, 404, 403, 403, 200), {"number": 4711}),
    "erase_copy": Row("get", (302, 404, 403, 403, 200), {"number": 4711}),
    "hide_copy": Row("post", (302, 404, 403, 403, 302), {"number": 4711}),
    "ask_undo": Row("get", (302, 404, 403, 404, 404), {"act_id": 4711}),
    "apply_undo": Row("post", (302, 404, 403, 404, 404), {"act_id": 4711}),
    "history": Row("get", (302, 404, 403, 200, 200)),
    "download_history": Row("get", (302, 404, 403, 403, 200)),
    "sync": Row("get", (302, 404, 200, 200, 200)),
    "sync_line": Row("get", (302, 404, 302, 302, 302)),
    "compare_remote": Row("post", (302, 404, 403, 200, 200)),
    "send_again": Row("post", (302, 404, 403, 302, 302)),
    "pause_sync": Row("post", (302, 404, 403, 403, 302)),
    "resume_sync": Row("post", (302, 404, 403, 403, 302)),
    "rebuild_remote": Row("get", (302, 404, 403, 403, 302)),
    "choose_existing": Row("get", (302, 404, 403, 403, 302)),
    "turn_sync_on": Row("post", (302, 404, 403, 403, 302)),
    "turn_sync_off": Row("get", (302, 404, 403, 403, 200)),
    "unsubscribes": Row("get", (302, 404, 200, 200, 200)),
    "register_unsubscribes": Row("get", (302, 404, 403, 200, 200)),
    "remove_unsubscribes": Row("get", (302, 404, 403, 200, 200)),
    "take_back_unsubscribes": Row("get", (302, 404, 403, 404, 404), {"upload_id": 4711}),
    "read_unsubscribes": Row("post", (302, 404, 403, 302, 302)),
    "tell_unsubscribes": Row("post", (302, 404, 403, 302, 302)),
    "send_blocks": Row("get", (302, 404, 200, 200, 200)),
    "look_up_blocks": Row("post", (302, 404, 403, 422, 422)),
    "book_settings": Row("get", (302, 404, 403, 403, 200)),
    "change_keys": Row("get", (302, 404, 403, 403, 302)),
    "test_connection": Row("post", (302, 404, 403, 403, 200)),
    "ask_remove_keys": Row("get", (302, 404, 403, 403, 302)),
    "remove_keys": Row("post", (302, 404, 403, 403, 200)),
    # Mail. Without a token, a version or a mailing that is there, an act finds nothing to act on.
    "mailings": Row("get", (302, 404, 200, 200, 200)),
    "mailings_files": Row("get", (302, 404, 200, 200, 200)),
    "mailing_files": Row("get", (302, 404, 404, 404, 404), {"mailing_id": 4711}),
    "mail_statistics": Row("get", (302, 404, 200, 200, 200)),
    "refresh_mailings": Row("post", (302, 404, 403, 302, 302)),
    "begin_draft": Row("post", (302, 404, 403, 404, 404)),
    "mailing": Row("get", (302, 404, 404, 404, 404), {"mailing_id": 4711}),
    "mailing_frame": Row("get", (302, 404, 404, 404, 404), {"mailing_id": 4711}),
    "manage_templates": Row("get", (302, 404, 200, 200, 200)),
    "templates_state": Row("get", (302, 404, 302, 302, 302)),
    "refresh_templates": Row("post", (302, 404, 403, 302, 302)),
    "register_template": Row("get", (302, 404, 403, 200, 200)),
    "create_template_category": Row("post", (302, 404, 403, 404, 404)),
    "rename_template_category": Row("get", (302, 404, 403, 404, 404), {"category_id": 4711}),
    "delete_template_category": Row("get", (302, 404, 403, 404, 404), {"category_id": 4711}),
    "import_templates": Row("get", (302, 404, 403, 200, 200)),
    "stop_template_import": Row("post", (302, 404, 403, 302, 302), {"import_id": 4711}),
    "dismiss_template_import": Row("post", (302, 404, 403, 302, 302), {"import_id": 4711}),
    "export_templates": Row("post", (302, 404, 200, 200, 200)),
    "template": Row("get", (302, 404, 404, 404, 404), {"template_id": 4711}),
    "edit_template": Row("get", (302, 404, 403, 404, 404), {"template_id": 4711}),
    "copy_template": Row("get", (302, 404, 403, 404, 404), {"template_id": 4711}),
    "delete_template": Row("get", (302, 404, 403, 404, 404), {"template_id": 4711}),
    "restore_template": Row("post", (302, 404, 403, 404, 404), {"template_id": 4711}),
    "template_content": Row("get", (302, 404, 404, 404, 404), {"template_id": 4711}),
    "template_frame": Row("get", (302, 404, 404, 404, 404), {"template_id": 4711}),
    "save_draft": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "copy_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "ask_delete_draft": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "delete_draft": Row("post", (302, 404, 403, 302, 302), {"mailing_id": 4711}),
    "ask_recipients": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "mailing_line": Row("get", (302, 404, 200, 200, 200)),
    "add_recipient_groups": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "add_recipient_addresses": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "remove_recipients": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "source_id": 4711}),
    "add_attachment": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "remove_attachment": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "attachment_id": 4711}),
    "load_template": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "save_as_template": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "preview_draft": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "preview_frame": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "send_test_mail": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "ask_send": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "confirm_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "received_mail": Row("get", (302, 404, 404, 404, 404), {"mailing_id": 4711, "number": 4711}),
    "received_frame": Row("get", (302, 404, 404, 404, 404), {"mailing_id": 4711, "number": 4711}),
    "send_to_not_reached": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "take_out_of_book": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "put_into_group": Row("get", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "undo_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "approve_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "send_mailing_now": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "stop_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "pause_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "resume_mailing": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711}),
    "look_again": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "part_id": 4711}),
    "send_part": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "part_id": 4711}),
    "leave_part_out": Row("post", (302, 404, 403, 404, 404), {"mailing_id": 4711, "part_id": 4711}),
    "add_sender": Row("post", (302, 404, 403, 403, 422)),
    "make_default_sender": Row("post", (302, 404, 403, 403, 404), {"sender_id": 4711}),
    "remove_sender": Row("post", (302, 404, 403, 403, 302), {"sender_id": 4711}),
    "change_advertising": Row("post", (302, 404, 403, 403, 422)),
    "change_mail_rules": Row("post", (302, 404, 403, 403, 422)),
    "members": Row("get", (302, 404, 403, 403, 200)),
    # 200: the password is asked for.
    "invite_member": Row("post", (302, 404, 403, 403, 200)),
    "withdraw_invitation": Row("post", (302, 404, 403, 403, 200)),
    "add_member": Row("post", (302, 404, 403, 403, 200)),
    "change_role": Row("post", (302, 404, 403, 403, 200)),
    "ask_remove_member": Row("get", (302, 404, 403, 403, 302)),
    "remove_member": Row("post", (302, 404, 403, 403, 200)),
}


def names(patterns) -> list[str]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            found.append(pattern.name)
    return found


def test_every_url_has_a_row() -> None:
    assert sorted(names(get_resolver().url_patterns)) == sorted(TABLE)


@pytest.fixture
def people(alice, bob, vera, charlie) -> dict:
    return {"anonymous": None, "stranger": charlie, "viewer": vera, "manager": bob, "admin": alice}


def url_of(name: str, row: Row, slug: str) -> str:
    in_book = name in names(get_resolver().url_patterns) and f"books/{slug}" in _try(
        name, {**row.arguments, "slug": slug}
    )
    return reverse(name, kwargs={**row.arguments, "slug": slug} if in_book else row.arguments)


def _try(name: str, arguments: dict) -> str:
    from django.urls import NoReverseMatch

    try:
        return reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return ""


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Each request finds everything as the first one did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# One test walks all URLs: a test for each would spend most of its time on making the same people again.
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.engine_independent
def test_every_url_answers_a_role_as_the_table_says(role, book, people, client_of) -> None:
    wrong = {}
    for name, row in TABLE.items():
        with nothing_kept():
            client = client_of(people[role]) if people[role] else Client()
            status = getattr(client, row.method)(url_of(name, row, book.slug)).status_code
        if status != row.answers[ROLES.index(role)]:
            wrong[name] = status
    assert wrong == {}


@pytest.mark.engine_independent
def test_no_act_can_be_done_by_following_a_link(book, alice, client_of) -> None:
    for name, row in TABLE.items():
        if row.method == "post" and name != "set_language":
            answer = client_of(alice).get(url_of(name, row, book.slug))
            assert answer.status_code == 405, name
            assert "POST" in answer["Allow"], name
            assert "There is no page at this address" in text_of(answer), name


@pytest.mark.engine_independent
def test_every_act_needs_the_token_against_forged_requests(book, alice) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for name, row in TABLE.items():
        if row.method == "post":
            assert strict.post(url_of(name, row, book.slug)).status_code == 403, name


def test_a_refused_access_is_recorded(book, bob, client_of) -> None:
    client_of(bob).get(reverse("book_settings", args=[book.slug]))
    event = AuditEvent.objects.get(action=actions.ACCESS_REFUSED)
    assert (event.username, event.detail["role"]) == ("bob", "manager")


def test_a_group_of_another_book_does_not_exist(book, by, make_group, client_of, charlie) -> None:
    group = make_group("VIP")
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=Actor(charlie))
    client = client_of(charlie)
    for name in ("group_actions", "rename_group", "empty_group", "delete_group"):
        assert client.get(reverse(name, args=[other.slug]), {"target": group.pk}).status_code == 404
    assert client.get(reverse("console", args=[other.slug]), {"group": group.pk}).status_code == 404


def test_many_refusals_are_ten_short_lines_an_hour(book, vera, bob, client_of) -> None:
    client = client_of(vera)
    for _ in range(15):
        assert client.post(f"/books/{book.slug}/uploads/{'9' * 3900}/cancel/").status_code == 403
    lines = AuditEvent.objects.filter(action=actions.ACCESS_REFUSED).order_by("pk")
    assert [line.detail.get("is_last", False) for line in lines] == [False] * 9 + [True]
    assert all(len(line.detail["path"]) == limits.REFUSED_PATH_CHARACTERS for line in lines)
    assert "Further refusals within the hour are not listed." in text_of(
        client_of(bob).get(reverse("history", args=[book.slug]))
    )
    client_of(bob).get(reverse("book_settings", args=[book.slug]))  # another person has ten lines too
    assert AuditEvent.objects.filter(action=actions.ACCESS_REFUSED, username="bob").count() == 1


def test_a_removed_member_is_out_at_the_next_request(book, by, bob, client_of) -> None:
    client = client_of(bob)
    url = reverse("console", args=[book.slug])
    assert client.get(url).status_code == 200
    books.remove_member(book=book, user_id=bob.pk, by=by)
    assert client.get(url).status_code == 404


def test_a_lost_session_is_no_page_for_htmx(book, client) -> None:
    """The sign-in page would appear inside the table; the script shows it instead."""
    answer = client.post(reverse("console", args=[book.slug]), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (401, b"")


def test_books_are_made_by_superusers(alice, client_of) -> None:
    alice.is_superuser = True
    alice.save()
    from uuid import uuid4

    fields = {"token": uuid4(), "name": "새 주소록", "zone": "public", "region": "JPN"}
    answer = client_of(alice).post(reverse("create_book"), fields, follow=True)
    assert "새 주소록" in answer.content.decode()


def test_the_client_address_is_what_our_own_proxies_saw(rf, settings) -> None:
    from workspace.views.pages.access import client_address

    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.2"}, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == "192.0.2.1"
    settings.TRUSTED_PROXIES = 1
    assert client_address(request) == "198.51.100.2"
    settings.TRUSTED_PROXIES = 3
    assert client_address(request) == "192.0.2.1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("198.51.100.2", "198.51.100.2"),
        ("198.51.100.2:4711", "198.51.100.2"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("_hidden", None),
        ("300.1.1.1", None),
    ],
)
def test_a_client_address_is_one_that_the_database_takes(rf, settings, written, read) -> None:
    from workspace.views.pages.access import client_address

    settings.TRUSTED_PROXIES = 1
    assert client_address(rf.get("/", headers={"X-Forwarded-For": written})) == read
