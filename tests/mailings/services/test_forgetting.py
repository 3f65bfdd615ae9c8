"""Who asks to be forgotten is in nothing that mail keeps, gets no mail, and their refusal holds all the same."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, FaultKind
from mailings.models import MailingState, Recipient, SourceRow, Suppression
from mailings.services import forgetting
from mailings.services.recipients import counting, sources
from mailings.services.sending import confirming
from tests.mailings.services.sending.delivered import deliveries
from workspace.services.work import crash_points, jobs

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "r1@example.com"


def holders() -> set[str]:
    """Where the address stands."""
    models = {"recipient": Recipient, "source": SourceRow, "suppression": Suppression}
    return {name for name, model in models.items() if model.objects.filter(key=CANARY).exists()}


def test_a_forgotten_person_is_nowhere_and_gets_nothing(ready, work, practice, book, suppress) -> None:
    mailing = work(ready(3, 3), stop_at=(MailingState.HELD.value,))
    suppress("unsubscribed", CANARY)
    assert holders() == {"recipient", "source", "suppression"}

    forgetting.forget(book=book, keys=[CANARY])
    forgetting.forget(book=book, keys=[CANARY])

    assert not holders()
    mailing = work(mailing)
    assert CANARY not in deliveries(practice, book)
    assert (mailing.sent, mailing.left_out) == (2, 1)


def test_a_refusal_outlives_the_persons_data(ready, work, practice, book, by, draft, suppress) -> None:
    suppress("blocked", CANARY)
    forgetting.forget(book=book, keys=[CANARY])
    assert not Suppression.objects.filter(email__contains="r1").exists()

    mailing = work(ready(3, 3))

    # The number that was confirmed knew nothing of it; from now on it does.
    assert mailing.state == MailingState.DRAFT
    assert mailing.reason["now"] == 2
    assert counting.count(mailing, book.current_edition).recipients == 2
    assert not deliveries(practice, book)


def test_erasing_traces_reaches_mail(book, by, draft, register) -> None:
    from addressbook.models import Address, Job
    from addressbook.services.addresses.selection import Selection
    from addressbook.services.reset import forget_person
    from workspace.services.work import claiming

    register(CANARY)
    sources.add_typed(book=book, mailing_id=draft.pk, text=CANARY, token=uuid4(), by=by)
    picked = Selection(group_id=None, address_ids=(Address.objects.get().pk,))
    begun = forget_person.erase_traces(book=book, selection=picked, token=uuid4(), by=by)

    jobs.work_on(claiming.claim(Job, begun.job_id))

    assert not holders()


def test_recipients_go_when_their_time_is_over_and_counts_stay(ready, work) -> None:
    mailing = work(ready(2, 2))
    assert forgetting.sweep() == 0

    type(mailing).objects.filter(pk=mailing.pk).update(done_at=timezone.now() - timedelta(days=400))

    assert forgetting.sweep() == 1
    mailing.refresh_from_db()
    assert mailing.sent == 2
    assert not mailing.recipients.exists()


def test_who_is_forgotten_while_recipients_are_put_together_gets_nothing(
    ready, work, practice, book, monkeypatch
) -> None:
    mailing = ready(3, 3)

    def reached(point: str) -> None:
        if point == "freeze: everybody read":
            monkeypatch.setattr(crash_points, "reached", lambda point: None)
            forgetting.forget(book=book, keys=[CANARY])

    monkeypatch.setattr(crash_points, "reached", reached)
    mailing = work(mailing)

    # The number that was confirmed is no longer true.
    assert (mailing.state, mailing.reason) == ("draft", {"code": "moved", "seen": 3, "now": 2})
    assert not holders()


def test_who_is_forgotten_while_a_part_is_unknown_is_not_in_it_when_it_is_called_again(
    ready, work, practice, book, by
) -> None:
    mailing = work(ready(3, 3), stop_at=(MailingState.HELD.value,))
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_BEFORE, operation="createMailRequest"))
    mailing = work(mailing)

    forgetting.forget(book=book, keys=[CANARY])
    part = mailing.parts.get()
    confirming.send_part(book=book, mailing_id=mailing.pk, part_id=part.pk, seen_attempts=part.attempts, by=by)
    mailing = work(mailing)

    assert (mailing.state, mailing.sent, mailing.left_out) == ("sent", 2, 1)
    assert CANARY not in deliveries(practice, book)
