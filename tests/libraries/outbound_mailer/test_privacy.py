"""No secret and no e-mail address in a log record, an exception or a repr, at any level, on any way."""

import logging
import traceback
from collections.abc import Callable

import pytest

from libraries.outbound_mailer import (
    GroupAddresses,
    InvalidRequestError,
    MailerClient,
    MailerError,
    MailRequest,
    Recipient,
    TemplateContent,
)
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Account, Fault, FaultKind, Simulator

SECRET = DEFAULT_ACCOUNT.credentials.secret_key
CANARY = "canary@example.com"
MAIL = MailRequest(
    sender_address=CANARY, title=f"To {CANARY}", body=CANARY, recipients=(Recipient(CANARY, name="canary"),)
)
TEMPLATE = TemplateContent("welcome", "Hello", CANARY, CANARY)

CALLS: list[Callable[[MailerClient], object]] = [
    lambda client: client.address_book.create([GroupAddresses("news", (CANARY,))]),
    lambda client: client.address_book.delete_addresses([CANARY]),
    lambda client: client.address_book.delete_group_relation("news", [CANARY]),
    lambda client: client.blocks.register_unsubscribers([CANARY]),
    lambda client: client.blocks.get_send_block_list(CANARY),
    lambda client: client.blocks.delete_unsubscribers([CANARY]),
    lambda client: client.mail.create_request(MAIL),
    lambda client: client.mail.get_list("1" * 20, recipient_address=CANARY),
    lambda client: client.templates.create(TEMPLATE),
    lambda client: client.address_book.delete_group(CANARY),
    lambda client: client.address_book.create([GroupAddresses("news", (f"{CANARY} x",))]),
]


def assert_clean(text: str) -> None:
    assert SECRET not in text
    assert "canary" not in text


@pytest.mark.parametrize("kind", [None, *FaultKind])
@pytest.mark.parametrize("call", CALLS)
def test_nothing_private_is_logged_or_raised_or_shown(
    simulator: Simulator,
    client: MailerClient,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[MailerClient], object],
    kind: FaultKind | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    if kind is not None:
        # Of a clock a quarter of an hour; of a line as good as nothing, or each test would wait for its end.
        simulator.faults.switch_on(Fault(kind=kind, seconds=900 if kind is FaultKind.CLOCK_SKEW else 0.001))
    try:
        assert_clean(repr(call(client)))
    except (MailerError, InvalidRequestError) as error:
        assert_clean("".join(traceback.format_exception(error)))
        assert_clean(repr(error))
        assert_clean(repr(error.__cause__) + repr(error.__context__))
    assert_clean(caplog.text + "".join(map(repr, (record.__dict__ for record in caplog.records))))
    assert bool(caplog.records) is bool(simulator.log.requests())  # whatever was called was logged, cleanly
    for shown in (client, MAIL, TEMPLATE, *simulator.log.requests(), DEFAULT_ACCOUNT):
        assert_clean(repr(shown) + str(shown))


def test_urllib3_says_what_it_did_without_the_query(client: MailerClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client.blocks.get_send_block_list(CANARY)
    lines = [record.getMessage() for record in caplog.records if record.name == "urllib3.connectionpool"]
    assert any('"GET /api/v1/send-block HTTP/1.1" 200' in line for line in lines)


def test_unreachable_and_silent_services_give_nothing_away(
    make_client: Callable[..., MailerClient],
    answering: Callable[..., object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f'{{"error":{{"code":"77102","message":"bad: {CANARY}"}}}}'.encode()
    answers = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(echo), echo),
        b"HTTP/1.1 200 OK\r\na broken header\r\n\r\n",
        b"",
    ]
    for base_url in [*(answering(answer).base_url for answer in answers), "http://127.0.0.1:9"]:
        with pytest.raises(MailerError) as caught:
            make_client(base_url=base_url).blocks.get_send_block_list(CANARY)
        assert_clean("".join(traceback.format_exception(caught.value)))
        assert caught.value.__context__ is None
    assert any("Failed to parse headers" in record.getMessage() for record in caplog.records)
    assert_clean(caplog.text)


def test_account_repr_hides_the_secret() -> None:
    assert SECRET not in repr(Account(DEFAULT_ACCOUNT.credentials))


def test_simulator_writes_nothing_to_the_terminal(
    simulator: Simulator, client: MailerClient, capfd: pytest.CaptureFixture[str]
) -> None:
    client.blocks.get_send_block_list(CANARY)
    assert capfd.readouterr() == ("", "")
