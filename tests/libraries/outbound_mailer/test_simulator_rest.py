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
    TemplateContent,
)
from libraries.outbound_mailer.simulator import Simulator
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


def mail_id_of(client: MailerClient, request_id: str) -> str:
    return client.mail.get_list(request_id).content[0].mail_id


def today() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(hours=1), now + timedelta(hours=1)


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
    assert client.mail.get(mail_id_of(client, request_id)).attach_files == (file,)
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
    everything = client.templates.get_structure(is_use=False)
    assert everything == client.templates.get_structure()
    assert everything.contents[0].create_date is not None
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
    mail = client.mail.get(mail_id_of(client, client.mail.create_request(request).request_id))
    assert (mail.title, mail.body, mail.sender_address) == ("Hello Ann", "Body of Ann", "s@example.com")
    assert (mail.template_sid, mail.template_name) == (sid, "welcome")


# Blocks -----------------------------------------------------------------------------------------------------


def test_unsubscribers_are_counted_once(client: MailerClient) -> None:  # 23
    assert client.blocks.register_unsubscribers([A, B]) == UnsubscriberCounts(2, 2, 0)
    assert client.blocks.register_unsubscribers([B, C, C]) == UnsubscriberCounts(1, 3, 2)
    assert client.blocks.delete_unsubscribers([A, "not-there@example.com"]) == UnsubscriberCounts(1, 2, 1)


def test_status_codes_are_those_of_the_summary(simulator: Simulator, client: MailerClient) -> None:  # 21
    category = client.templates.create_category("c")
    sid = client.templates.create(WELCOME).sid
    request_id = client.mail.create_request(request_to(A)).request_id
    upload = client.files.create([("a", b"b")]).temp_request_id
    client.mail.get(mail_id_of(client, request_id))
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
