"""What the API documents as wrong is refused before calling, with the API's field and the limit."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from libraries.outbound_mailer import (
    GroupAddresses,
    InvalidRequestError,
    MailerClient,
    MailRequest,
    Recipient,
    RecipientGroupFilter,
    TemplateContent,
    limits,
)
from libraries.outbound_mailer.simulator import Simulator

NOW = 1_800_000_000.0
ONE = (Recipient("a@example.com"),)
Call = Callable[[MailerClient], object]


@pytest.fixture
def client(make_client: Callable[..., MailerClient]) -> MailerClient:
    return make_client(clock=lambda: NOW)


def mail(**changes: object) -> Call:
    content = {"sender_address": "s@example.com", "title": "t", "body": "b", "recipients": ONE, **changes}
    return lambda client: client.mail.create_request(MailRequest(**content))


def template(**changes: object) -> Call:
    content = {"template_name": "n", "title": "t", "body": "b", "sender_address": "s@example.com", **changes}
    return lambda client: client.templates.create(TemplateContent(**content))


def create(*groups: GroupAddresses) -> Call:
    return lambda client: client.address_book.create(groups)


def recipients(count: int, kind: str = "R") -> tuple[Recipient, ...]:
    return tuple(Recipient(f"user{n}@example.com", type=kind) for n in range(count))


LONG_ADDRESS = "a" * (limits.ADDRESS_LENGTH_CHARACTERS - 11) + "@example.com"
TOO_MANY_GROUPS = RecipientGroupFilter(True, tuple("abcdef"))

REFUSED: dict[str, tuple[Call, str, int | str | None]] = {
    "no groups": (create(), "groups", 1),
    "empty name": (create(GroupAddresses("")), "groups[0].groupName", 100),
    "name of 101": (create(GroupAddresses("가" * 101)), "groups[0].groupName", 100),
    "name with a space": (create(GroupAddresses("a b")), "groups[0].groupName", 100),
    "name with a newline": (create(GroupAddresses("ab\n")), "groups[0].groupName", 100),
    "name in kana": (create(GroupAddresses("グループ")), "groups[0].groupName", 100),
    "name twice": (create(GroupAddresses("a"), GroupAddresses("a")), "groups[1].groupName", 1),
    "empty list": (create(GroupAddresses("a", ())), "groups[0].emailAddresses", 1),
    "neither name nor address": (create(GroupAddresses(None)), "groups[0].emailAddresses", 1),
    "no address": (create(GroupAddresses("a", ("canary",))), "groups[0].emailAddresses[0]", 254),
    "two at signs": (create(GroupAddresses("a", ("c@d@e.org",))), "groups[0].emailAddresses[0]", 254),
    "address of 255": (create(GroupAddresses("a", (LONG_ADDRESS,))), "groups[0].emailAddresses[0]", 254),
    "control character": (
        create(GroupAddresses("a", ("x@example.com", "a\x00b@example.com"))),
        "groups[0].emailAddresses[1]",
        254,
    ),
    "delete no address": (lambda c: c.address_book.delete_addresses([]), "emailAddresses", 1),
    "delete unnamed group": (lambda c: c.address_book.delete_group(""), "groupName", 1),
    "empty unnamed group": (lambda c: c.address_book.empty_group(""), "groupName", 1),
    "relation of unnamed group": (
        lambda c: c.address_book.delete_group_relation("", ["a@example.com"]),
        "groupName",
        1,
    ),
    "relation of no address": (lambda c: c.address_book.delete_group_relation("a", []), "emailAddresses", 1),
    "no sender": (mail(sender_address=None), "senderAddress", 1),
    "no title": (mail(title=None), "title", 1),
    "no body": (mail(body=None), "body", 1),
    "sender at naver": (
        mail(sender_address="canary@Naver.com"),
        "senderAddress",
        "naver.com, navercorp.com, ncloud.com",
    ),
    "sender name of 70 bytes": (mail(sender_name="가" * 23 + "a"), "senderName", 69),
    "title of 501 bytes": (mail(title="가" * 167), "title", 500),
    "body over 500 KB": (mail(body="x" * 512_001), "body", 512_000),
    "body and unsubscribe text over 500 KB": (
        mail(body="x" * 512_000, unsubscribe_message="x", use_basic_unsubscribe_msg=False),
        "body",
        512_000,
    ),
    "no unsubscribe text": (mail(use_basic_unsubscribe_msg=False), "unsubscribeMessage", 1),
    "references of 101": (mail(references_header="<" + "a" * 100), "referencesHeader", 100),
    "more than 30 days ahead": (
        mail(reservation_utc=int(NOW + 30 * 86_400) * 1000 + 1),
        "reservationUtc",
        30,
    ),
    "no recipients": (mail(recipients=None), "recipients", 1),
    "100,001 recipients": (mail(recipients=recipients(1) * 100_001), "recipients", 100_000),
    "recipient without address": (mail(recipients=(Recipient("canary"),)), "recipients[0].address", 254),
    "recipient name of 70 characters": (
        mail(recipients=(Recipient("a@example.com", name="n" * 70),)),
        "recipients[0].name",
        69,
    ),
    "copy of an individual mail": (mail(recipients=recipients(1, "C")), "recipients[0].type", "R"),
    "unknown type": (mail(recipients=recipients(1, "X"), individual=False), "recipients[0].type", "R, C, B"),
    "31 copies": (mail(recipients=recipients(31, "C"), individual=False), "recipients of type C", 30),
    "31 blind copies": (mail(recipients=recipients(31, "B"), individual=False), "recipients of type B", 30),
    "6 groups": (mail(recipient_group_filter=TOO_MANY_GROUPS), "recipientGroupFilter.groups", 5),
    "0 groups": (
        mail(recipient_group_filter=RecipientGroupFilter(True, ())),
        "recipientGroupFilter.groups",
        1,
    ),
    "span without zone": (
        lambda c: c.mail.get_request_list(datetime(2026, 1, 1), datetime(2026, 1, 2)),  # noqa: DTZ001
        "startUtc",
        None,
    ),
    "no mail id": (lambda c: c.mail.get(""), "mailId", None),
    "mail id that leads elsewhere": (lambda c: c.mail.get(".."), "mailId", None),
    "request id that leads elsewhere": (lambda c: c.mail.get_request_status("."), "requestId", None),
    "upload that leads elsewhere": (lambda c: c.files.delete(".."), "tempRequestId", None),
    "negative page": (lambda c: c.mail.get_list("1", page=-1), "page", 0),
    "page of nothing": (lambda c: c.mail.get_list("1", size=0), "size", 1),
    "no files": (lambda c: c.files.create([]), "fileList", 1),
    "nameless file": (lambda c: c.files.create([("", b"x")]), "fileList[0].name", 1),
    "file over 10 MB": (
        lambda c: c.files.create([("a", b""), ("b", bytes(10 * 1024 * 1024 + 1))]),
        "fileList[1] (bytes)",
        10 * 1024 * 1024,
    ),
    "template name with a space": (template(template_name="a b"), "templateName", 100),
    "template without title": (template(title=""), "title", 1),
    "template title of 501 bytes": (template(title="t" * 501), "title", 500),
    "template without body": (template(body=""), "body", 1),
    "template description of 301 bytes": (template(description="d" * 301), "description", 300),
    "template sender": (template(sender_address="canary"), "senderAddress", 254),
    "template sender name": (template(sender_name="n" * 70), "senderName", 69),
    "category name": (lambda c: c.templates.create_category(""), "categoryName", 100),
    "block list of no address": (lambda c: c.blocks.get_send_block_list("canary"), "targetAddress", 254),
    "register nobody": (lambda c: c.blocks.register_unsubscribers([]), "blockedReceivers", 1),
    "release what is no address": (
        lambda c: c.blocks.delete_unsubscribers(["canary"]),
        "blockedReceivers[0]",
        254,
    ),
}


LONE = "canary\ud800"  # half of a pair, as a cut-off emoji leaves it: no UTF-8 can carry it
LONE_ADDRESS = f"{LONE}@example.com"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
UNSENDABLE: list[tuple[Call, str]] = [
    (create(GroupAddresses(LONE)), "groups[0].groupName"),
    (create(GroupAddresses("a", (LONE_ADDRESS,))), "groups[0].emailAddresses[0]"),
    (create(GroupAddresses("a", ("canary@example.\udfff",))), "groups[0].emailAddresses[0]"),
    (lambda c: c.address_book.delete_addresses([LONE_ADDRESS]), "emailAddresses[0]"),
    (lambda c: c.address_book.delete_group(LONE), "groupName"),
    (lambda c: c.address_book.empty_group(LONE), "groupName"),
    (lambda c: c.address_book.delete_group_relation(LONE, ["a@example.com"]), "groupName"),
    (mail(sender_address=LONE_ADDRESS), "senderAddress"),
    (mail(sender_name=LONE), "senderName"),
    (mail(title=LONE), "title"),
    (mail(body=LONE), "body"),
    (mail(unsubscribe_message=LONE), "unsubscribeMessage"),
    (mail(references_header="<a@b>" + LONE), "referencesHeader"),
    (mail(attach_file_ids=("1", LONE)), "attachFileIds"),
    (mail(parameters={"n": LONE}), "parameters"),
    (mail(parameters={LONE: "n"}), "parameters"),
    (mail(recipient_group_filter=RecipientGroupFilter(True, (LONE,))), "recipientGroupFilter.groups"),
    (mail(recipients=(Recipient(LONE_ADDRESS),)), "recipients[0].address"),
    (mail(recipients=(Recipient("a@example.com", name=LONE),)), "recipients[0].name"),
    (mail(recipients=(Recipient("a@example.com", type=LONE),)), "recipients[0].type"),
    (mail(recipients=(Recipient("a@example.com", parameters={"n": LONE}),)), "recipients[0].parameters"),
    (lambda c: c.mail.get(LONE), "mailId"),
    (lambda c: c.mail.get_request_status(LONE), "requestId"),
    (lambda c: c.mail.get_list(LONE), "requestId"),
    *(
        (lambda c, option=option, value=value: c.mail.get_list("1", **{option: value}), field)
        for option, value, field in [
            ("mail_id", LONE, "mailId"),
            ("recipient_address", LONE, "recipientAddress"),
            ("title", LONE, "title"),
            ("send_status", ["S", LONE], "sendStatus"),
            ("sort", [LONE], "sort"),
        ]
    ),
    *(
        (lambda c, option=option, value=value: c.mail.get_request_list(NOON, NOON, **{option: value}), field)
        for option, value, field in [
            ("request_id", LONE, "requestId"),
            ("mail_id", LONE, "mailId"),
            ("dispatch_type", LONE, "dispatchType"),
            ("title", LONE, "title"),
            ("sender_address", LONE, "senderAddress"),
            ("recipient_address", LONE, "recipientAddress"),
            ("send_status", [LONE], "sendStatus"),
            ("sort", [LONE], "sort"),
        ]
    ),
    (lambda c: c.files.create([(LONE, b"x")]), "fileList[0].name"),
    (lambda c: c.files.get(LONE), "tempRequestId"),
    (template(template_name=LONE), "templateName"),
    (template(title=LONE), "title"),
    (template(body=LONE), "body"),
    (template(sender_address=LONE_ADDRESS), "senderAddress"),
    (template(sender_name=LONE), "senderName"),
    (template(description=LONE), "description"),
    (lambda c: c.templates.create_category(LONE), "categoryName"),
    (lambda c: c.blocks.get_send_block_list(LONE_ADDRESS), "targetAddress"),
    (lambda c: c.blocks.get_send_block_list("a@example.com", sort=[LONE]), "sort"),
    (lambda c: c.blocks.register_unsubscribers([LONE_ADDRESS]), "blockedReceivers[0]"),
]


@pytest.mark.parametrize(("call", "field"), UNSENDABLE)
def test_text_that_cannot_be_encoded_is_refused_by_its_field(call: Call, field: str) -> None:
    with MailerClient("key", "secret") as client, pytest.raises(InvalidRequestError) as caught:
        call(client)
    assert caught.value.field == field
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("call", "field", "limit"), REFUSED.values(), ids=REFUSED.keys())
def test_client_refuses_documented_mistake_without_calling(
    simulator: Simulator, client: MailerClient, call: Call, field: str, limit: int | str | None
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        call(client)
    assert (caught.value.field, caught.value.limit) == (field, limit)
    assert field in str(caught.value)
    assert "canary" not in str(caught.value)
    assert simulator.log.requests() == []


ACCEPTED: dict[str, Call] = {
    "character beyond the first plane": mail(title="\U0001f600"),
    "name of 100": create(GroupAddresses("가" * 100)),
    "all kinds of characters": create(GroupAddresses("가힣ㅏㅎAZaz09._-")),
    "address of 254": create(GroupAddresses("a", ("a@" + "b" * 60 + ".x" * 90 + ".example.com",))),
    "sender name of 69 bytes": mail(sender_name="가" * 23),
    "title of 500 bytes": mail(title="가" * 166 + "ab"),
    "body of 500 KB": mail(body="x" * 512_000),
    "short references": mail(references_header="<a@example.com>"),
    "empty references": mail(references_header=""),
    "list of recipients": mail(recipients=list(ONE)),
    "lists of groups and addresses": lambda c: c.address_book.create([GroupAddresses("a", ["a@example.com"])]),
    "tab in a title": mail(title="a\tb"),
    "reservation now": mail(reservation_utc=int(NOW * 1000) + 60_000),
    "references of 100": mail(references_header="<" + "a" * 98 + ">"),
    "30 days ahead": mail(reservation_utc=int(NOW + 30 * 86_400) * 1000),
    "30 copies of each kind": mail(
        recipients=(*recipients(1), *recipients(30, "C"), *recipients(30, "B")), individual=False
    ),
    "recipient name of 69 syllables": mail(recipients=(Recipient("a@example.com", name="가" * 69),)),
    "file of 10 MB": lambda c: c.files.create([("a", bytes(10 * 1024 * 1024))]),
    "template at every limit": template(
        template_name="n" * 100, title="t" * 500, description="d" * 300, sender_name="n" * 69
    ),
}


@pytest.mark.parametrize("call", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_client_and_simulator_accept_the_limit_itself(
    simulator: Simulator, make_client: Callable[..., MailerClient], call: Call
) -> None:
    simulator.clock.advance(NOW - simulator.clock.now())
    call(make_client(clock=lambda: NOW))
    assert [request.status for request in simulator.log.requests()] == [201]


@pytest.mark.parametrize("access_key", ["", " key", "key ", "k ey", "ke\r\ny", "키", "k\x7f", "k\xa0"])
def test_client_refuses_an_access_key_that_no_header_can_carry(access_key: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        MailerClient(access_key, "secret")
    assert caught.value.field == "access_key"
    assert access_key.strip() == "" or access_key not in str(caught.value)


@pytest.mark.parametrize("secret_key", ["", "half\ud800", "secret\n", " secret", "sec ret", "sec\u00a0ret", 5, None])
def test_client_refuses_a_secret_key_that_nothing_can_be_signed_with(secret_key: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        MailerClient("key", secret_key)
    assert caught.value.field == "secret_key"
    assert not secret_key or str(secret_key) not in str(caught.value)
