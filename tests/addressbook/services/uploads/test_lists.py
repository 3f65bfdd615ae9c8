"""Lists: which of their addresses are in the book, and what is done to those in one undoable act."""

from uuid import uuid4

import pytest

from addressbook import actions, limits
from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.addresses import registration
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.reset import editions, reset
from addressbook.services.uploads import lists
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import work
from workspace.models import AuditEvent, JobState

LISTED = "Email,Group\nAnn@Example.com,Nowhere\nbob@example.com,\nnew@example.org,\nbroken@,\nann@example.com,\n"


@pytest.fixture
def filled(book, by, make_group):
    """Ann is in two groups, Bob in one, Carl and Dora in none of the list."""
    gold, vip = make_group("Gold"), make_group("VIP")
    for text, group in (("ann@example.com bob@example.com", gold), ("ann@example.com dora@example.com", vip)):
        registration.register_typed(book=book, group_id=group.pk, text=text, token=uuid4(), by=by)
    registration.register_typed(book=book, group_id=None, text="carl@example.com", token=uuid4(), by=by)
    return gold, vip


@pytest.fixture
def listed(check):
    """A checked list."""
    return lambda content=LISTED, **options: check(content, purpose=Upload.Purpose.LIST, action="", **options)


@pytest.fixture
def do(book, by):
    """Says OK to a list, and lets a worker do it."""

    def do(upload: Upload, action: str, group=None, reason: str = "") -> Upload:
        group_id = group.pk if group else None
        values = {"action": action, "group_id": group_id, "reason": reason, "seen": upload.attempt}
        uploads.apply_list(book=book, upload_id=upload.pk, by=by, **values)
        return work(upload)

    return do


def test_a_check_says_which_are_there_and_in_which_groups(filled, listed, book, monkeypatch) -> None:
    monkeypatch.setattr(limits, "KEYS_PER_LOOK_UP", 2)
    before = contents(book)

    result = listed().check_result

    assert {name: result[name] for name in ("rows", "addresses", "already_there", "new", "doubled", "invalid")} == {
        "rows": 5,
        "addresses": 3,
        "already_there": 2,
        "new": 1,
        "doubled": 1,
        "invalid": 1,
    }
    assert result["in_groups"] == [{"name": "Gold", "count": 2}, {"name": "VIP", "count": 1}]
    assert (result["group_count"], result["group_findings"]) == (0, [])
    assert contents(book) == before


def test_pages_lead_through_those_that_are_there_and_those_that_are_not(filled, listed) -> None:
    upload = listed("dora@example.com x@example.org ann@example.com y@example.org Bob@Example.com".replace(" ", "\n"))

    first = lists.page(upload, missing=False, start=0, size=2)
    rest = lists.page(upload, missing=False, start=first.after, size=2)
    missing = lists.page(upload, missing=True, start=0, size=2)

    assert [key for _, key in first.pairs] == ["dora@example.com", "ann@example.com"]
    assert (rest.pairs, rest.after) == ([("Bob@Example.com", "bob@example.com")], None)
    assert ([key for _, key in missing.pairs], missing.after) == (["x@example.org", "y@example.org"], None)
    # A place that no page leads to is in a URL all the same.
    assert lists.page(upload, missing=False, start=5, size=9).pairs == [*first.pairs[1:], *rest.pairs]
    assert lists.page(upload, missing=True, start=10_000, size=9).pairs == []


@pytest.mark.parametrize("step", [1, 1000])
def test_deleting_a_list_is_one_undoable_act(filled, listed, do, book, undo_act, step, monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", step)
    before = contents(book)

    upload = do(listed(), actions.DELETE_ADDRESS)

    assert (upload.state, upload.outcome["deleted"], upload.rows_done) == (JobState.COMPLETE, 2, 3)
    assert contents(book) == {"carl@example.com": set(), "dora@example.com": {"VIP"}}
    assert_consistent(book)
    undo_act(upload.act)
    assert contents(book) == before
    assert_consistent(book)


def test_taking_out_of_all_groups_or_of_one_and_putting_into_one(filled, listed, do, book) -> None:
    gold, vip = filled

    assert do(listed(), actions.CHANGE_GROUP, vip).outcome["added"] == 1
    assert contents(book)["bob@example.com"] == {"Gold", "VIP"}
    assert do(listed(), actions.REMOVE_FROM_GROUP, gold).outcome["removed"] == 2
    assert contents(book)["ann@example.com"] == {"VIP"}
    assert do(listed(), actions.REMOVE_FROM_GROUP).outcome["removed"] == 2
    assert contents(book) == {
        **{f"{name}@example.com": set() for name in ("ann", "bob", "carl")},
        "dora@example.com": {"VIP"},
    }
    assert_consistent(book)


def test_ok_twice_has_one_effect_and_an_act_without_its_group_none(filled, listed, book, by) -> None:
    upload = listed()
    values = {"book": book, "upload_id": upload.pk, "reason": "", "by": by}

    with pytest.raises(GroupGoneError):
        uploads.apply_list(**values, action=actions.CHANGE_GROUP, group_id=None, seen=upload.attempt)
    with pytest.raises(lists.UnknownActError):
        uploads.apply_list(**values, action=actions.RESET_BOOK, group_id=None, seen=upload.attempt)
    with pytest.raises(uploads.CheckOutdatedError):
        uploads.apply_list(**values, action=actions.DELETE_ADDRESS, group_id=None, seen=upload.attempt + 1)
    uploads.apply_list(**values, action=actions.DELETE_ADDRESS, group_id=None, seen=upload.attempt)
    uploads.apply_list(**values, action=actions.REMOVE_FROM_GROUP, group_id=None, seen=upload.attempt)
    # The way of an upload to be registered leads nowhere for a list.
    assert uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by).action == (
        actions.DELETE_ADDRESS
    )
    assert work(upload).outcome["deleted"] == 2


def test_a_group_that_goes_meanwhile_is_passed_over(filled, listed, book, by) -> None:
    upload = listed()
    values = {"book": book, "upload_id": upload.pk, "reason": "", "by": by, "seen": upload.attempt}
    uploads.apply_list(**values, action=actions.CHANGE_GROUP, group_id=filled[1].pk)
    filled[1].memberships.all().delete()
    filled[1].delete()

    assert work(upload).outcome["added"] == 0


def test_the_history_says_how_many_and_names_no_address(filled, listed, do) -> None:
    do(listed(), actions.DELETE_ADDRESS)

    line = AuditEvent.objects.get(action=actions.DELETE_ADDRESS)
    assert (line.detail["deleted"], line.detail["selected"], line.detail["by_list"]) == (2, 3, True)
    assert "@" not in str(line.detail)


def test_a_reset_ends_a_list_that_waits_for_its_deletion(filled, listed, book, by) -> None:
    upload = listed()
    values = {"book": book, "upload_id": upload.pk, "reason": "", "by": by, "seen": upload.attempt}
    uploads.apply_list(**values, action=actions.DELETE_ADDRESS, group_id=None)

    reset.reset(book=book, seen=editions.contents(book.current_edition), keep_copy=True, token=uuid4(), by=by)

    upload.refresh_from_db()
    assert (upload.state, upload.outcome["reason"]) == (JobState.FAILED, "reset")
