"""From a file to the book: what is counted is what is there."""

import time

from addressbook import actions, limits
from addressbook.models import Address
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import assert_accounted_for, counts
from workspace import limits as workspace_limits
from workspace.models import AuditEvent, JobState

MIXED = "Email,Name\na@example.com,A\nA@EXAMPLE.com,again\nwrong,B\n\nb@example.com,B\nc@example.com,C\n"


def test_check_accounts_for_every_row_and_changes_nothing(check, register, book) -> None:
    register("c@example.com")
    upload = check(MIXED)
    assert upload.state == JobState.CHECKED
    expected = {"rows": 6, "new": 2, "already_there": 1, "doubled": 1, "invalid": 1, "blank": 1}
    assert counts(upload) == expected
    (invalid,) = upload.check_result["invalid_listed"]
    assert (invalid["row"], invalid["value"], invalid["code"]) == (4, "wrong", "no-at")
    assert set(contents(book)) == {"c@example.com"}


def test_apply_registers_what_was_checked_into_the_group(check, accept, register, make_group, book) -> None:
    group = make_group("VIP")
    register("c@example.com")
    upload = accept(check(MIXED, group=group))
    assert upload.state == JobState.COMPLETE
    assert (upload.outcome["registered"], upload.outcome["added_to_group"]) == (2, 3)
    assert contents(book) == {name + "@example.com": {"VIP"} for name in "abc"}
    assert Address.objects.get(key="a@example.com").origin == upload
    assert Address.objects.get(key="c@example.com").origin is None
    assert_accounted_for(upload)
    assert_consistent(book)


def test_a_long_upload_lets_waiting_writers_in_on_sqlite(check, accept, monkeypatch, engine) -> None:
    upload = check(MIXED)
    monkeypatch.setattr(limits, "ROWS_PER_UPLOAD_BATCH", 1)
    short = {workspace_limits.WAITING_WRITER_SECONDS, workspace_limits.WAITING_WRITER_SHORT_SECONDS}
    monkeypatch.setattr(workspace_limits, "WRITING_WITHOUT_PAUSE_SECONDS", 0)
    monkeypatch.setattr(workspace_limits, "WRITING_WITHOUT_SHORT_PAUSE_SECONDS", 0)
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert accept(upload).outcome["registered"] == 3
    assert bool(short & set(pauses)) == (engine == "sqlite")


def test_the_history_counts_and_names_no_address(check, accept) -> None:
    accept(check(MIXED))
    event = AuditEvent.objects.get(action=actions.UPLOAD_ADDRESSES)
    assert (event.detail["rows"], event.detail["registered"], event.detail["invalid"]) == (6, 3, 1)
    assert "@" not in str(event.detail)


def test_the_same_file_again_changes_nothing(check, accept, make_group, book) -> None:
    group = make_group("VIP")
    accept(check(MIXED, group=group))
    before = contents(book)
    again = accept(check(MIXED, group=group))
    assert counts(again)["already_there"] == 3
    assert (again.outcome["registered"], again.outcome["added_to_group"]) == (0, 0)
    assert contents(book) == before
    assert_consistent(book)


def test_a_column_of_groups_puts_each_row_into_its_own(check, accept, make_group, book) -> None:
    rest = make_group("Rest")
    make_group("Gold")
    rows = ["email;group", "a@example.com;Gold", "b@example.com;Silver", "c@example.com;", "a@example.com;Silver"]
    upload = check("\n".join([*rows, "d@example.com;not allowed"]), group=rest)
    assert (upload.check_result["new_groups"], upload.check_result["group_count"]) == (["Silver"], 2)
    # A bad name of a group costs no address; it goes into none, the chosen one neither.
    assert counts(upload)["invalid"] == 0
    found = upload.check_result["group_findings"]
    assert [(group["name"], group["count"], group["proposal"]) for group in found] == [
        ("not allowed", 1, "not-allowed")
    ]
    upload = accept(upload)
    assert contents(book) == {
        "a@example.com": {"Gold", "Silver"},
        "b@example.com": {"Silver"},
        "c@example.com": {"Rest"},
        "d@example.com": set(),
    }
    assert upload.outcome["groups_created"] == 1
    assert_accounted_for(upload)
    assert_consistent(book)


def test_the_chosen_group_named_in_the_file_too_is_one_group(check, accept, make_group, book) -> None:
    group = make_group("VIP")
    accept(check("email,group\na@example.com,VIP\nb@example.com,\n", group=group))
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": {"VIP"}}
    assert_consistent(book)


def test_international_addresses_keep_text_and_key_apart(check, accept, book) -> None:
    accept(check("이메일\n홍길동@한국.example.com\nKim@EXAMPLE.com\n"))
    assert set(contents(book)) == {"홍길동@xn--3e0b707e.example.com", "kim@example.com"}
    assert set(book.current_edition.addresses.values_list("email", flat=True)) == {
        "홍길동@한국.example.com",
        "Kim@EXAMPLE.com",
    }


def test_slips_are_pointed_out_and_registered_as_they_are(check, accept, book) -> None:
    upload = check("email\nkim@gamil.com\nlee@gmail.com\n")
    (found,) = upload.check_result["findings"]
    assert found["rows"] == [{"row": 2, "value": "kim@gamil.com", "suggestion": "kim@gmail.com"}]
    accept(upload)
    assert "kim@gamil.com" in contents(book)
