"""A value of the wrong kind, or one that no mail can carry, is refused by its field: never a TypeError, never sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from libraries.outbound_mailer import (
    GroupAddresses,
    InvalidRequestError,
    MailerClient,
    MailRequest,
    Recipient,
    RecipientGroupFilter,
)
from libraries.outbound_mailer.simulator import Simulator
from libraries.outbound_mailer.types import Template
from tests.libraries.outbound_mailer.test_validation import NOW, ONE, Call, create, mail, template

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def client(make_client: Callable[..., MailerClient]) -> MailerClient:
    return make_client(clock=lambda: NOW)


UNFIT: dict[str, tuple[Call, str]] = {
    "title of two lines": (mail(title="a\r\nBcc: canary@example.com"), "title"),
    "title with a line separator": (mail(title="a\u2028b"), "title"),
    "sender name of two lines": (mail(sender_name="a\nb"), "senderName"),
    "recipient name of two lines": (mail(recipients=[Recipient("a@example.com", name="a\nb")]), "recipients[0].name"),
    "template title of two lines": (template(title="a\nb"), "title"),
    "template sender name of two lines": (template(sender_name="a\nb"), "senderName"),
    "references of two lines": (mail(references_header="<a@example.com>\r\nX: y"), "referencesHeader"),
    "NUL in a body": (mail(body="a\0b"), "body"),
    "NUL in a value": (mail(parameters={"n": "a\0"}), "parameters"),
    "NUL in a file name": (lambda c: c.files.create([("a\0.txt", b"x")]), "fileList[0].name"),
    "address in brackets": (mail(recipients=[Recipient("<a@example.com>")]), "recipients[0].address"),
    "address with its name": (mail(recipients=[Recipient("Ann<a@example.com>")]), "recipients[0].address"),
    "two addresses": (create(GroupAddresses("a", ("a@example.com,b",))), "groups[0].emailAddresses[0]"),
    "template from naver": (template(sender_address="canary@navercorp.com"), "senderAddress"),
    "sender beside a template": (mail(template_sid=1, sender_address="canary@ncloud.com"), "senderAddress"),
    "advertisement to all at once": (mail(advertising=True, individual=False), "advertising"),
    "groups in one mail": (
        mail(recipients=None, individual=False, recipient_group_filter=RecipientGroupFilter(True, ("a",))),
        "recipientGroupFilter",
    ),
    "reservation in seconds": (mail(reservation_utc=int(NOW) + 3600), "reservationUtc"),
    "reservation before 1970": (mail(reservation_utc=-1), "reservationUtc"),
    "reservation yesterday": (mail(reservation_utc=int(NOW - 86_400) * 1000), "reservationUtc"),
    "reservation with a fraction": (mail(reservation_utc=NOW * 1000 + 0.5), "reservationUtc"),
    "reservation as text": (mail(reservation_utc="1800000000000"), "reservationUtc"),
    "number as a value": (mail(parameters={"n": 5}), "parameters"),
    "nothing as a value": (mail(parameters={"n": None}), "parameters"),
    "number as a name": (mail(parameters={5: "n"}), "parameters"),
    "list as values": (mail(parameters=["n"]), "parameters"),
    "number as a value of a recipient": (
        mail(recipients=[Recipient("a@example.com", parameters={"n": 5})]),
        "recipients[0].parameters",
    ),
    "number as a title": (mail(title=5), "title"),
    "bytes as a body": (mail(body=b"canary"), "body"),
    "text as a number": (mail(template_sid="20"), "templateSid"),
    "truth as a number": (mail(template_sid=True), "templateSid"),
    "word as a truth": (mail(individual="false"), "individual"),
    "nothing as a truth": (mail(individual=None), "individual"),
    "one recipient": (mail(recipients=ONE[0]), "recipients"),
    "text as recipients": (mail(recipients="a@example.com"), "recipients"),
    "texts as recipients": (mail(recipients=["a@example.com"]), "recipients[0]"),
    "recipient without a text": (mail(recipients=[Recipient(5)]), "recipients[0].address"),
    "no type": (mail(recipients=[Recipient("a@example.com", type=None)]), "recipients[0].type"),
    "text as file ids": (mail(attach_file_ids="one"), "attachFileIds"),
    "number among file ids": (mail(attach_file_ids=["one", 5]), "attachFileIds[1]"),
    "mapping as filter": (mail(recipient_group_filter={"groups": ["a"]}), "recipientGroupFilter"),
    "text as groups": (mail(recipient_group_filter=RecipientGroupFilter(True, "abc")), "recipientGroupFilter.groups"),
    "mapping as request": (lambda c: c.mail.create_request({"title": "t"}), "request"),
    "texts as groups of a book": (create("news"), "groups[0]"),
    "number as groups of a book": (lambda c: c.address_book.create(5), "groups"),
    "text as addresses": (lambda c: c.address_book.delete_addresses("a@example.com"), "emailAddresses"),
    "nothing as addresses": (lambda c: c.address_book.delete_addresses(None), "emailAddresses"),
    "number as an address": (lambda c: c.address_book.delete_addresses([5]), "emailAddresses[0]"),
    "number as a group": (lambda c: c.address_book.delete_group(5), "groupName"),
    "number as a group name": (create(GroupAddresses(5)), "groups[0].groupName"),
    "number as an id": (lambda c: c.mail.get(5), "mailId"),
    "number as a filter": (lambda c: c.mail.get_list("1", title=5), "title"),
    "text as codes": (lambda c: c.mail.get_list("1", send_status="SF"), "sendStatus"),
    "text as sort": (lambda c: c.mail.get_list("1", sort="id,desc"), "sort"),
    "text as a page": (lambda c: c.mail.get_list("1", page="1"), "page"),
    "no size": (lambda c: c.mail.get_list("1", size=None), "size"),
    "text as a moment": (lambda c: c.mail.get_request_list("2026-01-01", NOON), "startUtc"),
    "text as files": (lambda c: c.files.create("a.txt"), "fileList"),
    "text as content": (lambda c: c.files.create([("a.txt", "canary")]), "fileList[0]"),
    "name alone as a file": (lambda c: c.files.create(["ab"]), "fileList[0]"),
    "number as a template title": (template(title=5), "title"),
    "nothing as a template body": (template(body=None), "body"),
    "number as a category": (lambda c: c.templates.create_category(5), "categoryName"),
    "text as unsubscribers": (lambda c: c.blocks.register_unsubscribers("a@example.com"), "blockedReceivers"),
}


@pytest.mark.parametrize(("call", "field"), UNFIT.values(), ids=UNFIT.keys())
def test_unfit_value_is_refused_by_its_field(
    simulator: Simulator, client: MailerClient, call: Call, field: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        call(client)
    assert caught.value.field == field
    assert "canary" not in str(caught.value)
    assert simulator.log.requests() == []


def test_sender_of_a_template_is_checked_with_the_mail(client: MailerClient) -> None:
    stored = Template(7, "welcome", True, sender_address="canary@naver.com")
    request = MailRequest(template_sid=7, recipients=ONE)
    with pytest.raises(InvalidRequestError) as caught:
        client.mail.create_request(request, template=stored)
    assert caught.value.field == "senderAddress"
    with pytest.raises(InvalidRequestError) as caught:
        client.mail.create_request(replace(request, template_sid=8), template=stored)
    assert caught.value.field == "templateSid"
