"""The mails of `make demo`, up to the last answer of the service."""

import pytest

from addressbook.services.beginnings import demo as book_demo
from libraries.outbound_mailer.simulator import Outcome
from mailings.models import Mailing, MailingState, Template, TemplateImport
from mailings.services import demo
from mailings.services.templates import importing
from workspace.models import AddressBook

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_goes_out_and_the_others_wait(book, practice, work) -> None:
    assert book_demo.fill(_again(book))
    assert demo.fill(_again(book))
    assert not demo.fill(_again(book))
    practice.outcomes.set(Outcome(share=0.02))
    waiting = (MailingState.DRAFT, MailingState.SCHEDULED, MailingState.AWAITING)

    written = Mailing.objects.filter(book=book).order_by("pk")
    frozen = [work(mailing, stop_at=(*waiting, MailingState.HELD)) for mailing in written]
    mailings = [work(mailing, stop_at=waiting) for mailing in frozen]

    assert [mailing.state for mailing in mailings] == [
        MailingState.SENT,
        MailingState.SCHEDULED,
        MailingState.AWAITING,
        MailingState.DRAFT,
    ]
    invitation, _, newsletter, _ = mailings
    assert invitation.sent + invitation.failed == invitation.planned == 1100
    assert 0 < invitation.failed < 60
    assert newsletter.planned == 2600 - 20
    assert newsletter.confirmer == "manager"
    importing.run(TemplateImport.objects.get().pk)
    places = Template.objects.order_by("pk").values_list("name", "category__name")
    assert list(places) == [
        ("Welcome", None),
        ("News-in-autumn", "Newsletters"),
        ("Invitation", "Events"),
        ("Thank-you", "Afterwards"),
    ]


def _again(book: AddressBook) -> AddressBook:
    return AddressBook.objects.select_related("current_edition").get(pk=book.pk)
