"""What happens between choosing and confirming: the number that was seen is what is sent to, or it asks again."""

from uuid import uuid4

import pytest

from addressbook.services.addresses import bulk, groups, selection
from addressbook.services.reset import reset
from addressbook.services.reset.editions import contents
from mailings import limits
from mailings.models import MailingState
from mailings.services import drafts, forgetting
from mailings.services.recipients import sources
from mailings.services.recipients.counting import count
from mailings.services.sending import confirming
from tests.mailings.services.sending.lives import take_turn
from workspace.services.work import crash_points

# What a freeze reads is read in one moment, and that is no part of another transaction.
pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "a@example.com b@example.com c@example.com"


@pytest.fixture
def acts(book, draft, by, write, practice):
    write(draft, subject="Hello", body="<p>Hello</p>")
    return {"book": book, "mailing_id": draft.pk, "by": by}


@pytest.fixture
def group(acts, make_group, register):
    """A group of three in the draft, and one person who is typed."""
    made = make_group("VIP")
    register(TEXT, made)
    sources.add_groups(**acts, group_ids=[made.pk], in_all=False, without_ids=[], token=uuid4())
    sources.add_typed(**acts, text="d@example.com", token=uuid4())
    return made


@pytest.fixture
def confirm(acts):
    """Confirms the number that was seen, and freezes it."""

    def confirm(seen: int):
        version = drafts.find_draft(acts["book"], acts["mailing_id"]).version
        mailing = confirming.confirm(**acts, seen_version=version, seen_count=seen, token=uuid4())
        take_turn(mailing)
        mailing.refresh_from_db()
        return mailing

    return confirm


def everything(book, group):
    return selection.everything(book=book, group_id=group.pk)


def test_a_renamed_group_stays_chosen(group, confirm, book, by) -> None:
    groups.rename_group(book=book, group_id=group.pk, seen_name="VIP", name="Regulars", by=by)
    assert confirm(4).state == MailingState.HELD


@pytest.mark.parametrize("act", [bulk.empty_group, bulk.delete_group, bulk.delete_addresses])
def test_a_group_that_lost_its_people_asks_again(act, group, confirm, book, by) -> None:
    act(book=book, selection=everything(book, group), token=uuid4(), by=by)
    mailing = confirm(4)
    assert (mailing.state, mailing.reason) == (MailingState.DRAFT, {"code": "moved", "seen": 4, "now": 1})
    assert count(mailing, book.current_edition).recipients == 1
    assert not mailing.recipients.exists()
    assert confirm(1).state == MailingState.HELD


def test_a_group_that_has_more_people_asks_again(group, confirm, register) -> None:
    register("e@example.com", group)
    assert confirm(4).reason == {"code": "moved", "seen": 4, "now": 5}
    assert confirm(5).planned == 5


def test_a_reset_book_leaves_who_was_typed(group, acts, confirm, book, by, register) -> None:
    sources.add_selection(**acts, selection=everything(book, group), token=uuid4())
    book.current_edition.refresh_from_db()
    reset.reset(book=book, seen=contents(book.current_edition), keep_copy=True, token=uuid4(), by=by)
    book.refresh_from_db()
    register("new@example.com")
    assert confirm(4).reason == {"code": "moved", "seen": 4, "now": 1}
    assert list(confirm(1).recipients.values_list("email", flat=True)) == ["d@example.com"]


def test_a_forgotten_person_is_not_among_them(group, confirm, book) -> None:
    forgetting.forget(book=book, keys=["d@example.com"])
    assert confirm(4).reason["now"] == 3
    assert "d@example.com" not in set(confirm(3).recipients.values_list("email", flat=True))


def test_what_changes_while_it_is_written_down_does_not_change_it(group, confirm, register, monkeypatch) -> None:
    def reached(point: str) -> None:
        if point == "freeze: everybody read":
            register("late@example.com", group)

    monkeypatch.setattr(crash_points, "reached", reached)
    mailing = confirm(4)
    assert (mailing.state, mailing.planned, mailing.recipients.count()) == (MailingState.HELD, 4, 4)


def test_two_tabs_add_lines_beside_each_other(acts, draft, book, register, make_group) -> None:
    """Both forms were opened before either was sent: both lines stand, and the text is not stale by it."""
    made = make_group("VIP")
    register(TEXT, made)
    version = drafts.find_draft(book, draft.pk).version
    sources.add_typed(**acts, text="a@example.com", token=uuid4())
    sources.add_groups(**acts, group_ids=[made.pk], in_all=False, without_ids=[], token=uuid4())
    assert drafts.find_draft(book, draft.pk).version == version
    numbers = count(draft, book.current_edition)
    assert (numbers.chosen, numbers.doubled, numbers.recipients) == (4, 1, 3)


def test_a_cancelled_freeze_leaves_the_draft_as_it_was(group, acts, confirm, book, by, monkeypatch) -> None:
    monkeypatch.setattr(limits, "FREEZE_BATCH_ROWS", 2)
    before = drafts.find_draft(book, acts["mailing_id"])
    asked = []

    def reached(point: str) -> None:
        if point == "freeze: before the commit of a batch":
            asked.append(point)
            monkeypatch.setattr(crash_points, "reached", lambda point: None)
            confirming.undo(**acts)

    monkeypatch.setattr(crash_points, "reached", reached)
    mailing = confirm(4)
    take_turn(mailing)
    assert asked
    after = drafts.find_draft(book, mailing.pk)
    assert not after.recipients.exists()
    assert not after.parts.exists()
    same = ("subject", "body", "sender_id", "kind", "planned", "open", "recipients_sha256", "content_sha256")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert count(after, book.current_edition).recipients == 4
    assert confirm(4).state == MailingState.HELD
