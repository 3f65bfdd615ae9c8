"""Erasing every trace of a person: in the book, its copies, files and jobs; and of nobody else."""

import zipfile
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address, BookSync, DepartedAddress, Job, UndoRecord, Upload
from addressbook.services.addresses import bulk, selection
from addressbook.services.addresses.bulk import NothingSelectedError
from addressbook.services.addresses.selection import Selection, SelectionChangedError
from addressbook.services.addresses.undo_log import UndoNotes
from addressbook.services.reset import editions, forget_person, restoring
from addressbook.services.uploads import files
from tests.support.downloads import make, path_of
from tests.support.invariants import assert_consistent, contents
from workspace import limits as workspace_limits
from workspace.models import AuditEvent, Edition, JobState, Submission
from workspace.services.work import claiming, crash_points, jobs, owners
from workspace.services.work.submissions import Submitted

# VACUUM cannot be part of a transaction, so no test here can be one.
pytestmark = pytest.mark.django_db(transaction=True)

PERSON = "Hong.Gildong@example.com"


@pytest.fixture(autouse=True)
def _alone(no_other_worker, file_store) -> None:
    """No worker of `stack` is faster than the test, and the files are its own."""


@pytest.fixture
def forget(book, by):
    """Erases all traces of these addresses, as far as the click goes; `work` is the rest."""

    def forget(*emails: str, **options) -> forget_person.Forgetting:
        rows = Address.objects.filter(edition__current_of=book, email__in=emails or [PERSON])
        chosen = Selection(None, address_ids=tuple(rows.values_list("pk", flat=True)))
        return forget_person.erase_traces(book=book, **{"selection": chosen, "token": uuid4(), "by": by, **options})

    return forget


def work() -> Job:
    job = Job.objects.get(kind=Job.Kind.ERASE_TRACES)
    jobs.work_on(claiming.claim(Job, job.pk))
    job.refresh_from_db()
    return job


