"""A new kind of background work needs its own files and no edit elsewhere: `tests/workspace/parcels` is one."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from addressbook.models import Job
from addressbook.services.addresses import registration
from addressbook.services.addresses.selection import Selection
from addressbook.services.reset import forget_person
from mailerconsole.operations import workload
from mailerconsole.operations.backups import _named_files
from workspace.models import AuditEvent, JobState, Role
from workspace.models.work import kinds
from workspace.services.books import members
from workspace.services.work import claiming, jobs, owners
from workspace.views.work import strips

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_other_worker")]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def parcel(settings, book, by, monkeypatch) -> Iterator[Callable[..., object]]:
    """The app is installed, its table is there, and it shows its lines; makes parcels that wait."""
    settings.INSTALLED_APPS = [*django_settings.INSTALLED_APPS, "tests.workspace.parcels"]
    templates = deepcopy(django_settings.TEMPLATES)
    templates[0]["DIRS"] = [*templates[0]["DIRS"], Path(__file__).parent / "parcels"]
    settings.TEMPLATES = templates
    from tests.workspace.parcels.models import Parcel

    monkeypatch.setattr(strips, "_KINDS", dict(strips._KINDS))
    strips.show_work(Parcel, "parcel_line.html", rows=lambda access: Parcel.objects.in_book(access.book))
    with connection.schema_editor() as editor:
        editor.create_model(Parcel)

    def make(**fields: object) -> Parcel:
        asked = {"requested_by": by.user, "requester": by.user.get_username(), "created_at": timezone.now()}
        return Parcel.objects.create(**{"book": book, "rows_total": 5, "receiver": "a@example.com", **asked, **fields})

    yield make
    Parcel.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.delete_model(Parcel)


@pytest.mark.engine_independent
def test_the_worker_of_every_kind_is_there() -> None:
    kinds_of_job = [Job(kind=kind) for kind in Job.Kind.values]
    for work in [*kinds_of_job, *(kind() for kind in kinds())]:
        assert callable(import_string(work.worker)), work


def test_a_new_kind_is_announced_worked_on_shown_and_told_of(parcel, book, client_of, alice, monkeypatch) -> None:
    sent = []
    monkeypatch.setattr(jobs.current_app, "send_task", lambda *args, **options: sent.append((args, options)))
    row = parcel()
    jobs.announce(row)
    (((task,), options),) = sent
    assert (task, options["args"], options["queue"]) == (jobs.TASK, ["parcels.Parcel", row.pk], "downloads")
    page = client_of(alice).get(reverse("console", args=[book.slug])).content.decode()
    assert f"Parcel {row.pk}, 0 of 5" in page
    assert ("parcel", "waiting", 1) in list(workload.unfinished())

    claimed = claiming.claim_in_turn(type(row), row.pk)
    assert claimed is not None
    jobs.work_on(claimed)
    row.refresh_from_db()
    assert (row.state, row.rows_done, row.outcome) == (JobState.COMPLETE, 5, {"cards": 5})
    line = AuditEvent.objects.get(action="send_parcel")
    assert line.detail == {"parcel": row.pk, "state": "complete", "cards": 5}
    poll = client_of(alice).get(reverse("jobs", args=[book.slug]), {"running": row.line_name}, headers=HTMX)
    assert poll.headers["HX-Trigger"] == "book-changed"


def test_a_new_kind_is_cancelled_given_up_and_swept_like_any_other(parcel, book, by, client_of, alice) -> None:
    running, waiting, tired = parcel(), parcel(), parcel(fruitless_attempts=100)
    claimed = claiming.claim(type(running), running.pk)
    assert claimed is not None
    for row in (running, waiting):
        client_of(alice).post(reverse("cancel_work", args=[book.slug, "parcel", row.pk]))
    jobs.work_on(claimed)
    claiming.wake_forgotten()
    for row in (running, waiting, tired):
        row.refresh_from_db()
    assert [row.state for row in (running, waiting, tired)] == ["cancelled", "cancelled", "failed"]
    assert AuditEvent.objects.filter(action="cancel_job", detail__cards=5).count() == 2
    assert waiting.dismissed_at is not None
    owners.dismiss_all(book=book, by=by)
    tired.refresh_from_db()
    assert tired.dismissed_at is not None


def test_a_new_kind_ends_with_the_role_of_whoever_asked(parcel, book, by, bob) -> None:
    row = parcel(requested_by=bob)
    members.change_role(book=book, user_id=bob.pk, role=Role.VIEWER, by=by)
    row.refresh_from_db()
    assert row.state == JobState.CANCELLED


def test_a_new_kind_forgets_whoever_asks_to_be_forgotten(parcel, book, by) -> None:
    row, other = parcel(stored_file="parcels/a"), parcel(receiver="b@example.com")
    assert list(_named_files()) == ["parcels/a"]
    registration.register_typed(book=book, group_id=None, text="a@example.com", token=uuid4(), by=by)
    book.refresh_from_db()
    pinned = Selection(None, through_id=2**62, seen_count=1)
    done = forget_person.erase_traces(book=book, selection=pinned, token=uuid4(), by=by)
    claimed = claiming.claim(Job, done.job_id)
    assert claimed is not None
    jobs.work_on(claimed)
    for each in (row, other):
        each.refresh_from_db()
    assert (row.receiver, row.stored_file, row.state) == ("", "", JobState.FAILED)
    assert (other.receiver, other.state) == ("b@example.com", JobState.WAITING)
