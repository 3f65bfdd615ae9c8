"""What each act's undo brings back, what it leaves to others, and when there is none."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address, Group, Job, Membership, UndoRecord
from addressbook.services import undo
from addressbook.services.addresses import bulk, groups, selection
from addressbook.services.addresses.bulk_jobs import UndoRunningError
from addressbook.services.addresses.selection import Selection, SelectionChangedError
from addressbook.services.undo import NotUndoableError, Reason
from addressbook.services.undo.running import _run_batch, _steps_after
from addressbook.services.undo.steps import Undoing
from tests.support.invariants import assert_consistent, contents
from tests.support.undo import last_act, work_on_jobs
from workspace.models import Act, AddressBook, AuditEvent, Edition, JobState
from workspace.services.work import claiming, jobs, owners

pytestmark = pytest.mark.usefixtures("no_other_worker")


def ticked(*names: str, group: Group | None = None) -> Selection:
    rows = Address.objects.filter(email__in=[f"{name}@example.com" for name in names])
    return Selection(group.pk if group else None, address_ids=tuple(rows.values_list("pk", flat=True)))


@pytest.fixture
def delete(book, by):
    return lambda *names: bulk.delete_addresses(book=book, selection=ticked(*names), token=uuid4(), by=by)


@pytest.fixture
def edit(book, by):
    def edit(*names: str, add=(), remove=()) -> bulk.Done:
        ids = [{group.pk for group in part} for part in (add, remove)]
        selected = ticked(*names)
        return bulk.edit_groups(book=book, selection=selected, add=ids[0], remove=ids[1], token=uuid4(), by=by)

    return edit


@pytest.fixture
def few_rows_within_a_click(monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 2)
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)
    monkeypatch.setattr(limits, "BULK_BATCH_GROWS_TIMES", 1)


def whole(book: AddressBook) -> tuple:
    """All that an undo must bring back, to the ids and times."""
    edition = book.current_edition_id
    return (
        set(Address.objects.filter(edition=edition).values_list("pk", "email", "key", "registered_at", "origin")),
        set(Membership.objects.filter(group__edition=edition).values_list("pk", "group", "address")),
        set(Group.objects.filter(edition=edition).values_list("pk", "name", "address_count", "created_at")),
    )


def test_deleted_addresses_come_back_as_they_were(book, make_group, register, delete, undo_act) -> None:
    register("A.b@example.com c@example.com", make_group("VIP"))
    register("A.b@example.com", make_group("Gold"))
    before = whole(book)
    delete("A.b", "c")
    done = undo_act()
    assert whole(book) == before
    assert done.counts == {"addresses_back": 2, "memberships_back": 3}
    assert_consistent(book)


def test_a_registration_goes_with_what_it_put_into_groups(book, make_group, register, undo_act) -> None:
    group = make_group("VIP")
    register("a@example.com")
    before = whole(book)
    register("a@example.com b@example.com", group)
    done = undo_act()
    assert whole(book) == before
    assert done.counts == {"addresses_out": 1, "memberships_out": 2}


def test_edited_groups_are_what_they_were(book, make_group, register, edit, undo_act) -> None:
    gold, silver = make_group("Gold"), make_group("Silver")
    register("a@example.com b@example.com", silver)
    register("a@example.com", gold)
    before = whole(book)
    edit("a", "b", add=[gold], remove=[silver])
    undo_act()
    assert whole(book) == before
    assert_consistent(book)


@pytest.mark.parametrize("act", [bulk.empty_group, bulk.delete_group])
def test_a_group_that_was_emptied_or_deleted_is_full_again(book, by, make_group, register, act, undo_act) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    before = whole(book)
    act(book=book, selection=selection.everything(book=book, group_id=group.pk), token=uuid4(), by=by)
    undo_act()
    assert whole(book) == before
    assert_consistent(book)


def test_an_upload_goes_with_its_groups(book, check, accept, register, undo_act) -> None:
    register("known@example.com")
    before = whole(book)
    accept(check("email,group\na@example.com,Gold\nknown@example.com,Gold\nb@example.com,\na@example.com,Silver\n"))
    done = undo_act()
    assert whole(book) == before
    assert done.counts == {"addresses_out": 2, "memberships_out": 3, "groups_out": 2}
    assert_consistent(book)


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_large_upload_goes_in_a_job(book, check, accept, undo_act, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_UPLOAD_BATCH", 3)
    before = whole(book)
    accept(check("email,group\n" + "".join(f"u{n}@example.com,G{n % 2}\n" for n in range(10))))
    assert undo_act().job_id is not None
    assert whole(book) == before
    job = Job.objects.get()
    assert (job.state, job.rows_done) == (JobState.COMPLETE, job.rows_total)
    assert job.outcome == {"addresses_out": 10, "memberships_out": 10, "groups_out": 2}
    undo_act()  # of the undo
    assert contents(book) == {f"u{n}@example.com": {f"G{n % 2}"} for n in range(10)}
    assert_consistent(book)


def test_undo_can_be_undone_and_that_again(book, make_group, register, delete, undo_act) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    there = whole(book)
    delete("a")
    deleted, act = whole(book), last_act()
    for expected in (there, deleted, there):
        undo_act()
        assert whole(book) == expected
    act.refresh_from_db()
    assert act.undone_at is not None
    assert_consistent(book)


def test_what_an_act_did_holds_again_when_its_undo_is_undone(register, undo_act) -> None:
    register("a@example.com")
    act = last_act()
    undo_act()
    undo_act()
    act.refresh_from_db()
    assert act.undone_at is None


def test_acts_can_be_undone_one_after_another(book, make_group, register, delete, edit, undo_act) -> None:
    gold, silver = make_group("Gold"), make_group("Silver")
    states, acts = [], []
    for act in (
        lambda: register("a@example.com b@example.com c@example.com", gold),
        lambda: edit("a", "b", add=[silver], remove=[gold]),
        lambda: delete("b", "c"),
        lambda: register("c@example.com", silver),
    ):
        states.append(whole(book))
        act()
        acts.append(last_act())
    for act, state in zip(reversed(acts), reversed(states), strict=True):
        undo_act(act)
        assert whole(book) == state
    assert_consistent(book)


def test_an_address_registered_again_stays_as_it_is(book, make_group, register, delete, undo_act) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    delete("a", "b")
    act = last_act()
    register("A@example.com")
    shown = undo.preview(act)
    assert (shown.does, shown.leaves) == (
        {"addresses_back": 1, "memberships_back": 1},
        {"left_registered_again": 1},
    )
    assert undo_act(act).counts == shown.does | shown.leaves
    assert contents(book) == {"a@example.com": set(), "b@example.com": {"VIP"}}


def test_an_address_that_others_put_into_a_group_stays(book, make_group, register, edit, undo_act) -> None:
    gold = make_group("Gold")
    register("a@example.com b@example.com", make_group("VIP"))
    act = last_act()
    edit("a", add=[gold])
    shown = undo.preview(act)
    assert shown.leaves == {"left_in_other_groups": 1}
    assert undo_act(act).counts == shown.does | shown.leaves
    assert contents(book) == {"a@example.com": {"Gold"}}


def test_a_membership_that_others_renewed_stays(book, make_group, register, edit, undo_act) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    act = last_act()
    edit("a", remove=[group])
    edit("a", add=[group])
    undo_act(act)
    assert contents(book) == {"a@example.com": {"VIP"}}


def test_memberships_of_what_is_gone_stay_away(book, by, make_group, register, edit, delete, undo_act) -> None:
    gold, silver = make_group("Gold"), make_group("Silver")
    register("a@example.com b@example.com", gold)
    register("a@example.com b@example.com", silver)
    edit("a", "b", remove=[gold, silver])
    act = last_act()
    delete("a")
    everyone = selection.everything(book=book, group_id=silver.pk)
    bulk.delete_group(book=book, selection=everyone, token=uuid4(), by=by)
    shown = undo.preview(act)
    assert shown.does == {"memberships_back": 1}
    assert shown.leaves == {"left_address_gone": 2, "left_group_gone": 1}
    assert undo_act(act).counts == shown.does | shown.leaves
    assert contents(book) == {"b@example.com": {"Gold"}}


def test_a_group_whose_name_is_taken_stays_away(book, by, make_group, register, undo_act) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    everyone = selection.everything(book=book, group_id=group.pk)
    bulk.delete_group(book=book, selection=everyone, token=uuid4(), by=by)
    act = last_act()
    make_group("VIP")
    shown = undo.preview(act)
    assert (shown.does, shown.leaves) == ({}, {"left_group_name_taken": 1, "left_group_gone": 1})
    assert undo_act(act).counts == shown.leaves
    assert contents(book) == {"a@example.com": set()}


def test_a_group_of_an_upload_that_others_use_stays(book, by, check, accept, edit, register, undo_act) -> None:
    register("mine@example.com")
    accept(check("email,group\na@example.com,Gold\nb@example.com,Silver\nc@example.com,Iron\n"))
    act = last_act()
    edit("mine", add=[Group.objects.get(name="Gold")])
    silver = Group.objects.get(name="Silver")
    groups.rename_group(book=book, group_id=silver.pk, seen_name="Silver", name="Platinum", by=by)
    shown = undo.preview(act)
    assert shown.leaves == {"left_group_in_use": 2}
    assert undo_act(act).counts == shown.does | shown.leaves
    assert contents(book) == {"mine@example.com": {"Gold"}}
    assert set(Group.objects.values_list("name", flat=True)) == {"Gold", "Platinum"}


def test_the_same_token_twice_has_one_effect_and_one_answer(book, by, register, delete) -> None:
    register("a@example.com")
    delete("a")
    token, act = uuid4(), last_act()
    answers = [undo.undo(book=book, act_id=act.pk, token=token, by=by) for _ in range(2)]
    assert answers[0] == answers[1]
    assert AuditEvent.objects.filter(action=actions.UNDO).count() == 1


def refused(book, by, act: Act) -> Reason:
    with pytest.raises(NotUndoableError) as caught:
        undo.undo(book=book, act_id=act.pk, token=uuid4(), by=by)
    return caught.value.why


def test_an_act_is_not_undone_twice(book, by, register, undo_act) -> None:
    register("a@example.com")
    act = last_act()
    undo_act()
    assert refused(book, by, act) == Reason.UNDONE


def test_an_act_is_undone_for_a_month(book, by, register, delete) -> None:
    register("a@example.com")
    delete("a")
    Act.objects.update(undo_until=timezone.now() + timedelta(seconds=30))
    assert undo.sweep() == 0
    assert undo.find(book.current_edition, last_act().pk) == last_act()
    Act.objects.update(undo_until=timezone.now() - timedelta(seconds=1))
    assert refused(book, by, last_act()) == Reason.EXPIRED
    assert undo.sweep() == 2
    assert not UndoRecord.objects.exists()
    assert Act.objects.count() == 2


def test_an_act_of_another_edition_is_not_undone_until_that_is_back(book, by, register, delete) -> None:
    register("a@example.com")
    delete("a")
    first = book.current_edition
    following = Edition.objects.create(book=book, number=2, opened_at=timezone.now())
    AddressBook.objects.filter(pk=book.pk).update(current_edition=following)
    assert refused(book, by, last_act()) == Reason.OTHER_EDITION
    AddressBook.objects.filter(pk=book.pk).update(current_edition=first)
    undo.undo(book=book, act_id=last_act().pk, token=uuid4(), by=by)
    assert contents(book) == {"a@example.com": set()}


def test_an_act_of_another_book_does_not_exist(by, register, book) -> None:
    from workspace.models import Region, Zone
    from workspace.services.books import books

    register("a@example.com")
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    assert refused(other, by, last_act()) == Reason.GONE


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_an_undo_and_a_large_act_wait_for_each_other(book, by, register, delete) -> None:
    register(" ".join(f"u{number}@example.com" for number in range(6)))
    registered = last_act()
    delete("u0", "u1", "u2")
    assert refused(book, by, registered) == Reason.BUSY
    work_on_jobs()
    undo.undo(book=book, act_id=registered.pk, token=uuid4(), by=by)
    with pytest.raises(UndoRunningError):
        delete("u3", "u4", "u5")
    assert len(contents(book)) == 3


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_an_undo_that_a_reset_stops_says_so(book, by, register, delete) -> None:
    register(" ".join(f"u{number}@example.com" for number in range(5)))
    delete(*(f"u{number}" for number in range(5)))
    work_on_jobs()
    done = undo.undo(book=book, act_id=last_act().pk, token=uuid4(), by=by)
    job = claiming.claim(Job, done.job_id)
    book.current_edition = Edition.objects.create(book=book, number=2, opened_at=timezone.now())
    book.save(update_fields=["current_edition"])
    jobs.work_on(job)
    job.refresh_from_db()
    assert (job.state, job.outcome) == (JobState.FAILED, {"reason": "reset"})


@pytest.mark.usefixtures("few_rows_within_a_click")
def test_a_cancelled_undo_can_be_taken_up_again(book, by, register, delete) -> None:
    register(" ".join(f"u{number}@example.com" for number in range(5)))
    before = whole(book)
    delete(*(f"u{number}" for number in range(5)))
    work_on_jobs()
    act = last_act()
    done = undo.undo(book=book, act_id=act.pk, token=uuid4(), by=by)
    job = claiming.claim(Job, done.job_id)
    undoing = Undoing(act, job.edition)
    assert _run_batch(job, undoing, [next(_steps_after(act, None))])
    owners.cancel(Job, book=book, work_id=done.job_id, by=by)
    jobs.work_on(job)
    job.refresh_from_db()
    assert (job.state, job.outcome) == (JobState.CANCELLED, {"addresses_back": 1})
    assert len(contents(book)) == 1
    undo.undo(book=book, act_id=act.pk, token=uuid4(), by=by)
    work_on_jobs()
    assert whole(book) == before
    assert_consistent(book)


def test_what_an_undo_gave_back_changes_a_set_that_was_counted_before(book, by, register, delete, undo_act) -> None:
    register("a@example.com b@example.com")
    delete("a")
    everyone = selection.everything(book=book, group_id=None)
    undo_act()
    with pytest.raises(SelectionChangedError) as caught:
        bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    assert (caught.value.added, caught.value.removed) == (1, 0)


def test_an_act_that_changed_nothing_leaves_nothing_to_undo(register) -> None:
    register("a@example.com")
    assert register("a@example.com").act_id is None
    assert Act.objects.count() == 1


def test_forgetting_an_address_leaves_no_trace_of_it(book, make_group, register, delete, undo_act) -> None:
    register("canary@example.com b@example.com", make_group("VIP"))
    delete("canary", "b")
    forgotten = undo.forget(book=book, keys={"canary@example.com"})
    assert forgotten.addresses == 1
    assert undo.forget(book=book, keys={"canary@example.com"}, after=forgotten.after).after is None
    import zlib

    kept = b"".join(zlib.decompress(payload) for payload in UndoRecord.objects.values_list("payload", flat=True))
    assert b"canary" not in kept
    assert b"b@example.com" in kept
    assert undo_act().counts == {"addresses_back": 1, "memberships_back": 1}
    assert contents(book) == {"b@example.com": {"VIP"}}


def test_records_of_an_edition_are_erased(book, register, delete) -> None:
    register("a@example.com")
    delete("a")
    while undo.erase_records(book.current_edition):
        pass
    assert not UndoRecord.objects.exists()


def test_the_history_holds_no_address_and_its_lines_name_their_acts(book, register, delete, undo_act) -> None:
    register("canary@example.com")
    delete("canary")
    undo_act()
    lines = list(AuditEvent.objects.order_by("number"))
    assert "canary" not in str([line.detail for line in lines])
    deleted, undone = lines[-2:]
    assert undone.detail == {
        "addresses_back": 1,
        "undone": "delete_address",
        "line": deleted.number,
        "of": "alice",
    }
    assert Act.objects.get(pk=undone.act_id).undoes_id == deleted.act_id


def test_an_upload_of_any_size_is_recorded_in_a_few_bytes(book, check, accept) -> None:
    accept(check("email\n" + "".join(f"person{n}@example.com\n" for n in range(2_000))))
    record = UndoRecord.objects.get()
    assert record.row_count == 2_000
    assert len(record.payload) < 300
