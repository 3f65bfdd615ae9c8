from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook import limits
from addressbook.models import Address, Group, Job
from tests.support.html import hidden_fields, read, text_of
from tests.support.invariants import assert_consistent, contents

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(book, bob, client_of):
    client = client_of(bob)

    def post(name: str, data: dict | None = None, headers: dict | None = None):
        return client.post(reverse(name, args=[book.slug]), data or {}, headers=HTMX if headers is None else headers)

    return post


def ids(*names: str) -> list[int]:
    rows = Address.objects.filter(email__in=[f"{name}@example.com" for name in names]).order_by("email")
    return list(rows.values_list("pk", flat=True))


def everything(answer) -> dict[str, str]:
    return hidden_fields(answer, "everything", "through", "seen")


def test_delete_asks_first_and_names_the_address(post, register) -> None:
    register("a@example.com b@example.com")
    assert "a@example.com is deleted from the address book" in text_of(post("ask_delete", {"address": ids("a")}))
    assert "2 addresses are deleted" in text_of(post("ask_delete", {"address": ids("a", "b")}))
    assert Address.objects.count() == 2


def test_delete_deletes_the_ticked_rows(post, book, register) -> None:
    register("a@example.com b@example.com c@example.com")
    answer = post("delete_addresses", {"address": ids("a", "b"), "token": uuid4()})
    assert "The addresses are out of the address book" in text_of(answer)
    assert set(contents(book)) == {"c@example.com"}


def test_delete_with_nothing_selected_says_so(post) -> None:
    assert "Select at least one address first." in text_of(post("ask_delete"))


def test_delete_of_rows_that_are_gone_says_so(post, register) -> None:
    register("a@example.com")
    selected = ids("a")
    Address.objects.all().delete()
    answer = post("delete_addresses", {"address": selected, "token": uuid4()})
    assert "The selected addresses were deleted meanwhile." in text_of(answer)


def test_select_everything_pins_what_the_search_finds(post, book, register) -> None:
    register("anna@example.com hanna@example.com berta@example.com")
    bar = post("select_everything", {"q": "ann"})
    assert "All 2 addresses are selected." in text_of(bar)
    fields = everything(bar) | {"q": "ann"}
    dialog = post("ask_delete", fields)
    assert "2 addresses are deleted" in text_of(dialog)
    post("delete_addresses", hidden_fields(dialog, "everything", "through", "seen", "token") | {"q": "ann"})
    assert set(contents(book)) == {"berta@example.com"}
    assert_consistent(book)


def test_an_act_on_everything_asks_again_when_the_set_has_moved(post, book, register) -> None:
    register("a@example.com b@example.com")
    dialog = post("ask_delete", everything(post("select_everything")))
    register("c@example.com")
    names = ("everything", "through", "seen", "token")
    again = post("delete_addresses", hidden_fields(dialog, *names))
    assert again.status_code == 409
    assert "1 was added. Now it is 3 addresses." in text_of(again)
    assert len(contents(book)) == 3
    post("delete_addresses", hidden_fields(again, *names))
    assert contents(book) == {}


def test_a_large_act_answers_at_once_and_shows_its_job(post, book, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 1)
    register("a@example.com b@example.com")
    answer = post("delete_addresses", everything(post("select_everything")) | {"token": uuid4()})
    assert "Delete addresses: 0 of 2" in text_of(answer)
    assert Job.objects.get().rows_total == 2
    assert "Notification" not in text_of(answer)


