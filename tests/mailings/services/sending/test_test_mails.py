"""A test mail is the draft as it is, sent to the people named and to nobody else."""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from libraries.email_addresses import parse
from mailings import limits
from mailings.models import Mailing, MailingState
from mailings.services import attachments, test_mails
from mailings.services.recipients.samples import Sample
from tests.mailings.services.sending.delivered import deliveries, mails_of

pytestmark = pytest.mark.django_db(transaction=True)

SOMEBODY = Sample(number=1, email="r0@example.com", name="", values={"who": "Somebody"})


@pytest.fixture
def send(book, draft, by, write, file_store, practice):
    write(draft, subject="For ${who}", body="<p>Good morning</p>")

    def send(*to: str, token=None) -> Mailing:
        named = [parse(address) for address in to]
        return test_mails.send_test(
            book=book, mailing_id=draft.pk, to=named, sample=SOMEBODY, token=token or uuid4(), by=by
        )

    return send


def test_it_carries_the_content_and_the_files(send, work, practice, book, draft, by) -> None:
    attachments.add(book=book, mailing_id=draft.pk, file=ContentFile(b"hello"), name="a.txt", by=by)

    assert work(send("one@example.com")).state == MailingState.SENT

    (mail,) = mails_of(practice, book)
    assert (mail.subject, mail.attachments) == ("For Somebody", ("a.txt",))
    assert Mailing.objects.get(pk=draft.pk).state == MailingState.DRAFT


def test_its_files_are_its_own(send, book, draft, by) -> None:
    kept = attachments.add(book=book, mailing_id=draft.pk, file=ContentFile(b"hello"), name="a.txt", by=by)
    copied = send("one@example.com").attachments.get()
    assert copied.sha256 == kept.sha256
    assert copied.stored_file != kept.stored_file


def test_a_second_click_sends_nothing(send, work, practice, book) -> None:
    token = uuid4()
    first = send("one@example.com", token=token)
    assert send("one@example.com", token=token) == first
    work(first)
    assert deliveries(practice, book) == {"one@example.com": 1}


def test_an_hour_has_room_for_so_many(send) -> None:
    send(*(f"t{number}@example.com" for number in range(limits.TEST_MAILS_PER_HOUR)))
    with pytest.raises(test_mails.TooManyTestMailsError):
        send("more@example.com")
