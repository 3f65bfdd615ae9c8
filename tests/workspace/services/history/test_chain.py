"""The history as a chain: what the check finds, what the database refuses, and how old lines go."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from addressbook.services.addresses import groups
from workspace import actions, limits
from workspace.models import AuditChain, AuditEvent, Region, Zone
from workspace.services import history
from workspace.services.books import books
from workspace.services.history import Fault, Finding, Head, audit


@pytest.fixture
def lines(book, by):
    """Five lines in the history of alice's book, the first being its creation."""
    for number in range(4):
        groups.create_group(book=book, name=f"그룹{number}", token=uuid4(), by=by)
    return AuditEvent.objects.filter(chain=book.pk)


def findings(**options) -> set[tuple[int, str]]:
    return {(fault.number, fault.finding) for fault in history.verify(**options)}


def change(number: int, assignment: str) -> None:
    """What somebody with access to the database could do."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE addressbook_auditevent SET {assignment} WHERE number = {number}")  # noqa: S608


def delete(condition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM addressbook_auditevent WHERE {condition}")  # noqa: S608


def test_an_untouched_history_is_whole(book, by, lines) -> None:
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    audit.record(by=by, action=actions.ACCESS_REFUSED, book=None, detail={"roles": ("a", "b"), "ratio": 0.1})
    assert list(history.verify(kept=history.heads())) == []
    assert [(head.chain, head.number) for head in history.heads()] == [(0, 1), (book.pk, 5), (other.pk, 1)]


@pytest.mark.parametrize(
    "assignment",
    [
        "username = 'mallory'",
        "reason = 'because'",
        "action = 'add_member'",
        "user_id = 4711",
        "act_id = 1",
        "book_name = 'Other'",
        "ip_address = '192.0.2.8'",
        'detail = \'{"group": "VIP"}\'',
        "hash = 'f'",
    ],
)
def test_an_altered_line_is_found(lines, assignment) -> None:
    change(3, assignment)
    assert (3, Finding.ALTERED) in findings()


def test_an_altered_time_is_found(lines) -> None:
    third = lines.get(number=3)
    AuditEvent.objects.filter(pk=third.pk).update(at=third.at + timedelta(microseconds=1))
    assert findings() == {(3, Finding.ALTERED)}


def test_a_removed_line_is_found(lines) -> None:
    delete("number = 3")
    assert (4, Finding.MISSING) in findings()


def test_a_removed_line_is_found_even_when_the_rest_is_renumbered(lines) -> None:
    delete("number = 3")
    change(4, "number = 3")
    change(5, "number = 4")
    assert {(3, Finding.ALTERED), (4, Finding.ALTERED), (4, Finding.CUT_OFF)} <= findings()


def test_an_inserted_line_is_found(book, lines) -> None:
    change(5, "number = 6")
    change(4, "number = 5")
    forged = lines.get(number=3)
    AuditEvent.objects.bulk_create([AuditEvent(**_values(forged) | {"number": 4, "username": "mallory"})])
    assert {(4, Finding.ALTERED), (5, Finding.ALTERED)} <= findings()


def test_lines_in_another_order_are_found(lines) -> None:
    change(3, "number = 99")
    change(4, "number = 3")
    change(99, "number = 4")
    assert {(3, Finding.ALTERED), (4, Finding.ALTERED)} <= findings()


def test_a_history_without_its_end_is_found(lines) -> None:
    delete("number >= 4")
    assert findings() == {(3, Finding.CUT_OFF)}


def test_a_line_after_the_end_is_found(book, lines) -> None:
    AuditEvent.objects.bulk_create([AuditEvent(**_values(lines.get(number=5)) | {"number": 6})])
    assert findings() == {(6, Finding.ADDED)}


def test_a_history_without_its_beginning_is_found(book, lines) -> None:
    second = lines.get(number=2)
    delete("number <= 2")
    assert (3, Finding.MISSING) in findings()
    AuditChain.objects.filter(pk=book.pk).update(first_number=3, base_hash=second.hash)
    assert findings() == {(3, Finding.BEGINNING)}


def test_lines_without_a_chain_are_found(book, lines) -> None:
    AuditChain.objects.all().delete()
    assert findings() == {(0, Finding.NO_CHAIN)}


def test_an_end_that_was_cut_off_with_care_does_not_match_a_head_that_was_kept(book, lines) -> None:
    kept = history.heads()
    third = lines.get(number=3)
    delete("number >= 4")
    AuditChain.objects.filter(pk=book.pk).update(last_number=3, last_hash=third.hash)
    assert findings() == set()
    assert findings(kept=kept) == {(5, Finding.OTHER_HEAD)}


def test_a_history_that_was_written_anew_does_not_match_a_head_that_was_kept(book, by, lines) -> None:
    kept = history.heads()
    delete("number >= 4")
    AuditChain.objects.filter(pk=book.pk).update(last_number=3, last_hash=lines.get(number=3).hash)
    for name in ("x", "y", "z"):
        groups.create_group(book=book, name=name, token=uuid4(), by=by)
    assert findings() == set()
    assert findings(kept=kept) == {(5, Finding.OTHER_HEAD)}
    assert list(history.verify(kept=[Head(4711, 1, "0" * 64)])) == [Fault(4711, 0, Finding.OTHER_HEAD)]


def _values(line: AuditEvent) -> dict:
    return {field.attname: getattr(line, field.attname) for field in AuditEvent._meta.fields if field.name != "id"}


def verify_history(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_history", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_the_command_prints_the_heads_and_takes_them_back(book, lines) -> None:
    history.install_guard()
    printed = verify_history().splitlines()
    (head,) = history.heads()
    assert printed[0] == f"{head}  Main"
    assert "The history is whole" in printed[1]
    assert "The history is whole" in verify_history("--head", str(head))


def test_the_command_fails_when_a_line_was_altered(lines) -> None:
    change(3, "username = 'mallory'")
    with pytest.raises(CommandError) as caught:
        verify_history()
    assert caught.value.returncode == 1


@pytest.mark.parametrize("text", ["nonsense", "1:2:abc", "1:x:" + "0" * 64])
def test_the_command_refuses_what_is_no_head(db, text) -> None:
    with pytest.raises(CommandError, match="Not a head"):
        verify_history("--head", text)


def test_the_guard_refuses_to_change_and_to_delete_lines(book, by, lines) -> None:
    assert not history.is_guarded()
    for _ in range(2):
        history.install_guard()
    assert history.is_guarded()
    for attempt in (lambda: change(3, "username = 'mallory'"), lambda: delete("number = 5"), lambda: delete("true")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
    assert findings() == set()


def make_old(book, count: int, days: int = limits.HISTORY_KEPT_DAYS + 100) -> None:
    """Move the first lines into the past, as if they had been written then."""
    from workspace.models.audit import digest

    previous = ""
    for line in list(AuditEvent.objects.filter(chain=book.pk).order_by("number")):
        if line.number <= count:
            line.at -= timedelta(days=days)
        line.hash = previous = digest(line, previous=previous)
        AuditEvent.objects.filter(pk=line.pk).update(at=line.at, hash=line.hash)
    AuditChain.objects.filter(pk=book.pk).update(last_hash=previous)


def test_old_lines_go_past_the_guard_and_the_rest_can_still_be_checked(book, by, lines, monkeypatch) -> None:
    monkeypatch.setattr(limits, "LINES_PER_TRIM", 2)
    make_old(book, 3)
    history.install_guard()
    assert history.trim() == 3
    assert list(lines.order_by("number").values_list("number", flat=True)) == [4, 5, 6, 7]
    assert [line.detail["through"] for line in lines.filter(action=actions.TRIM_HISTORY).order_by("number")] == [2, 3]
    assert findings() == set()
    assert history.trim() == 0
    groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
    assert findings() == set()


def test_lines_go_a_month_at_a_time(book, lines) -> None:
    make_old(book, 3, days=limits.HISTORY_KEPT_DAYS + limits.HISTORY_TRIMMED_EVERY_DAYS - 1)
    assert history.trim() == 0
    assert lines.count() == 5


def test_a_line_and_what_it_tells_of_are_kept_together(book, by) -> None:
    """A transaction that fails takes its line with it, and leaves no gap."""
    with transaction.atomic():
        groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
        transaction.set_rollback(True)
    groups.create_group(book=book, name="Gold", token=uuid4(), by=by)
    assert list(AuditEvent.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert findings() == set()


def test_a_line_cannot_be_changed_or_deleted_through_the_model(lines) -> None:
    line = lines.first()
    with pytest.raises(TypeError):
        line.save()
    with pytest.raises(TypeError):
        line.delete()
    assert line.at < timezone.now()
