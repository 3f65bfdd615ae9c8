"""What one recipient got, asked of the service."""

import pytest

from libraries.outbound_mailer.simulator import Fault, FaultKind, Outcome
from mailings.models import Part
from mailings.services.results.received import NotKeptError, received
from workspace.services.books.connection import MailerError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(ready, work, practice):
    practice.outcomes.set(Outcome(pattern="r1@*", status="F", code="SMTP_ERROR", message="550 no"))
    return work(ready(3, 2, subject="Hello ${who}", common_values={"who": "A&B"}))


def test_the_mail_of_one_is_the_one_that_was_delivered(ended, book, practice) -> None:
    asked = len(practice.log.requests("getMail"))
    first, failed, last = (
        received(book=book, mailing=ended, recipient=ended.recipients.get(number=number)) for number in (1, 2, 3)
    )
    assert (first.subject, first.status, last.status) == ("Hello A&B", "S", "S")
    assert "Hello" in first.body
    assert (failed.status, failed.message) == ("F", "550 no")
    assert len(practice.log.requests("getMail")) == asked + 3
    again = received(book=book, mailing=ended, recipient=ended.recipients.get(number=1), mail_id=first.mail_id)
    assert again == first


def test_a_mail_of_somebody_else_is_not_shown(ended, book) -> None:
    one, other = ended.recipients.get(number=1), ended.recipients.get(number=3)
    own = received(book=book, mailing=ended, recipient=one)
    with pytest.raises(NotKeptError):
        received(book=book, mailing=ended, recipient=other, mail_id=own.mail_id)


def test_what_the_service_has_not_is_said(ended, book, practice) -> None:
    one = ended.recipients.get(number=1)
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getMailList"))
    with pytest.raises(MailerError):
        received(book=book, mailing=ended, recipient=one)
    practice.faults.clear()
    forgotten = ended.recipients.get(number=2)
    forgotten.email = ""
    with pytest.raises(NotKeptError):
        received(book=book, mailing=ended, recipient=forgotten)
    Part.objects.filter(mailing=ended).update(request_id="20260101000000000000")
    with pytest.raises((NotKeptError, MailerError)):
        received(book=book, mailing=ended, recipient=one)
