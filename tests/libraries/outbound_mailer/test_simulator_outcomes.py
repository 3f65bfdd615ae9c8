"""What becomes of mails in the simulator, and the ledger of those that were delivered."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from libraries.outbound_mailer import GroupAddresses, MailerClient, Recipient, RecipientGroupFilter
from libraries.outbound_mailer.mail_types import Mail
from libraries.outbound_mailer.simulator import HARD_BOUNCES, Outcome, Simulator
from tests.libraries.outbound_mailer.conftest import KEYS, TOKEN, MakeClient
from tests.libraries.outbound_mailer.test_simulator_rest import A, B, C, mail_id_of, request_to, today


@pytest.fixture
def client(simulator: Simulator, make_client: MakeClient) -> MailerClient:
    return make_client(clock=simulator.clock.now)


def send(client: MailerClient, *addresses: str, **changes: Any) -> str:
    return client.mail.create_request(request_to(*addresses, **changes)).request_id


def statuses(client: MailerClient, request_id: str) -> dict[str, int]:
    status = client.mail.get_request_status(request_id)
    return {one.status.code: one.count for one in status.counts_by_status}


def request_status(client: MailerClient, request_id: str) -> str:
    (row,) = client.mail.get_request_list(*wide(), request_id=request_id).content
    return row.email_status.code


def wide() -> Any:
    start, end = today()
    return start, end + timedelta(days=30)


def mail_to(client: MailerClient, request_id: str, address: str) -> Mail:
    (row,) = client.mail.get_list(request_id, recipient_address=address).content
    return client.mail.get(row.mail_id)


# Results --------------------------------------------------------------------------------------------------------------


def test_sent_mail_has_its_result(simulator: Simulator, client: MailerClient) -> None:
    simulator.outcomes.set(Outcome(pattern=B, status="S", is_received=True, retries=2))
    request_id = send(client, A, B)
    plain, opened = (mail_to(client, request_id, address).recipients[0] for address in (A, B))
    assert (plain.send_result_code, plain.received, plain.retry_count) == ("MAIL_SENT", False, 0)
    assert (opened.received, opened.retry_count) == (True, 2)
    assert opened.received_date is not None
    assert client.mail.get_request_status(request_id).all_sent_success


@pytest.mark.parametrize("code", [None, *HARD_BOUNCES, "SOMETHING_NEW"])
def test_failed_mail_has_its_code_and_words(simulator: Simulator, client: MailerClient, code: str | None) -> None:
    simulator.outcomes.set(Outcome(pattern="b@*", code=code, message="552 mailbox full", retries=3))
    request_id = send(client, A, B)
    assert statuses(client, request_id) == {"S": 1, "F": 1}
    assert request_status(client, request_id) == "PF"
    failed = mail_to(client, request_id, B).recipients[0]
    assert failed.status is not None
    assert (failed.status.code, failed.send_result_code) == ("F", code or "RECIPIENT_ADDRESS_ERROR")
    assert (failed.send_result_message, failed.retry_count) == ("552 mailbox full", 3)
    assert [row.representative_recipient for row in client.mail.get_list(request_id, send_status=["F"]).content] == [B]


def test_first_rule_that_fits_wins_and_a_share_is_always_the_same_one(
    simulator: Simulator, client: MailerClient
) -> None:
    addresses = [f"user{number}@example.com" for number in range(400)]
    simulator.outcomes.set(Outcome(pattern="USER1@example.com", status="C"))
    simulator.outcomes.set(Outcome(share=0.25, code="SOMETHING_SOFT"))
    first, second = (statuses(client, send(client, *addresses)) for _ in range(2))
    assert first == second
    assert first["C"] == 1
    assert 60 < first["F"] < 140


@pytest.mark.parametrize(
    ("rules", "advertising", "expected"),
    [
        ([Outcome()], False, "F"),
        ([Outcome(status="C")], False, "C"),
        ([Outcome(pattern=A, code="SOFT"), Outcome(pattern=B, status="C")], False, "F"),
        ([Outcome(pattern=A, status="C")], False, "PF"),
        ([], True, "PF"),  # B has unsubscribed
        ([Outcome(pattern=A)], True, "F"),
        ([], False, "S"),
    ],
)
def test_request_combines_the_states_of_its_mails(
    simulator: Simulator, client: MailerClient, rules: list[Outcome], advertising: bool, expected: str
) -> None:
    client.blocks.register_unsubscribers([B])
    for rule in rules:
        simulator.outcomes.set(rule)
    request_id = send(client, A, B, advertising=advertising)
    assert request_status(client, request_id) == expected
    status = client.mail.get_request_status(request_id)
    assert status.is_done
    assert status.finish_count == 2


def test_common_mail_partly_fails_as_one_mail(simulator: Simulator, client: MailerClient) -> None:
    simulator.outcomes.set(Outcome(pattern=C))
    recipients = (Recipient(A), Recipient(C, type="C"))
    request_id = send(client, recipients=recipients, individual=False)
    assert statuses(client, request_id) == {"PF": 1}
    mail = client.mail.get(mail_id_of(client, request_id))
    assert mail.email_status.code == "PF"
    assert [one.status.code for one in mail.recipients if one.status] == ["S", "F"]


def test_unsubscription_stops_advertising_only(client: MailerClient) -> None:
    client.blocks.register_unsubscribers([A])
    assert statuses(client, send(client, A)) == {"S": 1}
    assert statuses(client, send(client, A, advertising=True)) == {"U": 1}
    assert client.blocks.get_send_block_list(A).register_status == "Not blocked"


def test_mails_finish_one_after_the_other_and_keep_their_times(simulator: Simulator, client: MailerClient) -> None:
    simulator.settings = replace(simulator.settings, preparing_seconds=10, mail_step_seconds=10, mails_per_second=0.1)
    request_id = send(client, A, B, C)
    seen = []
    for _ in range(6):
        status = client.mail.get_request_status(request_id)
        listed = client.mail.get_list(request_id).total_elements
        counts = statuses(client, request_id)
        seen.append((counts, status.ready_completed, listed, request_status(client, request_id)))
        simulator.clock.advance(10.01)
    assert seen == [
        ({"P": 3}, False, 0, "P"),
        ({"R": 3}, True, 3, "R"),
        ({"I": 3}, True, 3, "I"),
        ({"S": 1, "I": 2}, True, 3, "I"),
        ({"S": 2, "I": 1}, True, 3, "I"),
        ({"S": 3}, True, 3, "S"),
    ]
    simulator.settings = replace(simulator.settings, mail_step_seconds=500)
    first = [row.send_date for row in client.mail.get_list(request_id).content]
    simulator.clock.advance(3600)
    assert [row.send_date for row in client.mail.get_list(request_id).content] == first
    utcs = [moment.utc for moment in first if moment]
    assert [later - utcs[0] for later in utcs] == [0, 10_000, 20_000]


# Blocks ---------------------------------------------------------------------------------------------------------------


def test_hard_bounce_blocks_an_address_for_a_week(simulator: Simulator, client: MailerClient) -> None:
    simulator.outcomes.set(Outcome(pattern=A, code="MAILBOX_ERROR", message="550 gone"))
    simulator.outcomes.set(Outcome(pattern=B, code="SOMETHING_SOFT"))
    send(client, A, B)
    simulator.outcomes.clear()
    page = client.blocks.get_send_block_list(A)
    (event,) = page.content
    assert page.register_status == "Blocked"
    assert event.action_requester_type is not None
    assert (event.action_type.code, event.action_type.label) == ("C", "Create")
    assert event.action_requester_type.code == "SYSTEM"
    assert (event.send_result_code, event.send_result_message) == ("MAILBOX_ERROR", "550 gone")
    assert page.expected_delete_date is not None
    assert event.request_date is not None
    assert page.expected_delete_date.utc - event.request_date.utc == 7 * 24 * 3600 * 1000
    assert client.blocks.get_send_block_list(B).total_elements == 0
    blocked = mail_to(client, send(client, A, B), A).recipients[0]
    assert blocked.status is not None
    assert (blocked.status.code, blocked.send_result_code) == ("F", "SEND_BLOCK_ADDRESS")
    simulator.clock.advance(7 * 24 * 3600 + 1)
    page = client.blocks.get_send_block_list(A)
    assert (page.register_status, page.expected_delete_date) == ("Not blocked", None)
    assert [event.action_type.code for event in page.content] == ["C", "D"]
    assert statuses(client, send(client, A)) == {"S": 1}


def test_block_begins_with_the_bounce(simulator: Simulator, client: MailerClient) -> None:
    simulator.outcomes.set(Outcome(pattern=A, code="SMTP_ERROR"))
    in_an_hour = int((simulator.clock.now() + 3600) * 1000)
    send(client, A, reservation_utc=in_an_hour)
    assert client.blocks.get_send_block_list(A).register_status == "Not blocked"
    simulator.clock.advance(3601)
    assert client.blocks.get_send_block_list(A).register_status == "Blocked"


# The ledger -----------------------------------------------------------------------------------------------------------


def test_ledger_holds_what_each_recipient_got(simulator: Simulator, client: MailerClient) -> None:
    (file,) = client.files.create([("첨부.pdf", b"one")]).files
    recipients = (Recipient(A, name="Ann", parameters={"name": "Ann"}), Recipient(B))
    changes = {"references_header": "<part-1@example.com>", "attach_file_ids": (file.file_id,), "sender_name": "Shop"}
    before = simulator.clock.now()
    request_id = send(client, recipients=recipients, **changes)
    first, second = simulator.delivered(KEYS.access_key)
    assert (first.address, first.name, first.subject, first.body) == (A, "Ann", "Hello Ann", "Body for Ann of 2026")
    assert (second.address, second.subject) == (B, "Hello you")
    assert (first.sender_address, first.sender_name, first.attachments) == ("s@example.com", "Shop", ("첨부.pdf",))
    assert (first.references_header, first.request_id) == ("<part-1@example.com>", request_id)
    assert client.mail.get(first.mail_id).recipients[0].address == A
    assert before <= first.delivered_at <= simulator.clock.now()
    assert A not in repr(first)


def test_ledger_counts_how_often(simulator: Simulator, client: MailerClient) -> None:
    simulator.outcomes.set(Outcome(pattern=C, code="SOFT"))
    client.address_book.create([GroupAddresses("news", (B,))])
    first = send(client, A, B, C)
    send(client, recipient_group_filter=RecipientGroupFilter(False, ("news",)))
    assert simulator.delivered_counts(KEYS.access_key) == {A: 1, B: 2}
    assert simulator.delivered_summary(KEYS.access_key) == {
        "mails": 3,
        "addresses": 2,
        "requests": 2,
        "repeated": {B: 2},
    }
    assert len(simulator.delivered(KEYS.access_key, address=B)) == 2
    assert [mail.address for mail in simulator.delivered(KEYS.access_key, request_id=first)] == [A, B]


def test_ledger_knows_only_what_has_arrived_at_that_account(simulator: Simulator, client: MailerClient) -> None:
    simulator.settings = replace(simulator.settings, mail_step_seconds=30)
    send(client, A)
    send(client, B, confirm_and_send=True)
    assert simulator.delivered(KEYS.access_key) == []
    simulator.clock.advance(61)
    assert [mail.address for mail in simulator.delivered(KEYS.access_key)] == [A]
    assert simulator.delivered("other") == []


def test_control_api_sets_outcomes_and_reads_the_ledger(simulator: Simulator, client: MailerClient) -> None:
    def control(method: str, command: str, payload: object = None) -> Any:
        url, headers = f"{simulator.base_url}/_simulator/{command}", {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.request(method, url, json=payload, headers=headers, timeout=10)
        assert answer.status_code == 200
        return answer.json()

    control("POST", "outcomes", {"pattern": "c@*", "code": "MAILBOX_ERROR", "retries": 1})
    assert control("GET", "status")["outcomes"][0]["code"] == "MAILBOX_ERROR"
    control("POST", "settings", {"list_order": "reversed", "preparing_seconds": 0})
    request_id = send(client, A, B, C)
    place = f"ledger/{KEYS.access_key}/KR"
    page = control("GET", f"{place}?limit=1")
    assert [mail["address"] for mail in page["mails"]] == [A]
    following = control("GET", f"{place}?limit=5&after={page['next']}&requestId={request_id}")
    assert ([mail["address"] for mail in following["mails"]], following["next"]) == ([B], None)
    assert control("GET", f"{place}?address={A}")["mails"][0]["subject"] == "Hello you"
    assert control("GET", f"{place}/summary") == {"mails": 2, "addresses": 2, "requests": 1, "repeated": {}}
    control("DELETE", "outcomes")
    assert statuses(client, send(client, "d@example.com")) == {"S": 1}


def test_ledger_and_requests_outlive_the_process(tmp_path: Any, make_client: MakeClient) -> None:
    state = tmp_path / "state.sqlite3"
    with Simulator(state_file=state) as simulator:
        request_id = send(make_client(base_url=simulator.base_url), A)
    with Simulator(state_file=state) as simulator:
        assert statuses(make_client(base_url=simulator.base_url), request_id) == {"S": 1}
        assert [mail.request_id for mail in simulator.delivered(KEYS.access_key)] == [request_id]


def test_request_of_5000_recipients_is_taken_in_a_moment(simulator: Simulator, client: MailerClient) -> None:
    """A mailing to a million people is 200 of these. Measured: 0.1 s on two busy cores."""
    simulator.outcomes.set(Outcome(share=0.01, code="MAILBOX_ERROR"))
    durations = []
    for turn in range(3):
        people = tuple(
            Recipient(f"user{turn}-{number}@example.com", name="Name", parameters={"name": f"Name {number}"})
            for number in range(5_000)
        )
        started = time.perf_counter()
        send(client, recipients=people, body="x" * 20_000)
        durations.append(time.perf_counter() - started)
    assert min(durations) < 0.4
    assert simulator.delivered_summary(KEYS.access_key)["mails"] > 14_000
