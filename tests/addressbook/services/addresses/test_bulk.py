import time
from uuid import uuid4

import pytest

from addressbook import actions, limits
from addressbook.models import Address, Group, Job
from addressbook.services import undo
from addressbook.services.addresses import bulk, selection
from addressbook.services.addresses.bulk import NothingSelectedError
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.addresses.selection import Selection, SelectionChangedError
from tests.support.invariants import assert_consistent, contents, unfinished_jobs
from workspace import limits as workspace_limits
from workspace.models import Act, AuditEvent, JobState
from workspace.services.work import claiming, jobs, owners


@pytest.fixture
def few_rows_within_a_click(monkeypatch) -> None:
    """Makes every act on more than two addresses a job of batches of two."""
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)


def ticked(*names: str, group: Group | None = None) -> Selection:
    rows = Address.objects.filter(email__in=[f"{name}@example.com" for name in names])
    return Selection(group.pk if group else None, address_ids=tuple(rows.values_list("pk", flat=True)))


def work() -> None:
    for job_id in Job.objects.unfinished().values_list("pk", flat=True):
        jobs.work_on(claiming.claim(Job, job_id))


def test_delete_addresses_takes_them_out_of_every_group(book, by, make_group, register) -> None:
    group, other = make_group("VIP"), make_group("Gold")
    register("a@example.com b@example.com", group)
    register("a@example.com", other)
    done = bulk.delete_addresses(book=book, selection=ticked("a"), token=uuid4(), by=by)
    assert (done.selected, done.changes) == (1, {"deleted": 1})
    assert contents(book) == {"b@example.com": {"VIP"}}
    assert_consistent(book)


