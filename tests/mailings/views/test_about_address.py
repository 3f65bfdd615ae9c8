"""The dialog about one address: groups, registration, mails and suppressions, in a constant number of questions."""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from addressbook.models import Address
from addressbook.services import uploads
from mailings.models import Mailing, MailingState, Recipient
from mailings.services.suppressions import unsubscribes
from tests.support.html import text_of
from tests.support.uploads import work
from workspace.models import AddressBook

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(bob, client_of, file_store, no_other_worker):
    return client_of(bob)


@pytest.fixture
def ask(client, book):
    """The dialog about an address of the book."""

    def ask(email: str):
        address = Address.objects.get(edition=book.current_edition, key=email)
        return client.post(reverse("about_address", args=[book.slug]), {"address": address.pk}, headers=HTMX)

    return ask


@pytest.fixture
def got(book, draft):
    """An address got a mail."""

    def got(email: str, subject: str, state: str, code: str = "") -> None:
        mailing = Mailing.objects.create(
            book=book, subject=subject, state=MailingState.SENT, confirmed_at=timezone.now(), done_at=timezone.now()
        )
        Recipient.objects.create(
            mailing=mailing, number=1, email=email, key=email, state=state, result_code=code, result_at=timezone.now()
        )

    return got


def test_it_says_why_an_address_is_there_and_what_it_got(ask, register, make_group, got, book, by) -> None:
    register("ann@example.com bob@example.com", make_group("VIP"))
    got("ann@example.com", "Spring sale", "sent")
    got("ann@example.com", "Autumn sale", "failed", "RECIPIENT_ADDRESS_ERROR")
    got("bob@example.com", "Another letter", "sent")
    unsubscribes.register_typed(book=book, text="ann@example.com", token=uuid4(), by=by)

    page = text_of(ask("ann@example.com"))

    assert "alice · typed" in page
    assert "VIP" in page
    assert "Unsubscribed since" in page
    assert "Typed (alice)" in page
    assert "Mails to this address 2" in page
    assert page.index("Autumn sale") < page.index("Spring sale")
    assert "The address does not exist." in page
    assert "Another letter" not in page


def test_it_names_the_file_and_who_sent_it(ask, book, by) -> None:
    file = ContentFile(b"Email\nann@example.com\n")
    upload = uploads.receive(book=book, group_id=None, file=file, name="fair.csv", token=uuid4(), by=by)
    work(upload)
    uploads.apply(book=book, upload_id=upload.pk, group_id=None, seen=upload.attempt, by=by)
    upload.refresh_from_db()
    work(upload)

    page = text_of(ask("ann@example.com"))

    assert "alice · file “fair.csv”" in page
    assert "No mail from here went to this address." in page


def test_a_person_whose_refusal_was_kept_as_a_hash_is_known_again(ask, register, book, by) -> None:
    from mailings.services import forgetting

    unsubscribes.register_typed(book=book, text="ann@example.com", token=uuid4(), by=by)
    forgetting.forget(book=book, keys=["ann@example.com"])
    register("ann@example.com")

    assert "Unsubscribed since" in text_of(ask("ann@example.com"))


def test_it_is_masked_where_addresses_are(ask, register) -> None:
    register("annabelle@example.com")
    AddressBook.objects.update(masking="everybody")
    page = text_of(ask("annabelle@example.com"))
    assert "annabelle@" not in page
    assert "@example.com" in page


def test_an_address_of_another_book_is_gone(client, book, register, alice, by) -> None:
    from workspace.models import Region, Zone
    from workspace.services.books import books

    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)
    register("ann@example.com")
    foreign = Address.objects.create(
        edition=other.current_edition, email="x@example.com", key="x@example.com", registered_at=timezone.now()
    )
    answer = client.post(reverse("about_address", args=[book.slug]), {"address": foreign.pk}, headers=HTMX)
    assert "The selected addresses were deleted meanwhile." in text_of(answer)


def test_questions_do_not_grow_with_what_is_known(
    ask, register, make_group, got, django_assert_max_num_queries
) -> None:
    register("ann@example.com")
    for number in range(3):
        register("ann@example.com", make_group(f"g{number}"))
        got("ann@example.com", f"Letter {number}", "sent")
    with django_assert_max_num_queries(15):
        ask("ann@example.com")