def test_remove_from_group_names_the_group(post, book, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    dialog = post("ask_remove", {"address": ids("a"), "group": group.pk})
    assert "a@example.com leaves the group “VIP”" in text_of(dialog)
    post("remove_from_group", {"address": ids("a"), "group": group.pk, "token": uuid4()})
    assert contents(book) == {"a@example.com": set(), "b@example.com": {"VIP"}}


def test_remove_from_group_is_not_offered_under_all_addresses(book, bob, client_of, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    client, url = client_of(bob), reverse("console", args=[book.slug])
    assert "Remove from group" not in text_of(client.get(url))
    assert "Remove from group" in text_of(client.get(url, {"group": group.pk}))


def test_edit_group_shows_ticks_on_off_and_mixed(post, make_group, register) -> None:
    both, one, _none = make_group("Both"), make_group("One"), make_group("None")
    register("a@example.com b@example.com", both)
    register("a@example.com", one)
    dialog = post("ask_edit_groups", {"address": ids("a", "b")})
    fields = read(dialog).fields
    assert fields["on"] == [str(both.pk)]
    assert fields["mixed"] == [str(one.pk)]
    assert len(fields["in"]) == 3


def test_edit_group_applies_only_what_was_changed(post, book, make_group, register) -> None:
    gold, silver, mixed = make_group("Gold"), make_group("Silver"), make_group("Mixed")
    register("a@example.com b@example.com", gold)
    register("a@example.com", mixed)
    # Gold was on and is unticked, Silver is ticked, Mixed was left alone.
    data = {"address": ids("a", "b"), "in": [silver.pk], "on": [gold.pk], "mixed": [mixed.pk], "token": uuid4()}
    answer = post("edit_groups", data)
    assert "The groups of the selected addresses are changed." in text_of(answer)
    assert contents(book) == {"a@example.com": {"Silver", "Mixed"}, "b@example.com": {"Silver"}}


def test_edit_group_takes_a_mixed_tick_away_when_it_was_cleared(post, book, make_group, register) -> None:
    mixed = make_group("Mixed")
    register("a@example.com", mixed)
    register("b@example.com")
    post("edit_groups", {"address": ids("a", "b"), "cleared": [mixed.pk], "token": uuid4()})
    assert contents(book) == {"a@example.com": set(), "b@example.com": set()}


def test_edit_group_fills_a_mixed_tick_up_when_it_was_ticked(post, book, make_group, register) -> None:
    mixed = make_group("Mixed")
    register("a@example.com", mixed)
    register("b@example.com")
    post("edit_groups", {"address": ids("a", "b"), "in": [mixed.pk], "mixed": [mixed.pk], "token": uuid4()})
    assert contents(book) == {"a@example.com": {"Mixed"}, "b@example.com": {"Mixed"}}


def test_edit_group_leaves_alone_what_another_changed_meanwhile(post, book, make_group, register) -> None:
    gold, silver = make_group("Gold"), make_group("Silver")
    register("a@example.com")
    dialog = read(post("ask_edit_groups", {"address": ids("a")})).fields
    register("a@example.com", gold)  # somebody else
    post("edit_groups", {"address": ids("a"), "in": [silver.pk], "on": dialog.get("on", []), "token": uuid4()})
    assert contents(book) == {"a@example.com": {"Gold", "Silver"}}


def test_edit_group_with_a_group_that_is_gone_says_so(post, book, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com")
    Group.objects.all().delete()
    answer = post("edit_groups", {"address": ids("a"), "in": [group.pk], "token": uuid4()})
    assert "A group was deleted meanwhile. Nothing was changed yet; your other ticks are kept." in text_of(answer)


@pytest.mark.parametrize("size", [1, 3])
def test_edit_group_asks_the_database_a_constant_number_of_times(
    post, make_group, register, django_assert_num_queries, size
) -> None:
    for number in range(size):
        register(" ".join(f"u{row}@example.com" for row in range(size)), make_group(f"group{number}"))
    selected = list(Address.objects.values_list("pk", flat=True))
    # session, user, membership with book and edition, count, the only one's address, groups, total, ticks
    with django_assert_num_queries(8 if size == 1 else 7):
        post("ask_edit_groups", {"address": selected})


def test_acts_work_without_scripts(post, book, register) -> None:
    register("a@example.com b@example.com")
    dialog = post("ask_delete", {"address": ids("a")}, headers={})
    assert "<html" in dialog.content.decode()
    fields = hidden_fields(dialog, "token") | {"address": read(dialog).fields["address"][-1]}
    answer = post("delete_addresses", fields, headers={})
    assert "The addresses are out of the address book" in text_of(answer)
    assert set(contents(book)) == {"b@example.com"}


@pytest.mark.parametrize("value", ["x", "-1", "9" * 30, "1.5", "", "１"])
def test_ids_that_are_none_are_nobodys(post, value) -> None:
    assert post("delete_addresses", {"address": [value], "token": uuid4()}).status_code == 200
    assert post("edit_groups", {"address": ["1"], "in": [value], "token": uuid4()}).status_code == 200
