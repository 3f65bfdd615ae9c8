"""Behaviour 22 of the simulator: mails, and the pages that they are listed in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libraries.outbound_mailer import GroupAddresses, MailerClient, Recipient, RecipientGroupFilter
from libraries.outbound_mailer.mail_types import AcceptedMailRequest, MailRequestPage
from libraries.outbound_mailer.simulator import Simulator
from libraries.outbound_mailer.transport import Transport
from tests.libraries.outbound_mailer.test_simulator_rest import A, B, C, mail_id_of, refuses, request_to, today


def test_mail_request_is_a_mail_a_recipient(client: MailerClient) -> None:  # 22
    one = Recipient(A, name="Ann", parameters={"name": "Ann"})
    accepted = client.mail.create_request(request_to(recipients=(one, Recipient(B))))
    assert accepted.count == 2
    assert len(accepted.request_id) == 20
    assert accepted.request_id.isdecimal()
    first, second = client.mail.get_list(accepted.request_id).content
    assert (first.title, first.representative_recipient) == ("Hello Ann", A)
    assert (second.title, second.representative_recipient) == ("Hello you", B)
    mail = client.mail.get(first.mail_id)
    assert (mail.body, mail.recipients[0].address, mail.recipients[0].name) == (
        "Body for Ann of 2026",
        A,
        "Ann",
    )
    assert (mail.request_id, mail.sender_address) == (accepted.request_id, "s@example.com")


def test_mail_with_copies_is_one_mail(client: MailerClient) -> None:  # 22
    recipients = (Recipient(A), Recipient(B, type="C"), Recipient(C, type="B"))
    accepted = client.mail.create_request(request_to(recipients=recipients, individual=False))
    (row,) = client.mail.get_list(accepted.request_id).content
    assert row.representative_recipient == f"{A}(2)"
    mail = client.mail.get(row.mail_id)
    assert [one.type.code for one in mail.recipients if one.type] == ["R", "C", "B"]


def test_mail_goes_from_ready_to_sent(simulator: Simulator, client: MailerClient) -> None:  # 22
    simulator.settings = replace(simulator.settings, mail_step_seconds=60)
    client.blocks.register_unsubscribers([B])
    accepted = client.mail.create_request(request_to(A, B, advertising=True))
    seen = []
    for _ in range(3):
        status = client.mail.get_request_status(accepted.request_id)
        codes = {one.status.code: one.count for one in status.counts_by_status}
        seen.append((codes, status.finish_count, status.is_done, status.all_sent_success))
        simulator.clock.advance(61)
    assert seen == [
        ({"R": 2}, 0, False, False),
        ({"I": 2}, 0, False, False),
        ({"S": 1, "U": 1}, 2, True, False),
    ]
    assert [row.email_status.code for row in client.mail.get_list(accepted.request_id).content] == ["S", "U"]


def test_mail_waits_for_reservation_and_for_confirmation(
    simulator: Simulator, make_client: Callable[..., MailerClient]
) -> None:  # 22
    client = make_client(clock=simulator.clock.now)
    in_an_hour = int((simulator.clock.now() + 3600) * 1000)
    reserved = client.mail.create_request(request_to(A, reservation_utc=in_an_hour)).request_id
    confirmed = client.mail.create_request(request_to(A, confirm_and_send=True)).request_id
    status = client.mail.get_request_status(reserved)
    assert (status.finish_count, status.reservation_date and status.reservation_date.utc) == (0, in_an_hour)
    simulator.clock.advance(3601)
    assert client.mail.get_request_status(reserved).is_done
    waiting = client.mail.get_request_status(confirmed)
    assert waiting.ready_completed
    assert [(one.status.code, one.count) for one in waiting.counts_by_status] == [("R", 1)]


@pytest.mark.parametrize(("and_filter", "expected"), [(True, {B}), (False, {A, B, C})])
def test_mail_to_groups_takes_the_current_book(
    client: MailerClient, and_filter: bool, expected: set[str]
) -> None:  # 22
    client.address_book.create([GroupAddresses("one", (A, B)), GroupAddresses("two", (B, C))])
    group_filter = RecipientGroupFilter(and_filter, ("one", "two"))
    accepted = client.mail.create_request(request_to(recipient_group_filter=group_filter))
    rows = client.mail.get_list(accepted.request_id, size=100).content
    assert {row.representative_recipient for row in rows} == expected
    assert accepted.count == len(expected)


def test_mail_to_an_unknown_or_empty_group_is_refused(client: MailerClient) -> None:  # 22
    client.address_book.create([GroupAddresses("empty")])
    for name, code in (("none", "77103"), ("empty", "77102")):
        group_filter = RecipientGroupFilter(False, (name,))
        refuses(lambda f=group_filter: client.mail.create_request(request_to(recipient_group_filter=f)), code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"senderAddress": "s@example.com", "title": "t", "body": "b"},
        {"senderAddress": "s@example.com", "title": "t", "body": "b", "recipients": [{"name": "x"}]},
        {
            "senderAddress": "s@example.com",
            "title": "t",
            "body": "b",
            "recipients": [{"address": A, "type": "C"}],
        },
        {
            "senderAddress": "s@example.com",
            "title": "t",
            "body": "b",
            "recipients": [{"address": A}],
            "reservationDateTime": "tomorrow",
        },
    ],
)
def test_mail_request_that_is_wrong_is_77102(client: MailerClient, body: dict[str, object]) -> None:  # 22
    transport: Transport = client.mail._transport
    refuses(lambda: transport.call(AcceptedMailRequest, "POST", "mails", payload=body))


def test_mail_may_name_its_reservation_in_korean_time(client: MailerClient) -> None:  # 22
    moment = datetime.now(UTC) + timedelta(days=2, hours=9)
    body = {"senderAddress": "s@example.com", "title": "t", "body": "b", "recipients": [{"address": A}]}
    body["reservationDateTime"] = f"{moment:%Y-%m-%d %H:%M}"
    transport: Transport = client.mail._transport
    accepted = transport.call(AcceptedMailRequest, "POST", "mails", payload=body)
    reserved = client.mail.get_request_status(accepted.request_id).reservation_date
    assert reserved is not None
    assert reserved.formatted_date_time == f"{moment:%Y-%m-%d %H:%M}:00 000"


def test_unknown_mails_are_77103(client: MailerClient) -> None:  # 22
    request_id = client.mail.create_request(request_to(A)).request_id
    mail_id = mail_id_of(client, request_id)
    for wrong in ("1", str(int(mail_id) + 1), f"{mail_id}x", f"1{mail_id[1:]}"):
        refuses(lambda wrong=wrong: client.mail.get(wrong), "77103")
    refuses(lambda: client.mail.get_list("1"), "77103")
    refuses(lambda: client.mail.get_request_status("1"), "77103")


def test_mail_list_filters_and_pages(client: MailerClient) -> None:  # 21, 22
    addresses = [f"user{number:02}@example.com" for number in range(25)]
    request_id = client.mail.create_request(request_to(*addresses)).request_id
    first = client.mail.get_list(request_id)
    assert (first.total_elements, first.total_pages, first.number_of_elements) == (25, 3, 10)
    assert (first.first, first.last, first.number, first.size) == (True, False, 0, 10)
    last = client.mail.get_list(request_id, page=2, sort=["id,desc"])
    assert (last.first, last.last, last.number_of_elements) == (False, True, 5)
    assert [row.representative_recipient for row in last.content] == addresses[4::-1]
    assert client.mail.get_list(request_id, page=9).content == ()
    one = client.mail.get_list(request_id, recipient_address=addresses[7]).content[0]
    assert client.mail.get_list(request_id, mail_id=one.mail_id).total_elements == 1
    assert client.mail.get_list(request_id, title="you").total_elements == 25
    assert client.mail.get_list(request_id, title="nobody").total_elements == 0
    assert client.mail.get_list(request_id, send_status=["F", "S"]).total_elements == 25
    assert client.mail.get_list(request_id, send_status=["F"]).total_elements == 0
    refuses(lambda: client.mail.get_list(request_id, sort=["colour"]))
    refuses(lambda: client.mail.get_list(request_id, sort=["id,sideways"]))


def test_request_list_filters(client: MailerClient) -> None:  # 22
    first = client.mail.create_request(request_to(A, B)).request_id
    second = client.mail.create_request(request_to(C, title="Other", sender_address="t@example.com")).request_id
    rows = client.mail.get_request_list(*today(), sort=["recipientCount,desc"]).content
    assert [(row.request_id, row.recipient_count, row.request_count) for row in rows] == [
        (first, 2, 2),
        (second, 1, 1),
    ]
    filters: list[tuple[dict[str, object], list[str]]] = [
        ({"request_id": first}, [first]),
        ({"mail_id": mail_id_of(client, second)}, [second]),
        ({"title": "Other"}, [second]),
        ({"sender_address": "t@example.com"}, [second]),
        ({"recipient_address": B}, [first]),
        ({"dispatch_type": "CONSOLE"}, []),
        ({"template_sid": 5}, []),
        ({"send_status": ["P"]}, []),
        ({"send_status": ["P", "S"]}, [first, second]),
    ]
    for given, expected in filters:
        found = client.mail.get_request_list(*today(), **given).content
        assert [row.request_id for row in found] == expected
    start, _ = today()
    assert client.mail.get_request_list(start - timedelta(days=9), start).content == ()


@pytest.mark.parametrize(
    ("query", "works"),
    [
        ([], False),
        ([("startUtc", "0")], False),
        ([("startUtc", "x"), ("endUtc", "1")], False),
        ([("startDateTime", "2026-01-01"), ("endDateTime", "2126-01-01 23:59")], True),
        ([("startDateTime", "2026-01-01 00:00:00.000"), ("endDateTime", "2126-01-01 00:00:00 000")], True),
        ([("startDateTime", "01/01/2026"), ("endUtc", "1")], False),
        ([("startUtc", "0"), ("endUtc", "1"), ("size", "0")], False),
        ([("startUtc", "0"), ("endUtc", "1"), ("page", "-1")], False),
    ],
)
def test_request_list_needs_both_ends(
    client: MailerClient, query: list[tuple[str, str]], works: bool
) -> None:  # 21, 22
    transport: Transport = client.mail._transport

    def call() -> object:
        return transport.call(MailRequestPage, "GET", "mails", "requests", query=query)

    if works:
        call()
    else:
        refuses(call)


def test_labels_are_translated_and_codes_are_not(make_client: Callable[..., MailerClient]) -> None:  # 5
    korean = make_client(language="ko")
    request_id = korean.mail.create_request(request_to(A)).request_id
    status = korean.mail.get_list(request_id).content[0].email_status
    assert (status.code, status.label) == ("S", "발송 성공")


def test_a_service_may_make_fewer_mails_than_it_was_given(simulator: Simulator, client: MailerClient) -> None:
    simulator.settings = replace(simulator.settings, dropped_recipients=1)

    accepted = client.mail.create_request(request_to(A, B))

    assert [row.representative_recipient for row in client.mail.get_list(accepted.request_id).content] == [A]
