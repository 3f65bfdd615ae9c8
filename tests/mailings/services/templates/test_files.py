"""Templates go out as a file and come in from one, with every fault on the way."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings import actions, limits
from mailings.models import Category, Template, TemplateCall, TemplateImport
from mailings.services.rules import NotAllowedError
from mailings.services.templates import documents, exporting, importing, writing
from mailings.services.templates.documents import RefusedDocumentError
from mailings.services.templates.leasing import LeaseLostError
from mailings.services.templates.writing import UnreadTemplateError
from workspace.models import AuditEvent, Region, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

pytestmark = pytest.mark.django_db


@pytest.fixture
def begin(book, by) -> Callable:
    def begin(document: object, **options) -> TemplateImport:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        values = {"book": book, "name": "templates.json", "token": uuid4(), "by": by, **options}
        return importing.begin(data=data, digest=hashlib.sha256(data).hexdigest(), **values)

    return begin


def work(of: TemplateImport, turns: int = 30) -> dict[str, int]:
    """Turns of a worker until nothing is left to do; every wait is taken to be over."""
    for _ in range(turns):
        of.refresh_from_db()
        if of.finished_at is not None:
            break
        TemplateImport.objects.filter(pk=of.pk).update(next_at=timezone.now() - timedelta(seconds=1), lease_until=None)
        importing.run(of.pk)
    of.refresh_from_db()
    return dict(importing.counts(of))


def document(*templates: dict, **more: object) -> dict:
    return {"format": documents.FORMAT, "version": 1, "templates": list(templates), **more}


def entry(name: str = "One", **fields: object) -> dict:
    values = {"subject": "Hello", "body": "<p>Hello</p>", "sender_address": "news@example.com"}
    return {"name": name, **values, **fields}


def exported(book, by, **options) -> bytes:
    return "".join(exporting.export(book=book, by=by, **{"category_id": None, **options})).encode()


def test_what_goes_out_comes_in_the_same(kept, book, by, begin, register_template, make_category) -> None:
    seasons = make_category("Seasons")
    spring = make_category("Spring", seasons)
    make_category("Empty", spring)
    register_template(
        "봄-인사", spring, body='<p>"quoted" \\ ${name} </p>\n\t<br>', editor="simple", sender_name="뉴스"
    )
    register_template("Root", description="About it")
    register_template("봄-인사", spring, subject="Another", allow_twice=True)
    unused = register_template("Unused", seasons)
    writing.delete(book=book, template_id=unused.pk, by=by)
    first = exported(book, by)
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)

    assert work(begin(first, book=other)) == {"imported": 4}

    assert exported(other, by) == first
    assert Template.objects.filter(book=other, sid__isnull=kept == "here alone").count() == 4
    assert work(begin(first, book=other)) == {"already_there": 4}
    assert exported(other, by) == first
    line = AuditEvent.objects.filter(action=actions.IMPORT_TEMPLATES, book_id=other.pk).earliest("pk")
    assert line.detail == {"templates_imported": 4, "templates_twice": 1, "file": "templates.json"}
    assert AuditEvent.objects.filter(action=actions.EXPORT_TEMPLATES, book_id=book.pk).get().detail == {"templates": 4}


def test_a_category_goes_out_with_what_is_below_it(book, by, register_template, make_category) -> None:
    seasons = make_category("Seasons")
    register_template("Inside", make_category("Spring", seasons))
    register_template("Outside", make_category("Other"))

    content = json.loads(exported(book, by, category_id=seasons.pk))

    assert [row["name"] for row in content["templates"]] == ["Inside"]
    assert content["categories"] == [["Seasons"], ["Seasons", "Spring"]]


def test_what_was_not_read_yet_is_not_left_out_silently(book, by, register_template) -> None:
    template = register_template("One")
    Template.objects.filter(pk=template.pk).update(sid=1, read_sha256="", needs_reading=True)
    with pytest.raises(UnreadTemplateError):
        exported(book, by)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no json", "no_json"),
        (b"\xff\xfe", "no_json"),
        (b"[" * 100_000, "no_json"),
        (b"[]", "other_format"),
        (b'{"templates": []}', "other_format"),
        (json.dumps({"format": "other-program", "templates": [entry()]}).encode(), "other_format"),
        (json.dumps(document(version=2)).encode(), "other_version"),
        (json.dumps(document(templates={})).encode(), "other_format"),
        (json.dumps(document(*[entry()] * 10_000)).encode(), "too_many"),
        (json.dumps(document()).encode(), "empty"),
    ],
)
def test_another_program_s_file_is_refused_whole(content, code, begin) -> None:
    with pytest.raises(RefusedDocumentError) as refused:
        begin(content)
    assert refused.value.code == code
    assert not TemplateImport.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "two words"},
        {"name": None},
        {"subject": 7},
        {"subject": "x" * 501},
        {"body": "x" * 600_000},
        {"sender_address": "me@navercorp.com"},
        {"category": "Seasons"},
        {"category": ["two words"]},
        {"category": ["x"] * 11},
        {"editor": "word"},
        {"in_use": "yes"},
    ],
)
def test_one_that_the_service_would_not_take_does_not_hold_up_the_others(fields, practice, begin, at_service) -> None:
    of = begin(document(entry("Before"), {**entry("Wrong"), **fields}, entry("After"), "no template"))

    assert work(of) == {"imported": 2, "refused": 2}

    assert [name for name, _ in at_service()] == ["After", "Before"]
    refused = of.entries.get(number=2)
    assert refused.problems
    assert refused.content == {}


@pytest.mark.parametrize(
    "kind", ["cut_after", "endpoint_timeout", "rubbish", "internal_error", "cut_before", "retired"]
)
@pytest.mark.parametrize("operation", ["createTemplate", "createCategory", "getTemplateStructure"])
def test_half_of_an_import_goes_on_without_making_anything_twice(kind, operation, practice, begin, at_service) -> None:
    practice.faults.switch_on(Fault(kind=FaultKind(kind), operation=operation, times=1, skip=1))
    if operation == "getTemplateStructure":
        practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation="createTemplate", times=1))
    of = begin(document(*(entry(f"T{number}", category=["C", str(number % 2)]) for number in range(5))))

    assert work(of) == {"imported": 5}

    assert [name for name, _ in at_service()] == [f"T{number}" for number in range(5)]
    assert Category.objects.count() == 3
    assert not TemplateCall.objects.exists()


@pytest.mark.parametrize("point", ["templates: answered", "templates: before commit"])
def test_a_worker_that_dies_leaves_an_import_that_goes_on(point, practice, begin, at_service, monkeypatch) -> None:
    of = begin(document(*(entry(f"T{number}") for number in range(4))))
    deaths = [0]

    def die(reached: str) -> None:
        deaths[0] += reached == point
        if deaths[0] == 3:
            raise SystemExit(reached)

    monkeypatch.setattr(limits, "MAILING_LEASE_SECONDS", 0.01)
    with monkeypatch.context() as patched:
        patched.setattr(crash_points, "reached", die)
        with pytest.raises(SystemExit):
            work(of)
    assert importing.counts(of) == {"imported": 2, "waiting": 2}

    assert work(of) == {"imported": 4}
    assert [name for name, _ in at_service()] == [f"T{number}" for number in range(4)]


def test_the_service_away_is_said_and_waited_for(practice, begin) -> None:
    practice.faults.switch_on(Fault(kind=FaultKind.NOT_SUBSCRIBED, times=None))
    of = begin(document(entry()))
    assert work(of, turns=1) == {"waiting": 1}
    assert (of.problem, of.failures) == ("not_subscribed", 1)
    practice.faults.clear()
    assert work(of) == {"imported": 1}
    assert (of.problem, of.failures) == ("", 0)


def test_a_category_deleted_meanwhile_is_made_anew(practice, service, begin, at_service, monkeypatch) -> None:
    of = begin(document(entry("T0", category=["C"]), entry("T1", category=["C"])))
    waiting = [None]

    def meanwhile(point: str) -> None:
        """As soon as the service has made the category, somebody deletes it there."""
        if waiting and point == "templates: answered":
            waiting.pop()
            for node in service.templates.get_structure().contents:
                service.templates.delete_category(node.sid)

    monkeypatch.setattr(crash_points, "reached", meanwhile)
    assert work(of) == {"imported": 2}
    assert not waiting
    assert Template.objects.filter(category=Category.objects.get()).count() == 2
    assert at_service() == [("T0", True), ("T1", True)]


def test_a_person_stops_it_and_another_can_begin_afterwards(book, by, begin, monkeypatch, practice) -> None:
    of = begin(document(*(entry(f"T{number}") for number in range(3))))
    with pytest.raises(importing.ImportRunningError):
        begin(document(entry()))
    monkeypatch.setattr(limits, "MAILING_TURN_SECONDS", 0)
    work(of, turns=1)
    importing.stop(book=book, import_id=of.pk, by=by)

    assert work(of) == {"imported": 1, "stopped": 2}

    importing.dismiss(book=book, import_id=of.pk, by=by)
    assert work(begin(document(entry()))) == {"imported": 1}


def test_a_member_who_is_one_no_more_imports_no_more(book, by, bob, begin, practice) -> None:
    of = begin(document(entry()), by=Actor(bob))
    books.remove_member(book=book, user_id=bob.pk, by=by)
    assert work(of) == {"stopped": 1}


def test_a_file_sent_twice_is_one_import_and_viewers_import_nothing(begin, vera) -> None:
    token = uuid4()
    assert begin(document(entry()), token=token) == begin(document(entry()), token=token)
    with pytest.raises(NotAllowedError):
        begin(document(entry("Other")), by=Actor(vera))


def test_many_come_in_by_turns(practice, begin, monkeypatch) -> None:
    """What is done stays done when a turn is over; 500 are measured by `make bench`."""
    monkeypatch.setattr(limits, "MAILING_TURN_SECONDS", 0.1)
    of = begin(document(*(entry(f"T{number}", category=[str(number % 10)]) for number in range(60))))
    assert importing.counts(of) == {"waiting": 60}
    assert work(of, turns=200) == {"imported": 60}
    assert Template.objects.count() == 60
    assert of.attempt > 1


def test_a_worker_that_lost_its_lease_counts_nothing(practice, begin, at_service, monkeypatch) -> None:
    of = begin(document(entry("T0"), entry("T1")))
    with monkeypatch.context() as patched:
        patched.setattr(crash_points, "reached", lambda point: TemplateImport.objects.update(attempt=77))
        with pytest.raises(LeaseLostError):
            work(of)
    assert importing.counts(of) == {"waiting": 2}
    assert not Template.objects.exists()

    assert work(of) == {"imported": 2}
    assert at_service() == [("T0", True), ("T1", True)]
