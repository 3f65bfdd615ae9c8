from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook.models import Group
from addressbook.services.addresses import groups
from tests.support.html import hidden_fields, text_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(book, bob, client_of):
    client = client_of(bob)
    return lambda name, data=None, **headers: client.post(reverse(name, args=[book.slug]), data, headers=headers)


@pytest.fixture
def get(book, bob, client_of):
    client = client_of(bob)
    return lambda name, data=None, **headers: client.get(reverse(name, args=[book.slug]), data, headers=headers)


def test_create_group_shows_the_new_group_chosen(post) -> None:
    answer = post("create_group", {"name": "새그룹", "token": uuid4()})
    assert answer.status_code == 200
    assert "This group has no addresses yet" in text_of(answer)
    assert Group.objects.get().name == "새그룹"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("two words", "A group name cannot hold spaces."),
        ("a/b", "“/” is not allowed in a group name."),
        ("", "Type a name for the group."),
        ("x" * 101, "A group name has at most 100 characters; this one has 101."),
        ("a\x00b", "“U+0000” is not allowed in a group name."),
        ("a\u202eb", "“U+202E” is not allowed in a group name."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_create_group_says_what_is_wrong_and_keeps_what_was_typed(post, name, sentence, headers) -> None:
    answer = post("create_group", {"name": name, "token": uuid4()}, **headers)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'value="{name}"' in answer.content.decode()
    if headers:
        assert answer["HX-Retarget"] == "#new-group"


def test_create_group_refuses_a_taken_name(post, make_group) -> None:
    make_group("VIP")
    answer = post("create_group", {"name": "VIP", "token": uuid4()}, **HTMX)
    assert "There is a group “VIP” already." in text_of(answer)


def test_create_group_inline_answers_with_the_new_tick(post) -> None:
    answer = post("create_group_inline", {"name": "VIP", "token": uuid4()}, **HTMX)
    body = answer.content.decode()
    assert f'value="{Group.objects.get().pk}" checked' in body
    assert 'hx-swap-oob="afterbegin:#ticks"' in body


def test_rename_group_asks_and_does(get, post, make_group) -> None:
    group = make_group("VIP")
    dialog = get("rename_group", {"target": group.pk}, **HTMX)
    fields = hidden_fields(dialog, "target", "seen_name", "token")
    post("rename_group", {**fields, "name": "Gold"}, **HTMX)
    group.refresh_from_db()
    assert group.name == "Gold"


def test_rename_group_asks_again_when_somebody_else_renamed_it(book, by, get, post, make_group) -> None:
    group = make_group("VIP")
    fields = hidden_fields(get("rename_group", {"target": group.pk}), "target", "seen_name", "token")
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    again = post("rename_group", {**fields, "name": "Silver"}, **HTMX)
    assert again.status_code == 409
    assert "just renamed this group to “Gold”" in text_of(again)
    fields = hidden_fields(again, "target", "seen_name", "token")
    post("rename_group", {**fields, "name": "Silver"}, **HTMX)
    assert Group.objects.get().name == "Silver"


def test_rename_group_keeps_a_wrong_name_in_the_field(get, post, make_group) -> None:
    group = make_group("VIP")
    fields = hidden_fields(get("rename_group", {"target": group.pk}), "target", "seen_name", "token")
    answer = post("rename_group", {**fields, "name": "a b"}, **HTMX)
    assert answer.status_code == 422
    assert 'value="a b"' in answer.content.decode()


@pytest.mark.parametrize("name", ["empty_group", "delete_group"])
def test_a_destructive_act_on_a_group_names_the_number_first(get, make_group, register, name) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    dialog = text_of(get(name, {"target": group.pk}))
    assert "2 addresses" in dialog
    assert "stay in the address book" in dialog
    assert Group.objects.get().address_count == 2


def test_empty_group_empties(get, post, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    dialog = get("empty_group", {"target": group.pk})
    answer = post("empty_group", hidden_fields(dialog, "target", "through", "seen", "token"))
    assert "The group “VIP” is empty now." in text_of(answer)
    group.refresh_from_db()
    assert group.address_count == 0


def test_delete_group_asks_again_when_the_number_has_moved(get, post, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    dialog = get("delete_group", {"target": group.pk})
    register("b@example.com c@example.com", group)
    again = post("delete_group", hidden_fields(dialog, "target", "through", "seen", "token"), **HTMX)
    assert again.status_code == 409
    assert "2 were added. Now it is 3 addresses." in text_of(again)
    answer = post("delete_group", hidden_fields(again, "target", "through", "seen", "token"), **HTMX)
    assert "The group “VIP” was deleted." in text_of(answer)
    assert not Group.objects.exists()


def test_delete_group_while_it_is_shown_falls_back_to_all_addresses(get, post, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    dialog = get("delete_group", {"target": group.pk, "group": group.pk})
    fields = hidden_fields(dialog, "target", "through", "seen", "token", "group")
    answer = post("delete_group", fields, **HTMX)
    assert "a@example.com" in text_of(answer)


def test_delete_group_that_is_gone_says_so(get, post, make_group) -> None:
    group = make_group("VIP")
    fields = hidden_fields(get("delete_group", {"target": group.pk}), "target", "through", "seen", "token")
    group.delete()
    assert "The group was deleted meanwhile." in text_of(post("delete_group", fields, **HTMX))


def test_group_actions_offers_the_menu_without_scripts(get, make_group) -> None:
    text = text_of(get("group_actions", {"target": make_group("VIP").pk}))
    for label in ("Rename", "Empty group", "Delete group"):
        assert label in text


def test_a_similar_name_is_warned_of(post, make_group) -> None:
    make_group("News-letter")
    said = "Note that there is already a group with a similar name: “News-letter”."
    assert said in text_of(post("create_group", {"name": "newsletter", "token": uuid4()}))
    assert said[:-2] in text_of(post("create_group_inline", {"name": "NEWSLETTER", "token": uuid4()}))
    assert "similar" not in text_of(post("create_group", {"name": "other", "token": uuid4()}))
