"""A worker that was slow finds another in its place; a person acts in the middle of a step."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from mailings.models import Mailing, MailingRun, MailingState, PartState
from mailings.services import drafts
from mailings.services.recipients import sources
from mailings.services.sending import confirming, lease, running
from tests.mailings.services.sending.delivered import deliveries
from tests.mailings.services.sending.lives import assert_sound, confirm_in, states_of_parts
from workspace.services.work import crash_points

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


@pytest.fixture
def once_at(monkeypatch):
    """Does something in the middle of a turn, at the first time that it reaches the point."""

    def once_at(point: str, act) -> None:
        def reached(now: str) -> None:
            if now == point:
                monkeypatch.setattr(crash_points, "reached", lambda now: None)
                act()

        monkeypatch.setattr(crash_points, "reached", reached)

    return once_at


def due_now(mailing: Mailing) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Mailing.objects.filter(pk=mailing.pk).update(held_until=past)
    MailingRun.objects.filter(mailing=mailing).update(next_at=past)


@pytest.mark.parametrize("point", ["call: marked", "call: before it", "call: after the answer"])
def test_a_worker_that_lost_its_mailing_in_a_call_writes_nothing(point, ready, work, practice, book, once_at) -> None:
    mailing = work(ready(4, 2), stop_at=("held",))
    due_now(mailing)

    def another() -> None:
        MailingRun.objects.filter(mailing=mailing).update(lease_until=timezone.now() - timedelta(seconds=1))
        running.run(mailing.pk)
        # The part in the air is not its own, and nobody knows yet what became of it: the next one waits for that.
        assert states_of_parts(mailing) == {PartState.UNKNOWN: 1, PartState.WAITING: 1}

    once_at(point, another)
    with pytest.raises(lease.MailingLostError):
        running.run(mailing.pk)

    assert states_of_parts(mailing) == {PartState.UNKNOWN: 1, PartState.WAITING: 1}
    assert_sound(mailing, practice)
    mailing = work(mailing)
    assert (mailing.state, mailing.sent) == ("sent", 4)
    assert set(deliveries(practice, book).values()) == {1}
    assert_sound(mailing, practice)


def test_a_worker_that_was_suspended_before_its_call_does_not_make_it(ready, work, practice, book, once_at) -> None:
    """Others have taken the part for unanswered by then, and a person may have had it sent again."""
    mailing = work(ready(2, 2), stop_at=("held",))
    due_now(mailing)
    now = timezone.now
    later = lambda: now() + timedelta(seconds=40)  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        once_at("call: before it", lambda: patch.setattr(timezone, "now", later))
        with pytest.raises(lease.MailingLostError):
            running.run(mailing.pk)

    assert not practice.log.requests("createMailRequest")
    assert work(mailing).state == MailingState.UNKNOWN
    assert not deliveries(practice, book)


def test_a_doubled_message_finds_nothing_to_do(ready, work, practice, book, once_at) -> None:
    mailing = work(ready(4, 2), stop_at=("held",))
    due_now(mailing)
    once_at("call: after the answer", lambda: running.run(mailing.pk))

    running.run(mailing.pk)

    assert len(practice.log.requests("createMailRequest")) == 2
    assert work(mailing).sent == 4
    assert_sound(mailing, practice)


@pytest.mark.parametrize("point", ["freeze: everybody read", "freeze: rows inserted"])
def test_undone_and_confirmed_again_in_the_middle_of_a_freeze(point, ready, work, practice, book, by, once_at) -> None:
    mailing = ready(4, 2)

    def confirm_others() -> None:
        confirming.undo(book=book, mailing_id=mailing.pk, by=by)
        for source in drafts.find_draft(book, mailing.pk).sources.all():
            source.delete()
        text = "other0@example.com\nother1@example.com\nother2@example.com\nother3@example.com"
        sources.add_typed(book=book, mailing_id=mailing.pk, text=text, token=uuid4(), by=by)
        version = drafts.find_draft(book, mailing.pk).version
        values = {"book": book, "mailing_id": mailing.pk, "seen_count": 4, "token": uuid4(), "by": by}
        confirming.confirm(seen_version=version, **values)

    once_at(point, confirm_others)
    mailing = work(mailing)

    assert mailing.state == MailingState.SENT.value
    assert deliveries(practice, book) == {f"other{number}@example.com": 1 for number in range(4)}
    assert_sound(mailing, practice)


def test_of_two_mailings_the_one_that_began_first_is_sent_first(ready, work, practice) -> None:
    mailing = work(ready(2, 2), stop_at=("held",))
    now = timezone.now()
    Mailing.objects.filter(pk=mailing.pk).update(state="sending", began_at=now)
    other = Mailing.objects.get(pk=mailing.pk)
    other.pk, other.state, other.began_at = None, "sending", now - timedelta(minutes=1)
    other.planned = other.open = 0
    other.save()
    MailingRun.objects.filter(mailing=mailing).update(next_at=now)

    running.run(mailing.pk)

    assert not deliveries(practice, mailing.book)
    # It waits, and does not ask all the time.
    run = MailingRun.objects.get(mailing=mailing)
    assert run.next_at is not None
    assert run.next_at > timezone.now() + timedelta(seconds=2)
    Mailing.objects.filter(pk=other.pk).update(state="sent")
    assert work(mailing).sent == 2


def test_what_is_over_a_limit_never_leaves(work, practice, book, by) -> None:
    """M9, should a check before it have been passed by."""
    mailing = work(confirm_in(book, 2, by, body="<p>" + "x" * 600_000 + "</p>"))

    assert (mailing.state, mailing.reason["code"], mailing.open) == ("paused", "refused", 2)
    assert not practice.log.requests("createMailRequest")
    assert_sound(mailing, practice)
