"""How a file of recipients is read is asked where it could be read in several ways, and can be changed."""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from addressbook import actions
from addressbook.models import Address, Upload
from addressbook.services.uploads import CheckOutdatedError
from libraries.spreadsheets import Choice
from mailings.models import RecipientFile, SourceRow
from mailings.services.recipients import files, reading
from mailings.services.recipients.counting import count
from mailings.services.recipients.files import FileGoneError
from workspace.models import AuditEvent, BookMember, Role
from workspace.services.work import claiming, jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def acts(book, draft, by):
    return {"book": book, "mailing_id": draft.pk, "by": by}


@pytest.fixture
def read(acts):
    """Sends a file and reads it."""

    def read(content: bytes, name: str = "guests.csv", **more) -> RecipientFile:
        file = files.add(**acts, file=ContentFile(content), name=name, token=uuid4(), **more)
        reading.read_file(file.pk)
        return RecipientFile.objects.select_related("source").get(pk=file.pk)

    return read


@pytest.fixture
def choose(acts):
    def choose(file: RecipientFile, **choice) -> RecipientFile:
        files.choose(**acts, file_id=file.pk, choice=Choice(**choice), seen=file.attempt)
        reading.read_file(file.pk)
        return RecipientFile.objects.select_related("source").get(pk=file.pk)

    return choose


def people_of(file: RecipientFile) -> list[str]:
    return list(file.source.rows.order_by("number").values_list("email", flat=True))


def test_a_column_that_could_be_meant_as_well_is_asked_for(read, choose) -> None:
    file = read(b"email,e-mail\na@example.com,b@example.com\nc@example.com,d@example.com\n")
    assert file.refusal["code"] == "email_twice"
    file = choose(file, header_row=1, email_column=1)
    assert people_of(file) == ["b@example.com", "d@example.com"]
    file = choose(file, header_row=1, email_column=0)
    assert people_of(file) == ["a@example.com", "c@example.com"]


def test_a_column_without_a_heading_is_chosen(read, choose) -> None:
    file = read("이름,연락처\n홍길동,전화\n".encode())
    assert file.refusal["code"] == "no_column"
    assert file.stored_file
    file = choose(file, email_column=1)
    assert file.refusal["code"] == "no_addresses"


def test_an_encoding_that_could_be_meant_as_well_is_asked_for(read, choose) -> None:
    file = read("name,email\n齋藤,a@example.com\n".encode("cp932"))
    assert file.refusal["code"] == "encoding_open"
    file = choose(file, encoding="cp932")
    assert file.source.rows.get().values == {"name": "齋藤"}


def test_a_sheet_that_could_be_meant_as_well_is_asked_for(read, choose, tmp_path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for sheet, address in ((book.active, "a@example.com"), (book.create_sheet("Second"), "b@example.com")):
        sheet.append(["email"])
        sheet.append([address])
    book.save(tmp_path / "x.xlsx")
    file = read((tmp_path / "x.xlsx").read_bytes(), "x.xlsx")
    assert file.refusal["code"] == "sheet_open"
    assert people_of(choose(file, sheet="Second")) == ["b@example.com"]


def test_a_file_read_again_keeps_its_place_and_nobody_is_counted_meanwhile(read, acts, draft, book) -> None:
    first = read(b"email,other,city\na@example.com,x@example.com,first\n")
    read(b"email,city\na@example.com,second\nx@example.com,second\n")
    choice = Choice(header_row=1, email_column=1)
    files.choose(**acts, file_id=first.pk, choice=choice, seen=first.attempt)
    assert count(draft, book.current_edition).chosen == 2
    # The same click again changes nothing; one on what somebody else has changed is refused.
    files.choose(**acts, file_id=first.pk, choice=choice, seen=first.attempt)
    with pytest.raises(CheckOutdatedError):
        files.choose(**acts, file_id=first.pk, choice=Choice(email_column=0), seen=first.attempt)

    reading.read_file(first.pk)
    files.sweep_unfinished()

    assert [source.parameters["columns"] for source in draft.sources.all()] == [["email", "city"], ["city"]]
    assert SourceRow.objects.count() == 3
    with pytest.raises(CheckOutdatedError):
        files.choose(**acts, file_id=first.pk, choice=Choice(email_column=0), seen=first.attempt)


def test_a_file_that_is_not_kept_any_more_cannot_be_read_again(read, acts) -> None:
    file = read(b"email\na@example.com\n")
    RecipientFile.objects.update(stored_file="")
    with pytest.raises(FileGoneError):
        files.choose(**acts, file_id=file.pk, choice=Choice(), seen=file.attempt)
    with pytest.raises(FileGoneError):
        files.choose(**acts, file_id=4711, choice=Choice(), seen=file.attempt)


def test_a_file_registers_nobody_unless_that_was_asked_for(read, register) -> None:
    read(b"email\na@example.com\n")
    assert not Upload.objects.exists()

    register("b@example.com")
    read(b"email,city\na@example.com,Seoul\nB@example.com,Busan\nbroken@,\n", registers=True)
    upload = Upload.objects.get()
    claimed = claiming.claim(Upload, upload.pk)
    jobs.work_on(claimed)

    assert set(Address.objects.values_list("email", flat=True)) == {"a@example.com", "b@example.com"}
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["registered"], upload.rows_file) == ("complete", 1, "")
    event = AuditEvent.objects.get(action=actions.UPLOAD_ADDRESSES, detail__applied=2)
    assert event.username == "alice"


def test_nobody_is_registered_for_a_person_who_may_not_any_more(read, acts, book, by) -> None:
    file = files.add(**acts, file=ContentFile(b"email\na@example.com\n"), name="x.csv", registers=True, token=uuid4())
    BookMember.objects.filter(book=book, user=by.user).update(role=Role.VIEWER)
    reading.read_file(file.pk)
    assert RecipientFile.objects.get().is_read
    assert not Upload.objects.exists()
