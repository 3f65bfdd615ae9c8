"""The page of the history, and its download."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from addressbook import actions
from addressbook.services.addresses import bulk, groups, selection
from tests.support.html import read, text_of
from tests.support.undo import last_act
from workspace import actions as workspace_actions
from workspace.models import Act, AuditEvent
from workspace.models.actions import ACTIONS
from workspace.services.books import books
from workspace.services.history import audit
from workspace.services.history.audit import Actor
from workspace.views.history import history_sentences


@pytest.fixture
def client(client_of, bob):
    return client_of(bob)


def url(book, name: str = "history") -> str:
    return reverse(name, args=[book.slug])


def test_a_line_says_who_did_what_from_where_and_how_much(client, book, make_group, register) -> None:
    register("a@example.com b@example.com\nwrong", make_group("VIP"))
    page = client.get(url(book))
    text = text_of(page)
    assert "alice 192.0.2.7 · #4 Register address Insert Address 2 addresses were registered." in text
    assert "Group: VIP Added to groups: 2 Invalid: 1" in text
    assert "a@example.com" not in page.content.decode()


@pytest.mark.parametrize("action", [actions.ERASE_EDITION, actions.ERASE_TRACES])
def test_an_erasing_that_could_not_rewrite_the_files_says_so(client, book, by, action) -> None:
    audit.record(by=by, action=action, book=book, detail={"rewritten": True})
    assert "rewrite_database" not in text_of(client.get(url(book)))
    audit.record(by=by, action=action, book=book, detail={"rewritten": False})
    assert "may stay in the files of the database until your operators run rewrite_database." in text_of(
        client.get(url(book))
    )


def test_lines_are_told_in_the_readers_language(client, book, register) -> None:
    register("a@example.com b@example.com")
    client.cookies["django_language"] = "ko"
    assert "주소 2개가 등록되었습니다." in text_of(client.get(url(book)))
    client.cookies["django_language"] = "ja"
    assert "2件のアドレスが登録されました。" in text_of(client.get(url(book)))


def test_an_undoable_line_offers_its_undo_and_an_undone_one_says_so(client, book, by, register, undo_act) -> None:
    register("a@example.com")
    act = last_act()
    link = f'href="{reverse("ask_undo", args=[book.slug, act.pk])}"'
    page = client.get(url(book))
    assert link in page.content.decode()
    assert f"until {timezone.localtime(act.undo_until):%Y-%m-%d}" in text_of(page)
    undo_act(act)
    page = client.get(url(book))
    assert link not in page.content.decode()
    assert "undone" in text_of(page)
    assert "“Register address” by alice was undone (line 3)." in text_of(page)
    Act.objects.update(undo_until=timezone.now() - timedelta(days=1))
    assert "/undo/" not in client.get(url(book)).content.decode()


def test_filters_choose_lines_and_stay_in_links(client, book, bob, by, monkeypatch) -> None:
    from workspace import limits

    monkeypatch.setattr(limits, "HISTORY_PAGE_LINES", 2)
    for number in range(3):
        groups.create_group(book=book, name=f"bob{number}", token=uuid4(), by=Actor(bob))
        groups.create_group(book=book, name=f"alice{number}", token=uuid4(), by=by)
    page = client.get(url(book), {"person": "bob", "kind": "add_group"})
    assert "“bob2”" in text_of(page)
    assert "“bob0”" not in text_of(page)
    assert "“alice2”" not in text_of(page)
    older = page.context["before"]
    assert f"person=bob&amp;kind=add_group&amp;before={older}" in page.content.decode()
    page = client.get(url(book), {"person": "bob", "kind": "add_group", "before": older})
    assert "“bob0”" in text_of(page)
    assert "Newest" in text_of(page)
    today = timezone.localdate()
    assert "“bob2”" in text_of(client.get(url(book), {"from": today, "to": today, "person": "bob"}))
    assert "No line of the history is like this" in text_of(client.get(url(book), {"to": today - timedelta(days=1)}))


@pytest.mark.parametrize("query", ["person=%00", "kind=nonsense&from=nonsense&to=9999-12-31", "before=99999999999999"])
def test_what_cannot_be_read_of_a_filter_is_no_error(client, book, query) -> None:
    assert client.get(f"{url(book)}?{query}").status_code == 200


def test_the_page_costs_the_same_however_many_lines_it_has(
    client, book, make_group, register, django_assert_num_queries
) -> None:
    register("a@example.com")
    client.get(url(book))
    with django_assert_num_queries(10):
        client.get(url(book))
    for number in range(3):
        register(f"b{number}@example.com", make_group(f"g{number}"))
    with django_assert_num_queries(10):
        client.get(url(book))


def download(client, book, **filters) -> list[list[str]]:
    answer = client.get(url(book, "download_history"), filters)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content).decode("utf-8")
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))


def test_admins_download_what_the_filters_let_through(client_of, alice, book, bob, by, monkeypatch) -> None:
    from workspace import limits

    monkeypatch.setattr(limits, "HISTORY_READ_LINES", 2)
    for number in range(5):
        groups.create_group(book=book, name=f"g{number}", token=uuid4(), by=by)
    heading, *rows = download(client_of(alice), book, kind="add_group")
    assert heading[0] == "Line"
    assert [row[6] for row in rows] == [f"The group “g{number}” was created." for number in (4, 3, 2, 1, 0)]
    assert {row[4] for row in rows} == {"Add recipient group"}
    line = AuditEvent.objects.get(action=workspace_actions.FETCH_HISTORY)
    assert line.detail == {"lines": 5, "kind": "add_group"}
    assert rows[0][8] == AuditEvent.objects.filter(action=actions.ADD_GROUP).latest("number").hash


def test_no_cell_of_the_download_is_a_formula(client_of, alice, book, by, make_user) -> None:
    make_user("=cmd")
    books.add_member(book=book, username="=cmd", role="viewer", by=by)
    audit.record(by=Actor(alice), action=actions.CHANGE_GROUP, book=book, reason='=HYPERLINK("x")')
    cells = [cell for row in download(client_of(alice), book) for cell in row]
    assert '\'=HYPERLINK("x")' in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_names_in_the_history_come_out_as_text(client, book, by, make_user) -> None:
    make_user("<b>x")
    books.add_member(book=book, username="<b>x", role="viewer", by=by)
    content = client.get(url(book)).content.decode()
    assert "<b>x" not in content
    assert "&lt;b&gt;x became a member: Viewer." in content


def test_every_action_has_a_title_in_every_language() -> None:
    for language in ("en", "ko", "ja"):
        with translation.override(language):
            assert all(history_sentences.title(code) for code in ACTIONS)


def test_every_kind_of_line_is_told(client, book, by, bob, make_group, register, undo_act) -> None:
    """Whatever services record: no sentence fails for a detail that it does not expect."""
    group = make_group("VIP")
    register("a@example.com", group)
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    pinned = selection.everything(book=book, group_id=group.pk)
    bulk.edit_groups(book=book, selection=pinned, add=(), remove=[group.pk], token=uuid4(), by=by)
    undo_act()
    for act in (bulk.remove_from_group, bulk.empty_group, bulk.delete_group):
        act(book=book, selection=selection.everything(book=book, group_id=group.pk), token=uuid4(), by=by) if (
            act is not bulk.remove_from_group
        ) else act(book=book, selection=pinned, token=uuid4(), by=by)
    books.change_settings(book=book, seen_version=1, name="Main", zone="public", region="JPN", by=by)
    books.change_role(book=book, user_id=bob.pk, role="admin", by=by)
    text = text_of(client.get(url(book)))
    assert "The group “VIP” is called “Gold” now." in text
    assert "The groups of 1 address were changed. Removed from groups: Gold (1)" in text
    assert "“Edit group” by alice was undone" in text
    assert "1 address was taken out of the group “Gold”." in text
    assert "The group “Gold” was deleted. Its addresses stayed." in text
    assert "Region: Korea → Japan" in text
    assert "The role of bob: Manager → Admin." in text


def test_the_history_is_linked_for_those_who_may_read_it(client_of, bob, vera, book) -> None:
    link = f'href="{url(book)}"'
    assert link in client_of(bob).get(reverse("console", args=[book.slug])).content.decode()
    assert link not in client_of(vera).get(reverse("console", args=[book.slug])).content.decode()
    page = client_of(bob).get(url(book))
    assert url(book, "download_history") not in page.content.decode()
    assert "line-1" in read(page).ids


def test_a_wrong_password_for_a_fresh_sign_in_is_told(client_of, alice, book) -> None:
    client = client_of(alice)
    client.post(reverse("reset_book", args=[book.slug]), {"token": uuid4(), "current_password": "not it"})
    assert "The password that was asked for again was wrong." in text_of(client.get(url(book)))


def test_the_history_of_one_group_also_knows_its_old_name(client, book, by, make_group, register) -> None:
    group = make_group("trial")
    register("a@example.com", group)
    register("b@example.com", make_group("other"))
    groups.rename_group(book=book, group_id=group.pk, seen_name="trial", name="trial-2026", by=by)
    text = text_of(client.get(url(book), {"group": "trial-2026"}))
    assert "The group “trial” is called “trial-2026” now." in text
    assert "Group: other" not in text
    assert "Group: trial" in text_of(client.get(url(book), {"group": "trial"}))


def test_a_cancelling_says_what_was_cancelled(client, book, by) -> None:
    for detail in ({"job": 1, "kind": "empty_group"}, {"upload": 1, "phase": "check"}, {"download": 1}):
        audit.record(by=by, action=workspace_actions.CANCEL_JOB, book=book, detail=detail)
    text = text_of(client.get(url(book)))
    assert "“Empty group” was cancelled." in text
    assert "An upload was cancelled." in text
    assert "The creation of a file was cancelled." in text
