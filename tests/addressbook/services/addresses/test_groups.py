import unicodedata
from uuid import uuid4

import pytest

from addressbook import actions
from addressbook.models import Group
from addressbook.services.addresses import groups
from addressbook.services.addresses.groups import (
    GroupGoneError,
    GroupNameTakenError,
    GroupRenamedMeanwhileError,
    InvalidGroupNameError,
    TooManyGroupsError,
)
from workspace import limits
from workspace.models import AuditEvent


@pytest.mark.parametrize("name", ["a", "VIP", "새그룹", "ㄱㅏ", "a.b_c-1", "x" * 100, "  VIP  "])
def test_clean_name_accepts_what_console_and_api_accept(name: str) -> None:
    assert groups.clean_name(name) == name.strip()


@pytest.mark.parametrize(
    ("name", "character"),
    [("two words", " "), ("名前", "名"), ("a/b", "/"), ("a,b", ","), ("é", "é"), ("a\x00", "\x00"), ("<b>", "<")],
)
def test_clean_name_says_which_character_is_wrong(name: str, character: str) -> None:
    with pytest.raises(InvalidGroupNameError) as caught:
        groups.clean_name(name)
    assert caught.value.character == character


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_clean_name_refuses_a_wrong_length(name: str) -> None:
    with pytest.raises(InvalidGroupNameError) as caught:
        groups.clean_name(name)
    assert caught.value.character is None


def test_clean_name_composes_hangul_as_a_mac_types_it() -> None:
    assert groups.clean_name(unicodedata.normalize("NFD", "새그룹")) == "새그룹"


def test_create_group_records_who_did_it(book, by) -> None:
    group = groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
    event = AuditEvent.objects.get(action=actions.ADD_GROUP)
    assert (group.name, group.address_count) == ("VIP", 0)
    assert (event.username, event.ip_address, event.book_name) == ("alice", "192.0.2.7", "Main")
    assert event.detail == {"group": "VIP"}


def test_create_group_refuses_a_name_that_is_taken_and_records_nothing(book, by, make_group) -> None:
    make_group("VIP")
    with pytest.raises(GroupNameTakenError):
        groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
    assert AuditEvent.objects.filter(action=actions.ADD_GROUP).count() == 1


def test_create_group_sent_twice_makes_one_group_and_answers_the_same(book, by) -> None:
    token = uuid4()
    first = groups.create_group(book=book, name="VIP", token=token, by=by)
    second = groups.create_group(book=book, name="VIP", token=token, by=by)
    assert first == second
    assert Group.objects.count() == 1


def test_create_group_stops_at_the_limit(book, by, make_group, monkeypatch) -> None:
    monkeypatch.setattr(limits, "GROUPS_PER_BOOK", 2)
    make_group("one")
    make_group("two")
    with pytest.raises(TooManyGroupsError):
        groups.create_group(book=book, name="three", token=uuid4(), by=by)


def test_rename_group_keeps_its_addresses(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    renamed = groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    assert (renamed.pk, renamed.name, renamed.address_count) == (group.pk, "Gold", 1)
    assert AuditEvent.objects.get(action=actions.RENAME_GROUP).detail == {"group": ["VIP", "Gold"]}


def test_rename_group_refuses_a_name_that_is_taken(book, by, make_group) -> None:
    group, _ = make_group("VIP"), make_group("Gold")
    with pytest.raises(GroupNameTakenError):
        groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)


def test_rename_group_does_not_overwrite_somebody_elses_rename(book, by, make_group) -> None:
    group = make_group("VIP")
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    with pytest.raises(GroupRenamedMeanwhileError) as caught:
        groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Silver", by=by)
    assert caught.value.name == "Gold"
    assert Group.objects.get().name == "Gold"


def test_rename_group_sent_twice_is_recorded_once(book, by, make_group) -> None:
    group = make_group("VIP")
    for _ in range(2):
        groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Gold", by=by)
    assert AuditEvent.objects.filter(action=actions.RENAME_GROUP).count() == 1


def test_find_does_not_find_a_group_of_another_edition(book, by, make_group) -> None:
    from workspace.models import Region, Zone
    from workspace.services.books import books

    group = make_group("VIP")
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    with pytest.raises(GroupGoneError):
        groups.find(other.current_edition, group.pk)