def assert_nowhere(text: str = PERSON) -> None:
    """No column of any table holds it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own tables
            assert text.lower() not in str(cursor.fetchall()).lower(), table


def test_a_person_leaves_the_book_and_every_copy(book, forget, do_reset, register, make_group) -> None:
    register(f"{PERSON} a@example.com", make_group("VIP"))
    do_reset()
    register(f"{PERSON} b@example.com", make_group("VIP"))
    do_reset()
    register(f"{PERSON} c@example.com", make_group("VIP"))
    assert forget().deleted == 1
    assert contents(book) == {"c@example.com": {"VIP"}}
    assert work().state == JobState.COMPLETE
    assert_nowhere()
    assert set(Address.objects.values_list("email", flat=True)) == {"a@example.com", "b@example.com", "c@example.com"}
    assert_consistent(book)


def test_a_copy_that_is_restored_meanwhile_is_told_to_the_sync(
    book, by, forget, do_reset, register, monkeypatch
) -> None:
    register(f"{PERSON} a@example.com")
    do_reset()
    register(PERSON)
    forget()
    far = timezone.now() + timedelta(hours=1)

    def restore(point: str) -> None:
        if point == "traces: found in a copy":
            seen = editions.contents(Edition.objects.get(current_of=book))
            restoring.undo_reset(
                book=book, number=1, seen=seen, newcomers=restoring.Newcomers.MERGE, token=uuid4(), by=by
            )
            # A worker has the book, and has just looked.
            BookSync.objects.update_or_create(book=book, defaults={"is_on": True, "next_look_at": far})
        elif point == "traces: copies done":
            assert BookSync.objects.get(book=book).next_look_at < far

    monkeypatch.setattr(crash_points, "reached", restore)
    assert work().state == JobState.COMPLETE
    assert contents(book) == {"a@example.com": set()}


def test_the_history_says_how_many_and_not_who(forget, register) -> None:
    register(f"{PERSON} a@example.com")
    forget()
    work()
    event = AuditEvent.objects.get(action=actions.ERASE_TRACES)
    assert (event.username, event.detail["selected"], event.detail["state"]) == ("alice", 1, "complete")


def test_an_upload_that_names_the_person_loses_its_files(forget, check, accept, register, file_store) -> None:
    register(PERSON)
    refused = accept(check(f"email,also\na@example.com,\nwrong,{PERSON}\n"))
    waiting = check(f"email\n{PERSON.upper()}\n")
    harmless = check("email\nb@example.com\n")
    forget()
    assert work().outcome["dropped"] == 2
    for upload in (refused, waiting, harmless):
        upload.refresh_from_db()
    assert (refused.files, refused.state) == ([], JobState.COMPLETE)
    assert (waiting.files, waiting.state) == ([], JobState.FAILED)
    assert waiting.outcome["reason"] == "traces_erased"
    assert (harmless.state, len(harmless.files)) == (JobState.CHECKED, 2)
    assert len(list(file_store.iterdir())) == 2
    assert_nowhere()


def test_what_stands_in_a_job_and_in_the_memory_of_forms_goes_too(book, by, forget, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 0)
    register(f"{PERSON} a@example.com")
    everyone = selection.everything(book=book, group_id=None, query="a@example.com")
    bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    searched = selection.everything(book=book, group_id=None, query=PERSON.lower())
    running = bulk.delete_addresses(book=book, selection=searched, token=uuid4(), by=by)
    Submitted(by, uuid4(), "register_typed", "x", None).remember({"text": f"x {PERSON}"})
    Submitted(by, uuid4(), "register_typed", "y", None).remember({"text": "y@example.com"})
    forget()
    assert work().outcome["dropped"] == 1
    assert Job.objects.get(pk=running.job_id).parameters == {}
    assert Submission.objects.filter(act="register_typed", outcome__text="y@example.com").exists()
    assert_nowhere()


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        ("email\nhong.gildong@example.com\n".encode("utf-16"), True),
        ("이메일\nHONG.Gildong@EXAMPLE.com\n".encode("cp949"), True),
        (b"email\ngildong@example.com\n", False),
        (b"x" * (forget_person._CHUNK_BYTES - 10) + PERSON.encode(), True),
    ],
)
def test_a_file_is_looked_through_in_any_encoding(file_store, content, holds) -> None:
    name = files.keep(ContentFile(content))
    assert forget_person._file_holds(name, [PERSON]) == holds


@pytest.mark.parametrize(
    ("shared", "holds"),
    [
        ("<t>hong.gildong@example.com</t>", True),
        ("<r><t>hong.</t></r><r><t>gildong@example.com</t></r>", True),
        ("<t>gildong@example.com</t>", False),
    ],
)
def test_a_workbook_is_looked_through_part_by_part(file_store, shared, holds) -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si>{shared}</si></sst>")
    name = files.keep(ContentFile(content.getvalue()))
    assert forget_person._file_holds(name, [PERSON]) == holds


def test_workbooks_in_an_archive_are_looked_through_too(file_store) -> None:
    inner, outer = BytesIO(), BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/sharedStrings.xml", f"<t>{PERSON}</t>")
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part-1.xlsx", inner.getvalue())
    name = files.keep(ContentFile(outer.getvalue()))
    assert forget_person._file_holds(name, [PERSON])
    assert not forget_person._file_holds(name, ["kim@example.com"])


def test_a_file_that_cannot_be_read_through_is_taken_for_one_that_holds_it(file_store) -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", "x" * 1000)
    spoiled = bytearray(content.getvalue())
    spoiled[40:60] = b"\xff" * 20
    assert forget_person._file_holds(files.keep(ContentFile(bytes(spoiled))), [PERSON])


def test_more_than_a_thousand_at_a_time_are_refused(book, forget, register, monkeypatch) -> None:
    monkeypatch.setattr(workspace_limits, "TRACES_ERASED_AT_ONCE", 1)
    register("a@example.com b@example.com")
    with pytest.raises(forget_person.TooManyTracesError):
        forget("a@example.com", "b@example.com")
    assert len(contents(book)) == 2


def test_nobody_and_a_set_that_has_moved_are_refused(book, forget, register) -> None:
    register(PERSON)
    with pytest.raises(NothingSelectedError):
        forget("nobody@example.com")
    everyone = selection.everything(book=book, group_id=None)
    register("a@example.com")
    with pytest.raises(SelectionChangedError):
        forget(selection=everyone)


def test_sent_twice_it_is_one_act(forget, register, token) -> None:
    register(PERSON)
    same, everyone = token(), Selection(None, address_ids=(Address.objects.get().pk,))
    answers = [forget(selection=everyone, token=same) for _ in range(2)]
    assert answers[0] == answers[1]
    assert Job.objects.count() == 1


def test_neither_cancel_nor_reset_keeps_a_trace(book, by, forget, do_reset, register) -> None:
    register(f"{PERSON} a@example.com")
    job_id = forget().job_id
    owners.cancel(Job, book=book, work_id=job_id, by=by)
    do_reset()
    assert work().state == JobState.COMPLETE
    assert_nowhere()


def test_what_was_given_up_begins_again(forget, register) -> None:
    register(PERSON)
    forget()
    Job.objects.update(
        state=JobState.FAILED, finished_at=timezone.now(), fruitless_attempts=workspace_limits.JOB_ATTEMPTS
    )
    assert forget_person.start_again() == 1
    work()
    assert_nowhere()


def test_a_worker_that_was_overtaken_writes_nothing(forget, register) -> None:
    register(PERSON)
    forget()
    first = claiming.claim(Job, Job.objects.get().pk)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert work().state == JobState.COMPLETE
    with pytest.raises(jobs.JobLostError):
        jobs.work_on(first)
    assert not Edition.objects.filter(closed_at__isnull=False).exists()
    assert not Upload.objects.exists()


def test_what_can_be_undone_forgets_the_person_too(book, by, forget, register) -> None:
    register(f"{PERSON} a@example.com")
    chosen = Selection(None, address_ids=tuple(Address.objects.values_list("pk", flat=True)))
    bulk.delete_addresses(book=book, selection=chosen, token=uuid4(), by=by)
    register(PERSON)
    forget()
    work()
    kept = [UndoNotes.unpacked(record.payload).addresses_taken for record in UndoRecord.objects.all()]
    assert [row[1] for rows in kept for row in rows] == ["a@example.com"]


def test_a_download_that_names_the_person_loses_its_file(book, forget, register, ask, file_store) -> None:
    register(f"{PERSON}, other@example.com")
    made, searched = make(ask()), make(ask(scope="search", query="other"))
    waiting = ask(scope="search", query=PERSON.lower())
    forget()
    work()
    for download in (made, searched, waiting):
        download.refresh_from_db()
    assert (made.state, made.stored_file) == (JobState.EXPIRED, "")
    assert (searched.state, path_of(searched).exists()) == (JobState.COMPLETE, True)
    assert (waiting.state, waiting.query, waiting.outcome["reason"]) == (JobState.FAILED, "", "traces_erased")
    assert len(list((file_store.parent / "downloads").iterdir())) == 1


def test_a_download_that_reads_the_book_at_this_moment_keeps_nothing(book, forget, register, ask, monkeypatch) -> None:
    register(f"{PERSON}, other@example.com")
    download = ask()
    acts = [lambda: (forget(), work())]

    def meddle(point: str) -> None:
        if point == "download: file written" and acts:
            acts.pop()()

    monkeypatch.setattr(crash_points, "reached", meddle)
    with pytest.raises(jobs.JobLostError):
        make(download)
    download.refresh_from_db()
    assert (download.state, download.stored_file) == (JobState.FAILED, "")
    assert not DepartedAddress.objects.exists()
