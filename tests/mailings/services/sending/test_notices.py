"""Who has sent a mailing gets a word when it has ended or waits for a person; nobody does without a mail server."""

from smtplib import SMTPServerDisconnected

import pytest

from libraries.outbound_mailer.simulator import Fault, FaultKind
from mailings.models import MailingRun
from mailings.services.sending import confirming, notices

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mail_server(settings, alice) -> None:
    settings.EMAIL_HOST, settings.SITE_URL = "smtp.example.com", "https://mailer.example.com"
    type(alice).objects.filter(pk=alice.pk).update(email="alice@example.com")


def test_its_end_is_told_once(mail_server, ready, work, practice, book, mailoutbox) -> None:
    mailing = work(ready(4, 2, subject="News"))
    MailingRun.objects.update(next_at=mailing.done_at)
    work(mailing)

    (word,) = mailoutbox
    assert (word.subject, word.to) == ("Sent: News", ["alice@example.com"])
    assert word.body.startswith("Address book Main\nIt has ended.\n\nPlanned: 4\nSent: 4\nFailed: 0\n")
    assert word.body.endswith(f"https://mailer.example.com/books/{book.slug}/mailings/{mailing.pk}/")
    assert "r0@" not in word.body


def test_what_waits_for_a_person_is_told_each_time(mail_server, ready, work, practice, book, by, mailoutbox) -> None:
    mailing = work(ready(4, 2), stop_at=("held",))
    for _ in range(2):
        practice.faults.switch_on(Fault(kind=FaultKind.QUOTA_EXCEEDED, operation="createMailRequest"))
        mailing = work(mailing)
        confirming.resume(book=book, mailing_id=mailing.pk, by=by)
    work(mailing)

    assert [word.subject for word in mailoutbox] == ["Paused: Hello", "Paused: Hello", "Sent: Hello"]
    assert "It waits for a decision." in mailoutbox[0].body


def test_nobody_is_told_what_they_did_themselves(mail_server, ready, work, practice, book, by, mailoutbox) -> None:
    mailing = work(ready(4, 2), stop_at=("held",))
    practice.faults.switch_on(Fault(kind=FaultKind.RATE_LIMITED, operation="createMailRequest"))
    mailing = work(mailing, turns=1)
    confirming.pause(book=book, mailing_id=mailing.pk, by=by)
    work(mailing)
    assert not mailoutbox


def test_without_a_server_or_an_address_nobody_is(ready, work, practice, settings, alice, mailoutbox) -> None:
    work(ready(2, 2))
    settings.EMAIL_HOST = "smtp.example.com"
    assert not alice.email
    notices.tell(MailingRun.objects.get())
    assert not mailoutbox


def test_a_server_that_does_not_answer_stops_nothing(mail_server, ready, work, practice, monkeypatch, caplog) -> None:
    def refuse(*arguments: object) -> None:
        raise SMTPServerDisconnected("alice@example.com")

    monkeypatch.setattr(notices, "send_mail", refuse)
    assert work(ready(2, 2)).state == "sent"
    assert "SMTPServerDisconnected" in caplog.text
    assert "alice@example.com" not in caplog.text
