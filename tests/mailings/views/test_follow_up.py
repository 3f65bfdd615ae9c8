"""What a mailing's page offers for those who were not reached, as forms without scripts and as htmx asks for them."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from addressbook.models import Group
from mailings.models import Mailing, Recipient
from tests.support.html import text_of

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
HARD, ODD = "failed:RECIPIENT_ADDRESS_ERROR", "failed:<b>ODD</b>"


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def ended(book, sender) -> Mailing:
    now = timezone.now()
    fields = {"state": "sent", "confirmed_at": now, "began_at": now, "done_at": now, "subject": "Spring"}
    mailing = Mailing.objects.create(book=book, sender=sender, body="<p>Hi</p>", planned=3, sent=1, failed=2, **fields)
    states = [("sent", ""), ("failed", "RECIPIENT_ADDRESS_ERROR"), ("failed", "<b>ODD</b>")]
    for number, (state, code) in enumerate(states):
        email = f"r{number}@example.com"
        row = {"number": number + 1, "email": email, "key": email, "state": state, "result_code": code}
        Recipient.objects.create(mailing=mailing, **row)
    return mailing


@pytest.fixture
def at(book, ended):
    return lambda name: reverse(name, args=[book.slug, ended.pk])


def test_the_page_says_why_and_what_can_be_done(client, at) -> None:
    shown = text_of(client.get(at("mailing")))
    assert "The address does not exist." in shown
    assert "<b>ODD</b>" in shown
    for label in ("Send to those not reached", "Take out of the address book", "Put into a group", "Copy as new draft"):
        assert label in shown


def test_a_viewer_is_told_and_not_asked(at, vera, client_of) -> None:
    shown = text_of(client_of(vera).get(at("mailing")))
    assert "The address does not exist." in shown
    assert "Send to those not reached" not in shown


def test_hard_bounces_are_left_out_unless_they_are_chosen(client, at) -> None:
    page = client.get(at("send_to_not_reached"), headers=HTMX).content.decode()
    assert f'value="{HARD}" >' in page
    assert 'value="failed:&lt;b&gt;ODD&lt;/b&gt;" checked>' in page

    nothing = client.post(at("send_to_not_reached"), {"token": uuid4()})
    assert nothing.status_code == 422
    assert "Choose at least one reason." in text_of(nothing)

    answer = client.post(at("send_to_not_reached"), {"token": uuid4(), "reason": [ODD]}, follow=True)
    shown = text_of(answer)
    assert "Not reached by “Spring”" in shown
    assert "1 recipient" in shown


def test_addresses_are_taken_out_and_the_way_back_is_shown(client, at, book, register) -> None:
    register("r1@example.com")
    asked = client.get(at("take_out_of_book"))
    assert "Spring" in text_of(asked)
    assert "You can undo it." in text_of(asked)
    answer = client.post(at("take_out_of_book"), {"token": uuid4(), "reason": [HARD, ODD]}, headers=HTMX)
    shown = text_of(answer)
    assert "Deleted 1" in shown
    assert "1 recipient was passed over" in shown
    assert "/undo/" in answer.content.decode()


def test_a_new_group_needs_a_name_that_the_service_takes(client, at, register) -> None:
    register("r1@example.com")
    fields = {"token": uuid4(), "reason": [HARD], "group": "", "name": "no spaces"}
    refused = client.post(at("put_into_group"), fields, headers=HTMX)
    assert refused.status_code == 422
    assert "A group name cannot hold spaces." in text_of(refused)
    answer = client.post(at("put_into_group"), {**fields, "name": "Bounced"}, headers=HTMX)
    assert "Added to groups 1" in text_of(answer)
    assert Group.objects.get(name="Bounced").address_count == 1


def test_while_it_is_under_way_the_dialog_says_so(client, at, ended) -> None:
    Mailing.objects.filter(pk=ended.pk).update(done_at=None, state="accepted")
    assert "still under way" in text_of(client.get(at("send_to_not_reached")))
    answer = client.post(at("send_to_not_reached"), {"token": uuid4(), "reason": [HARD]})
    assert answer.status_code == 422
    assert "Send to those not reached" not in text_of(client.get(at("mailing")))
