from uuid import uuid4

import pytest

from addressbook import actions
from addressbook.models import Address
from addressbook.services.addresses import registration
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.addresses.registration import NoAddressesError, TooManyAddressesError
from tests.support.invariants import assert_consistent, contents
from workspace import limits
from workspace.models import AuditEvent


def test_register_typed_registers_into_the_group_and_counts(book, make_group, register) -> None:
    group = make_group("VIP")
    report = register("a@example.com, b@example.com;c@example.com\td@example.com\ne@example.com f@example.com", group)
    assert (report.registered, report.added_to_group, report.group) == (6, 6, "VIP")
    assert contents(book) == {f"{letter}@example.com": {"VIP"} for letter in "abcdef"}
    assert_consistent(book)


def test_register_typed_without_a_group_leaves_addresses_ungrouped(book, make_group, register) -> None:
    make_group("VIP")
    register("a@example.com")
    assert contents(book) == {"a@example.com": set()}


def test_register_typed_accounts_for_every_entry(book, register) -> None:
    register("old@example.com")
    report = register("new@example.com old@example.com NEW@example.com\nwrong\nfoo@@example.com")
    assert (report.registered, report.already_there, report.doubled, report.invalid) == (1, 1, 1, 2)
    assert_consistent(book)


def test_register_typed_adds_a_known_address_to_the_group_once(book, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com")
    assert register("a@example.com", group).added_to_group == 1
    assert register("a@example.com", group).added_to_group == 0
    assert contents(book) == {"a@example.com": {"VIP"}}
    assert_consistent(book)


def test_register_typed_keeps_what_was_typed_beside_the_key(register) -> None:
    register("Kim.Min@Example.COM info@한국.kr")
    emails = dict(Address.objects.values_list("key", "email"))
    assert emails["kim.min@example.com"] == "Kim.Min@Example.COM"
    assert emails["info@xn--3e0b707e.kr"] == "info@한국.kr"


def test_register_typed_puts_the_first_typed_on_top(book, register) -> None:
    register("a@example.com b@example.com c@example.com")
    assert [row.email for row in Address.objects.newest_first()] == ["a@example.com", "b@example.com", "c@example.com"]


def test_register_typed_takes_a_thousand_and_refuses_one_more(book, register) -> None:
    entries = [f"user{number}@example.com" for number in range(limits.TYPED_ADDRESSES_PER_REGISTRATION + 1)]
    with pytest.raises(TooManyAddressesError) as caught:
        register(" ".join(entries))
    assert caught.value.count == 1001
    assert not Address.objects.exists()
    assert register(" ".join(entries[:-1])).registered == 1000
    assert_consistent(book)


@pytest.mark.parametrize("text", ["", " \n\t,;", "\u3000"])
def test_register_typed_refuses_an_empty_text(register, text: str) -> None:
    with pytest.raises(NoAddressesError):
        register(text)


def test_register_typed_into_a_group_that_is_gone_changes_nothing(book, by) -> None:
    with pytest.raises(GroupGoneError):
        registration.register_typed(book=book, group_id=4711, text="a@example.com", token=uuid4(), by=by)
    assert not Address.objects.exists()


def test_register_typed_sent_twice_answers_the_same_and_registers_once(book, by) -> None:
    token = uuid4()
    reports = [
        registration.register_typed(book=book, group_id=None, text="a@example.com\nwrong", token=token, by=by)
        for _ in range(2)
    ]
    assert reports[0] == reports[1]
    assert reports[0].registered == 1
    assert AuditEvent.objects.filter(action=actions.INSERT_ADDRESS).count() == 1


def test_register_typed_with_more_in_the_same_form_registers_the_rest(book, by) -> None:
    """No answer came, a line was added, OK again: the line counts too."""
    token = uuid4()
    for text in ("a@example.com", "a@example.com b@example.com"):
        report = registration.register_typed(book=book, group_id=None, text=text, token=token, by=by)
    assert (report.registered, report.already_there) == (1, 1)
    assert set(contents(book)) == {"a@example.com", "b@example.com"}


def test_sort_refuses_too_many_before_it_judges_one() -> None:
    with pytest.raises(TooManyAddressesError) as caught:
        registration.sort("x " * 100_000)
    assert caught.value.count == 100_000


def test_register_typed_writes_no_address_into_the_history(register) -> None:
    register("canary@example.com canary@invalid@example.com")
    assert "canary" not in str(AuditEvent.objects.values())


def test_register_typed_needs_a_constant_number_of_queries(
    make_group, register, django_assert_max_num_queries, engine
) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    # Two inserts come in pieces of what the database takes as parameters at a time: 999 on SQLite.
    inserts = 14 if engine == "sqlite" else 2
    with django_assert_max_num_queries(22 + inserts):
        register(" ".join(f"user{number}@example.com" for number in range(1000)), group)


def test_forecast_says_what_registering_would_do(book, make_group, register) -> None:
    group = make_group("VIP")
    register("inside@example.com", group)
    register("known@example.com")
    found = registration.sort("inside@example.com known@example.com new@example.com")
    forecast = registration.forecast(found, edition=book.current_edition, group=group)
    assert forecast.new == ["new@example.com"]
    assert forecast.already_there == ["known@example.com"]
    assert forecast.already_in_group == ["inside@example.com"]


def test_sort_puts_every_entry_into_one_place() -> None:
    found = registration.sort("a@example.com A@example.com\nwrong\nkim@gamil.com bad@naver.con")
    assert [address.text for address in found.addresses] == ["a@example.com", "kim@gamil.com", "bad@naver.con"]
    assert found.doubled == ["A@example.com"]
    assert [entry.text for entry in found.invalid] == ["wrong"]
    assert found.suspicious == [("kim@gamil.com", "kim@gmail.com"), ("bad@naver.con", "bad@naver.com")]
    assert found.entry_count == 5


def test_repair_replaces_the_chosen_entries_only() -> None:
    text = "kim@gamil.com, a@example.com; bad@naver.con"
    repaired = registration.repair(text, {"kim@gamil.com": "kim@gmail.com"})
    assert repaired.split("\n") == ["kim@gmail.com", "a@example.com", "bad@naver.con"]


def test_left_over_is_what_must_be_mended() -> None:
    assert registration.left_over(registration.sort("a@example.com\nwrong\nx@@example.com")) == "wrong\nx@@example.com"
