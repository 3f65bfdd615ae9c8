"""A file of recipients: what is taken from it, what is refused, and that half a file is never counted."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from mailings import limits
from mailings.models import Mailing, RecipientFile, RecipientSource, SourceRow
from mailings.services import checks, drafts
from mailings.services.recipients import files, reading, sources
from mailings.services.recipients.columns import placeholder_of
from mailings.services.recipients.counting import count

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(book, draft, by):
    def send(text: str, name: str = "guests.csv", token=None) -> RecipientFile | None:
        content = ContentFile(text.encode("utf-8-sig"))
        return files.add(book=book, mailing_id=draft.pk, file=content, name=name, token=token or uuid4(), by=by)

    return send


@pytest.fixture
def read(send):
    """Sends a file and reads it; returns its source, or the refusal."""

    def read(text: str, name: str = "guests.csv"):
        waiting = send(text, name)
        reading.read_file(waiting.pk)
        waiting.refresh_from_db()
        return waiting.refusal or waiting.source

    return read


def kept() -> set[str]:
    exists = default_storage.exists(files.FOLDER)
    return set(default_storage.listdir(files.FOLDER)[1]) if exists else set()


def test_every_entry_is_a_row_or_counted(read, draft, book) -> None:
    source = read(
        "이름,email,shop no.,city\n"
        "Hong,a@example.com,1,Seoul\n"
        "Kim,B@Example.com,,Busan\n"
        "Lee,a@example.com,3,Jeju\n"
        "Choi,broken@,4,Jeju\n"
        ",c@example.com;d@example.com,5,\n"
        "Park,,6,Jeju\n"
    )

    rows = list(source.rows.order_by("number").values_list("email", "name", "values"))
    assert [row[0] for row in rows] == ["a@example.com", "B@Example.com", "c@example.com", "d@example.com"]
    assert rows[0][1:] == ("Hong", {"이름": "Hong", "shop_no": "1", "city": "Seoul"})
    assert rows[2][1:] == ("", {"shop_no": "5"})
    held = source.parameters
    assert (held["name"], held["columns"]) == ("guests.csv", ["이름", "shop_no", "city"])
    assert held["empty"] == {"shop_no": 1, "이름": 2, "city": 2}
    assert held["longest"]["city"] == "Seoul"
    assert (held["doubled"], held["invalid"]) == (1, 2)
    left_out = [(entry.number, entry.text, entry.is_doubled, entry.cells) for entry in source.left_out.order_by("pk")]
    assert left_out == [
        (4, "a@example.com", True, None),
        (5, "broken@", False, ["Choi", "broken@", "4", "Jeju"]),
        (7, "", False, ["Park", "", "6", "Jeju"]),
    ]
    numbers = count(draft, book.current_edition)
    assert (numbers.chosen, numbers.doubled, numbers.invalid, numbers.recipients) == (7, 1, 2, 4)


def test_the_values_are_those_of_the_check(read, draft, book, write) -> None:
    draft = write(draft, subject="Hi", body="<p>${city} ${code}</p>")
    read("email,city\na@example.com,Seoul\nb@example.com,\n")
    report = checks.check(draft, book.current_edition)
    assert {state.name: (state.from_files, state.missing) for state in report.placeholders} == {
        "city": (True, 1),
        "code": (False, 2),
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("city\nSeoul\n", "no_column"),
        ("email\nbroken@\n", "no_addresses"),
        ("email,email\na@example.com,b@example.com\n", "email_twice"),
        ("email,email\na@example.com,\n", "heading_twice"),
        ("email,shop no,shop-no\na@example.com,1,2\n", "heading_twice"),
        ("email," + ",".join(f"c{n}" for n in range(300)) + "\na@example.com" + ",1" * 300 + "\n", "many_columns"),
        ("", "empty"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_leaves_nothing(read, draft, book, text, code) -> None:
    refusal = read(text)
    assert refusal["code"] == code
    files.sweep_unfinished()
    assert not SourceRow.objects.exists()
    assert not RecipientSource.objects.exists()
    assert count(draft, book.current_edition).chosen == 0


def test_a_value_of_a_megabyte_costs_its_row_only(read) -> None:
    source = read(f"email,city\na@example.com,{'x' * 1_000_000}\nb@example.com,Seoul\n")
    assert source.rows.get().email == "b@example.com"
    refused = source.left_out.get()
    assert (refused.number, refused.code, refused.key) == (2, "value_too_long", "a@example.com")


def test_while_it_is_read_nobody_is_counted_and_nothing_can_be_sent(send, draft, book, monkeypatch) -> None:
    waiting = send("email\na@example.com\n")
    codes = [finding.code for finding in checks.check(draft, book.current_edition).findings if finding.blocks]
    assert "recipients_being_read" in codes

    # A worker that dies after it has stored the rows.
    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_finish", die)
        with pytest.raises(KeyboardInterrupt):
            reading.read_file(waiting.pk)
    assert SourceRow.objects.count() == 1
    assert count(draft, book.current_edition).chosen == 0

    reading.read_file(waiting.pk)  # its lease holds
    assert RecipientFile.objects.get().attempt == 1
    RecipientFile.objects.update(lease_until=None)
    reading.read_file(waiting.pk)
    files.sweep_unfinished()

    assert RecipientFile.objects.get().is_read
    assert count(draft, book.current_edition).recipients == 1
    assert RecipientSource.objects.count() == SourceRow.objects.count() == 1


def test_a_file_that_workers_die_of_is_given_up(send) -> None:
    waiting = send("email\na@example.com\n")
    RecipientFile.objects.update(tries=limits.RECIPIENT_FILE_ATTEMPTS)
    reading.read_file(waiting.pk)
    assert RecipientFile.objects.get().refusal["code"] == "reader_failed"


def test_a_file_that_was_removed_meanwhile_adds_nobody(
    send, draft, book, by, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    waiting = send("email\na@example.com\n")
    stored = waiting.stored_file
    finish = reading._finish

    def removed_first(*arguments) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            files.remove(book=book, mailing_id=draft.pk, file_id=waiting.pk, by=by)
        finish(*arguments)

    monkeypatch.setattr(reading, "_finish", removed_first)
    with pytest.raises(files.FileLostError):
        reading.read_file(waiting.pk)
    files.sweep_unfinished()
    assert not SourceRow.objects.exists()
    assert not default_storage.exists(stored)


def test_the_stored_file_goes_with_its_line_its_draft_and_after_a_day(
    send, read, draft, book, by, django_capture_on_commit_callbacks
) -> None:
    before = kept()
    with django_capture_on_commit_callbacks(execute=True):
        source = read("email\na@example.com\n")
        assert len(kept()) == len(before) + 1
        sources.remove(book=book, mailing_id=draft.pk, source_id=source.pk, by=by)
    assert kept() == before
    with django_capture_on_commit_callbacks(execute=True):
        read("email\na@example.com\n")
        files.sweep_read()
        assert RecipientFile.objects.exists()
        RecipientFile.objects.update(created_at=timezone.now() - timedelta(hours=limits.RECIPIENT_FILE_KEPT_HOURS + 1))
        files.sweep_read()
    assert kept() == before
    assert count(draft, book.current_edition).recipients == 1
    stored = send("email\nb@example.com\n").stored_file
    with django_capture_on_commit_callbacks(execute=True):
        drafts.delete(book=book, mailing_id=draft.pk, by=by)
    assert not Mailing.objects.exists()
    assert not default_storage.exists(stored)
    files.sweep_unfinished()
    assert not RecipientSource.objects.exists()
    assert not SourceRow.objects.exists()


def test_the_same_form_twice_adds_one_file(send, django_capture_on_commit_callbacks) -> None:
    token = uuid4()
    send("email\na@example.com\n", token=token)
    before = kept()
    with django_capture_on_commit_callbacks(execute=True):
        send("email\na@example.com\n", token=token)
    assert RecipientFile.objects.count() == 1
    assert kept() == before


def test_files_count_among_the_lines(send, monkeypatch) -> None:
    monkeypatch.setattr(files, "SOURCES_MOST", 1)
    send("email\na@example.com\n")
    with pytest.raises(sources.TooManySourcesError):
        send("email\nb@example.com\n")


@pytest.mark.parametrize(
    ("heading", "name"),
    [("쇼핑몰 이름", "쇼핑몰_이름"), (" (city) ", "city"), ("${x}", "x"), ("---", "")],
)
def test_a_heading_becomes_the_name_of_a_placeholder(heading, name) -> None:
    assert placeholder_of(heading) == name
