"""Behaviours 21 to 23 of the simulator: mails, files, templates, blocks, pages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libraries.outbound_mailer import (
    GroupAddresses,
    MailerClient,
    MailRequest,
    PermanentError,
    Recipient,
    RecipientGroupFilter,
    TemplateContent,
)
from libraries.outbound_mailer.mail_types import AcceptedMailRequest, MailRequestPage
from libraries.outbound_mailer.simulator import Simulator
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.types import Category, UnsubscriberCounts

A, B, C = "a@example.com", "b@example.com", "c@example.org"
WELCOME = TemplateContent("welcome", "Hello ${name}", "Body of ${name}", "s@example.com", description="first")


def request_to(*addresses: str, **changes: object) -> MailRequest:
    content = {
        "sender_address": "s@example.com",
        "title": "Hello ${name}",
        "body": "Body for ${name} of ${year}",
        "parameters": {"name": "you", "year": "2026"},
        "recipients": tuple(Recipient(address) for address in addresses) or None,
        **changes,
    }
    return MailRequest(**content)


def refuses(call: Callable[[], object], code: str = "77102") -> None:
    with pytest.raises(PermanentError) as caught:
        call()
    assert (caught.value.status, caught.value.code) == (400, code)


def today() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(hours=1), now + timedelta(hours=1)


# Mails ------------------------------------------------------------------------------------------------------


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
    accepted = client.mail.create_request(request_to(A, B))
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
    assert not client.mail.get_request_status(confirmed).ready_completed


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
    for mail_id in ("1", f"{request_id}0001", f"{request_id}x"):
        refuses(lambda mail_id=mail_id: client.mail.get(mail_id), "77103")
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
        ({"mail_id": f"{second}0000"}, [second]),
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
    assert (status.code, status.label) == ("S", "발송성공")


# Files ------------------------------------------------------------------------------------------------------


def test_file_is_kept_until_deleted(client: MailerClient) -> None:  # 23
    uploaded = client.files.create([("a.txt", b"one"), ("b.bin", bytes(range(256)))])
    assert [(file.file_name, file.file_size) for file in uploaded.files] == [("a.txt", 3), ("b.bin", 256)]
    assert client.files.get(uploaded.temp_request_id) == uploaded
    assert client.files.delete(uploaded.temp_request_id) == uploaded
    refuses(lambda: client.files.get(uploaded.temp_request_id), "77103")
    refuses(lambda: client.files.delete(uploaded.temp_request_id), "77103")


def test_file_is_named_in_a_mail(client: MailerClient) -> None:  # 23
    (file,) = client.files.create([("a.txt", b"one")]).files
    request_id = client.mail.create_request(request_to(A, attach_file_ids=(file.file_id,))).request_id
    assert client.mail.get(f"{request_id}0000").attach_files == (file,)
    refuses(lambda: client.mail.create_request(request_to(A, attach_file_ids=("none",))), "77103")


def test_files_over_20_mb_do_not_fit_a_mail(client: MailerClient) -> None:  # 23
    uploads = [client.files.create([("a", bytes(7_000_000))]) for _ in range(3)]
    ids = tuple(upload.files[0].file_id for upload in uploads)
    client.mail.create_request(request_to(A, attach_file_ids=ids[:2]))
    refuses(lambda: client.mail.create_request(request_to(A, attach_file_ids=ids)))


# Templates --------------------------------------------------------------------------------------------------


def test_template_is_created_replaced_deleted_and_restored(client: MailerClient) -> None:  # 23
    created = client.templates.create(WELCOME)
    assert (created.name, created.description, created.is_use, created.category) == (
        "welcome",
        "first",
        True,
        None,
    )
    changed = client.templates.update(created.sid, replace(WELCOME, title="New", description=None))
    assert (changed.title, changed.description, changed.create_date) == ("New", None, created.create_date)
    assert client.templates.delete(created.sid).is_use is False
    assert client.templates.get(created.sid).is_use is False
    assert client.templates.restore(created.sid).is_use is True


def test_restored_template_can_stay_out_of_use(simulator: Simulator, client: MailerClient) -> None:  # 23
    simulator.settings = replace(simulator.settings, restored_template_is_used=False)
    sid = client.templates.create(WELCOME).sid
    client.templates.delete(sid)
    assert client.templates.restore(sid).is_use is False


def test_structure_shows_the_tree(simulator: Simulator, client: MailerClient) -> None:  # 23
    outer = client.templates.create_category("outer")
    inner = client.templates.create_category("inner", parent_sid=outer.sid)
    kept = client.templates.create(WELCOME, category_sid=inner.sid)
    deleted = client.templates.create(replace(WELCOME, template_name="old"))
    client.templates.delete(deleted.sid)
    (top, *others) = client.templates.get_structure().contents
    assert (top.name, top.is_category, top.sub_categories[0].templates[0].sid) == ("outer", True, kept.sid)
    assert [node.sid for node in others] == [deleted.sid]
    assert len(client.templates.get_structure(is_use=True).contents) == 1
    assert client.templates.get_structure(is_use=False).contents[0].sub_categories[0].templates == ()
    simulator.settings = replace(simulator.settings, structure_shows_unused=False)
    assert len(client.templates.get_structure().contents) == 1
    assert kept.category == Category(inner.sid, outer.sid, "inner")


def test_category_is_deleted_only_when_empty(client: MailerClient) -> None:  # 23
    outer = client.templates.create_category("outer")
    assert outer == Category(outer.sid, -1, "outer")
    inner = client.templates.create_category("inner", parent_sid=outer.sid)
    refuses(lambda: client.templates.delete_category(outer.sid))
    assert client.templates.delete_category(inner.sid) == inner
    client.templates.create(WELCOME, category_sid=outer.sid)
    refuses(lambda: client.templates.delete_category(outer.sid))


def test_unknown_templates_and_categories_are_77103(client: MailerClient) -> None:  # 23
    calls: list[Callable[[], object]] = [
        lambda: client.templates.get(999),
        lambda: client.templates.update(999, WELCOME),
        lambda: client.templates.delete(999),
        lambda: client.templates.restore(999),
        lambda: client.templates.delete_category(999),
        lambda: client.templates.create(WELCOME, category_sid=999),
        lambda: client.templates.create_category("x", parent_sid=999),
        lambda: client.mail.create_request(MailRequest(template_sid=999, recipients=(Recipient(A),))),
    ]
    for call in calls:
        refuses(call, "77103")


def test_template_supplies_a_mail(client: MailerClient) -> None:  # 22
    sid = client.templates.create(WELCOME).sid
    request = MailRequest(template_sid=sid, recipients=(Recipient(A, parameters={"name": "Ann"}),))
    mail = client.mail.get(f"{client.mail.create_request(request).request_id}0000")
    assert (mail.title, mail.body, mail.sender_address) == ("Hello Ann", "Body of Ann", "s@example.com")
    assert (mail.template_sid, mail.template_name) == (sid, "welcome")


# Blocks -----------------------------------------------------------------------------------------------------


def test_unsubscribers_are_counted_once(client: MailerClient) -> None:  # 23
    assert client.blocks.register_unsubscribers([A, B]) == UnsubscriberCounts(2, 2, 0)
    assert client.blocks.register_unsubscribers([B, C, C]) == UnsubscriberCounts(1, 3, 2)
    assert client.blocks.delete_unsubscribers([A, "not-there@example.com"]) == UnsubscriberCounts(1, 2, 1)


def test_send_block_list_is_the_history_of_one_address(client: MailerClient) -> None:  # 23
    assert client.blocks.get_send_block_list(A).register_status == "Not registered"
    client.blocks.register_unsubscribers([A, B])
    client.blocks.delete_unsubscribers([A])
    client.blocks.register_unsubscribers([A])
    page = client.blocks.get_send_block_list(A, sort=["createUtc"])
    assert [event.action_type.code for event in page.content] == ["C", "D", "C"]
    assert {event.target_address for event in page.content} == {A}
    assert (page.register_status, page.total_elements) == ("Registered", 3)


def test_status_codes_are_those_of_the_summary(simulator: Simulator, client: MailerClient) -> None:  # 21
    category = client.templates.create_category("c")
    sid = client.templates.create(WELCOME).sid
    request_id = client.mail.create_request(request_to(A)).request_id
    upload = client.files.create([("a", b"b")]).temp_request_id
    client.mail.get(f"{request_id}0000")
    client.mail.get_list(request_id)
    client.mail.get_request_list(*today())
    client.mail.get_request_status(request_id)
    client.files.get(upload)
    client.files.delete(upload)
    client.templates.get(sid)
    client.templates.get_structure()
    client.templates.update(sid, WELCOME)
    client.templates.delete(sid)
    client.templates.restore(sid)
    client.templates.delete_category(category.sid)
    client.address_book.create([GroupAddresses("news", (A,))])
    client.address_book.get()
    client.address_book.delete_group_relation("news", [A])
    client.address_book.empty_group("news")
    client.address_book.delete_group("news")
    client.address_book.delete_addresses([A])
    client.address_book.delete()
    client.blocks.get_send_block_list(A)
    client.blocks.register_unsubscribers([A])
    client.blocks.delete_unsubscribers([A])
    statuses = {request.operation: request.status for request in simulator.log.requests()}
    created = {
        "createMailRequest",
        "createFile",
        "createTemplate",
        "createCategory",
        "createAddressBook",
        "registerUnsubscribers",
    }
    assert {operation for operation, status in statuses.items() if status == 201} == created
    assert {status for operation, status in statuses.items() if operation not in created} == {200}
    assert len(statuses) == 26  # the 24 of the overview and the two relation deletions