def test_remove_from_group_keeps_the_addresses(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    done = bulk.remove_from_group(book=book, selection=ticked("a", group=group), token=uuid4(), by=by)
    assert (done.changes, done.subject) == ({"removed": 1}, "VIP")
    assert contents(book) == {"a@example.com": set(), "b@example.com": {"VIP"}}
    assert_consistent(book)


def test_edit_groups_changes_only_what_was_asked_for(book, by, make_group, register) -> None:
    gold, silver, iron = make_group("Gold"), make_group("Silver"), make_group("Iron")
    register("a@example.com", gold)
    register("b@example.com", silver)
    register("a@example.com b@example.com", iron)
    done = bulk.edit_groups(
        book=book, selection=ticked("a", "b"), add={gold.pk}, remove={silver.pk}, token=uuid4(), by=by
    )
    assert done.changes == {"added": 1, "removed": 1}
    assert contents(book) == {"a@example.com": {"Gold", "Iron"}, "b@example.com": {"Gold", "Iron"}}
    assert AuditEvent.objects.get(action=actions.CHANGE_GROUP).detail["added_to"] == ["Gold"]
    assert_consistent(book)


def test_edit_groups_with_a_group_that_is_gone_changes_nothing(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com")
    with pytest.raises(GroupGoneError):
        bulk.edit_groups(book=book, selection=ticked("a"), add={group.pk, 4711}, remove=(), token=uuid4(), by=by)
    assert contents(book) == {"a@example.com": set()}


def test_empty_group_keeps_group_and_addresses(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    everyone = selection.everything(book=book, group_id=group.pk)
    done = bulk.empty_group(book=book, selection=everyone, token=uuid4(), by=by)
    assert done.changes == {"removed": 2}
    assert contents(book) == {"a@example.com": set(), "b@example.com": set()}
    assert Group.objects.get().address_count == 0
    assert_consistent(book)


def test_delete_group_keeps_the_addresses(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    everyone = selection.everything(book=book, group_id=group.pk)
    bulk.delete_group(book=book, selection=everyone, token=uuid4(), by=by)
    assert contents(book) == {"a@example.com": set()}
    assert not Group.objects.exists()
    assert AuditEvent.objects.get(action=actions.DELETE_GROUP).detail["group"] == "VIP"


@pytest.mark.parametrize("act", [bulk.empty_group, bulk.delete_group])
def test_an_empty_group_can_be_emptied_and_deleted(book, by, make_group, act) -> None:
    everyone = selection.everything(book=book, group_id=make_group("VIP").pk)
    assert act(book=book, selection=everyone, token=uuid4(), by=by).selected == 0


@pytest.mark.parametrize("act", [bulk.delete_addresses, bulk.remove_from_group])
def test_an_act_on_nothing_is_refused(book, by, make_group, act) -> None:
    with pytest.raises(NothingSelectedError):
        act(book=book, selection=ticked(group=make_group("VIP")), token=uuid4(), by=by)


def test_an_act_on_everything_is_refused_when_the_set_has_moved(book, by, register) -> None:
    register("a@example.com")
    everyone = selection.everything(book=book, group_id=None)
    register("b@example.com")
    with pytest.raises(SelectionChangedError):
        bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    assert len(contents(book)) == 2


def test_an_act_sent_twice_has_one_effect_and_one_answer(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    everyone, token = selection.everything(book=book, group_id=group.pk), uuid4()
    answers = [bulk.delete_group(book=book, selection=everyone, token=token, by=by) for _ in range(2)]
    assert answers[0] == answers[1]
    assert AuditEvent.objects.filter(action=actions.DELETE_GROUP).count() == 1


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_large_act_becomes_a_job_that_does_the_same(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register(" ".join(f"u{number}@example.com" for number in range(5)), group)
    everyone = selection.everything(book=book, group_id=None, query="u")
    done = bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    assert done.job_id is not None
    assert len(contents(book)) == 5
    work()
    job = Job.objects.get()
    assert (job.state, job.rows_done, job.rows_total, job.outcome) == ("complete", 5, 5, {"deleted": 5})
    assert contents(book) == {}
    assert AuditEvent.objects.get(action=actions.DELETE_ADDRESS).detail["deleted"] == 5
    assert_consistent(book)


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_long_work_lets_waiting_writers_in_on_sqlite(book, by, register, monkeypatch, engine) -> None:
    """A bulk act, and its undo."""
    register(" ".join(f"u{number}@example.com" for number in range(9)))
    short = {workspace_limits.WAITING_WRITER_SECONDS, workspace_limits.WAITING_WRITER_SHORT_SECONDS}
    monkeypatch.setattr(workspace_limits, "WRITING_WITHOUT_PAUSE_SECONDS", 0)
    monkeypatch.setattr(workspace_limits, "WRITING_WITHOUT_SHORT_PAUSE_SECONDS", 0)
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    everyone = selection.everything(book=book, group_id=None)
    bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    work()
    assert bool(short & set(pauses)) == (engine == "sqlite")
    pauses.clear()
    undo.undo(book=book, act_id=Act.objects.latest("pk").pk, token=uuid4(), by=by)
    for job in Job.objects.unfinished():
        jobs.work_on(claiming.claim(Job, job.pk))
    assert len(contents(book)) == 9
    assert bool(short & set(pauses)) == (engine == "sqlite")


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_job_leaves_alone_what_joins_while_it_runs(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register(" ".join(f"u{number}@example.com" for number in range(5)), group)
    everyone = selection.everything(book=book, group_id=group.pk)
    bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    register("late@example.com", group)
    work()
    assert contents(book) == {"late@example.com": {"VIP"}}
    assert_consistent(book)


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_job_on_what_a_search_found_in_a_group_takes_those_only(book, by, make_group, register) -> None:
    group, other = make_group("VIP"), make_group("Other")
    register(" ".join(f"u{number}@example.com" for number in range(9)), group)
    register("v0@example.com v1@example.com", group)
    register("u9@example.com", other)
    everyone = selection.everything(book=book, group_id=group.pk, query="u")
    bulk.remove_from_group(book=book, selection=everyone, token=uuid4(), by=by)
    work()
    members = {email for email, names in contents(book).items() if names}
    assert members == {"v0@example.com", "v1@example.com", "u9@example.com"}
    assert Job.objects.get().outcome == {"removed": 9}
    assert_consistent(book)


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_deleting_a_group_in_a_job_takes_latecomers_along(book, by, make_group, register) -> None:
    group = make_group("VIP")
    register(" ".join(f"u{number}@example.com" for number in range(3)), group)
    everyone = selection.everything(book=book, group_id=group.pk)
    bulk.delete_group(book=book, selection=everyone, token=uuid4(), by=by)
    register("late@example.com", group)
    work()
    assert not Group.objects.exists()
    assert set(contents(book)) == {"late@example.com", "u0@example.com", "u1@example.com", "u2@example.com"}
    assert_consistent(book)


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_cancelled_job_keeps_what_it_did(book, by, register) -> None:
    register(" ".join(f"u{number}@example.com" for number in range(6)))
    everyone = selection.everything(book=book, group_id=None)
    done = bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    job = claiming.claim(Job, done.job_id)
    assert bulk._run_batch(job, 2)
    owners.cancel(Job, book=book, work_id=done.job_id, by=by)
    jobs.work_on(job)
    job = Job.objects.get()
    assert (job.state, job.rows_done) == (JobState.CANCELLED, 2)
    assert len(contents(book)) == 4
    assert_consistent(book)


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_job_stops_when_the_book_has_another_edition(book, by, register) -> None:
    from django.utils import timezone

    from workspace.models import AddressBook, Edition

    register(" ".join(f"u{number}@example.com" for number in range(6)))
    everyone = selection.everything(book=book, group_id=None)
    bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    following = Edition.objects.create(book=book, number=2, opened_at=timezone.now())
    AddressBook.objects.filter(pk=book.pk).update(current_edition=following)
    work()
    assert Job.objects.get().state == JobState.FAILED
    assert Address.objects.count() == 6
    assert unfinished_jobs(book) == 0


def test_many_groups_make_an_act_a_job_as_many_addresses_do(book, by, make_group, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 5)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 5)
    made = [make_group(f"group{number}").pk for number in range(3)]
    register("a@example.com b@example.com")
    done = bulk.edit_groups(book=book, selection=ticked("a", "b"), add=made, remove=[], token=uuid4(), by=by)
    assert done.job_id is not None
    work()
    names = {"group0", "group1", "group2"}
    assert contents(book) == {"a@example.com": names, "b@example.com": names}
    assert AuditEvent.objects.get(action=actions.CHANGE_GROUP).detail["added_to"] == sorted(names)
    assert_consistent(book)
