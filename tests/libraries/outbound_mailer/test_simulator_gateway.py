"""Behaviours 1 to 8, 24 and 25 of the simulator: transport, authentication, errors, faults, log."""

import http.client
import json
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from libraries.outbound_mailer import (
    ConfigurationError,
    ConfigurationProblem,
    GroupAddresses,
    MailerClient,
    PermanentError,
    Region,
    TemporaryError,
)
from libraries.outbound_mailer.errors import MailerError
from libraries.outbound_mailer.signing import Credentials, signed_headers
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Account, Fault, FaultKind, Simulator

KEYS = DEFAULT_ACCOUNT.credentials
NEWS = [GroupAddresses("news", ("a@example.com",))]
JSON = {"Content-Type": "application/json"}

MakeClient = Callable[..., MailerClient]


def send(
    simulator: Simulator,
    method: str = "GET",
    target: str = "/api/v1/address-book",
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    at: float | None = None,
    keys: Credentials = KEYS,
) -> tuple[int, dict[str, object]]:
    """A request by other means than our client; `headers` replace the signed ones, None takes one away."""
    connection = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=10)
    merged = signed_headers(method, target, time.time() if at is None else at, keys) | (headers or {})
    try:
        connection.request(method, target, body, {name: value for name, value in merged.items() if value is not None})
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    return response.status, json.loads(text or b"{}")


def test_regions_hold_separate_books(simulator: Simulator, make_client: MakeClient) -> None:  # 1
    make_client(region=Region.SGN).address_book.create(NEWS)
    totals = {region: make_client(region=region).address_book.get().total_address_count for region in Region}
    assert totals == {Region.KR: 0, Region.SGN: 1, Region.JPN: 0}


def test_regions_can_share_one_book(simulator: Simulator, make_client: MakeClient) -> None:  # 1
    simulator.settings = replace(simulator.settings, separate_regions=False)
    make_client(region=Region.SGN).address_book.create(NEWS)
    assert make_client(region=Region.JPN).address_book.get().total_address_count == 1


def test_accounts_hold_separate_books() -> None:  # 1
    accounts = [Account(Credentials("one", "s1")), Account(Credentials("two", "s2"))]
    with Simulator(accounts) as simulator:
        for key, secret in (("one", "s1"), ("two", "s2")):
            with MailerClient(
                key, secret, base_url=simulator.base_url, allow_other_hosts=True, region=Region.JPN
            ) as client:
                client.address_book.create([GroupAddresses(key, (f"{key}@example.com",))])
        assert simulator.book("one", Region.JPN).groups == {"one": frozenset(["one@example.com"])}
        assert simulator.book("two", Region.JPN).addresses == frozenset(["two@example.com"])
        assert simulator.book("one", Region.KR).addresses == frozenset()


def test_signature_covers_the_target_as_sent(simulator: Simulator) -> None:  # 2
    for query in ("?groupName=a+b", "?groupName=a%20b", "?groupName=%eb%8c%80", "?b=1&a=2&a=1&empty="):
        assert send(simulator, target=f"/api/v1/address-book{query}")[0] == 200
    signed_for_another = signed_headers("GET", "/api/v1/address-book?groupName=a+b", time.time(), KEYS)
    status, _ = send(simulator, target="/api/v1/address-book?groupName=a%20b", headers=signed_for_another)
    assert status == 401


@pytest.mark.parametrize(
    "change",
    [
        {"x-ncp-apigw-timestamp": None},
        {"x-ncp-iam-access-key": None},
        {"x-ncp-apigw-signature-v2": None},
        {"x-ncp-iam-access-key": "unknown"},
        {"x-ncp-apigw-signature-v2": "AAAA"},
        {"x-ncp-apigw-signature-v2": "é"},
        {"x-ncp-apigw-timestamp": "now"},
        {"x-ncp-apigw-timestamp": "1.5e12"},
        {"x-ncp-apigw-timestamp": str(int(time.time() * 1000) + 1)},  # another than the one signed
    ],
)
def test_bad_authentication_is_401_with_200(simulator: Simulator, change: dict[str, str]) -> None:  # 3
    status, answer = send(simulator, headers=change)
    assert status == 401
    assert answer == {
        "error": {
            "errorCode": "200",
            "message": "Authentication Failed",
            "details": "Invalid authentication information.",
        }
    }


@pytest.mark.parametrize(("method", "keys"), [("POST", KEYS), ("GET", Credentials(KEYS.access_key, "wrong"))])
def test_signature_covers_method_and_secret(simulator: Simulator, method: str, keys: Credentials) -> None:  # 3
    headers = signed_headers(method, "/api/v1/address-book", time.time(), keys)
    assert send(simulator, headers=headers)[0] == 401


@pytest.mark.parametrize(
    ("off_milliseconds", "status"),
    [(0, 200), (299_000, 200), (-299_000, 200), (300_000, 401), (-300_000, 401)],
)
def test_timestamp_is_stale_from_five_minutes_on(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, off_milliseconds: int, status: int
) -> None:  # 3
    monkeypatch.setattr(simulator.clock, "now", lambda: 1_800_000_000.0)
    assert send(simulator, at=1_800_000_000 + off_milliseconds / 1000)[0] == status


def test_refused_authentication_can_be_400_without_details(simulator: Simulator, make_client: MakeClient) -> None:  # 4
    simulator.settings = replace(
        simulator.settings, authentication_failure_status=400, authentication_failure_details=""
    )
    status, answer = send(simulator, headers={"x-ncp-iam-access-key": "unknown"})
    assert (status, answer) == (400, {"error": {"errorCode": "200", "message": "Authentication Failed"}})
    with pytest.raises(ConfigurationError) as caught:
        make_client(secret_key="wrong").address_book.get()
    assert caught.value.problem is ConfigurationProblem.KEYS_REFUSED


def test_key_without_permission_is_401_with_210() -> None:  # 4
    with Simulator([Account(KEYS, is_permitted=False)]) as simulator:
        status, answer = send(simulator)
    assert (status, answer["error"]["errorCode"]) == (401, "210")


@pytest.mark.parametrize("target", ["/", "/api/v1", "/api/v1/", "/api/v2/mails", "/api/v1/address-books", "/x?y"])
def test_unknown_path_is_404_with_300(simulator: Simulator, target: str) -> None:  # 4
    status, answer = send(simulator, target=target)
    assert (status, answer["error"]["errorCode"]) == (404, "300")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS"])
def test_wrong_method_is_405_with_77001(simulator: Simulator, method: str) -> None:  # 4
    status, answer = send(simulator, method)
    assert (status, answer["error"]["code"]) == (405, "77001")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_body_that_is_not_json_is_415_with_77002(simulator: Simulator, content_type: str | None) -> None:  # 4
    status, answer = send(simulator, "POST", body=b"{}", headers={"Content-Type": content_type})
    assert (status, answer["error"]["code"]) == (415, "77002")


def test_json_content_type_may_name_a_charset(simulator: Simulator) -> None:  # 4
    body = b'{"groups":[{"groupName":"news"}]}'
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert send(simulator, "POST", body=body, headers=headers)[0] == 201


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_body_that_is_no_object_is_77102(simulator: Simulator, body: bytes) -> None:  # 4
    status, answer = send(simulator, "POST", body=body, headers=JSON)
    assert (status, answer["error"]["code"]) == (400, "77102")


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "The resource does not exist."),
        ("en-US", "The resource does not exist."),
        ("ko-KR", "리소스가 존재하지 않습니다."),
        ("zh-CN", "资源不存在。"),
        ("fr-FR", "The resource does not exist."),
    ],
)
def test_messages_are_translated_and_codes_are_not(
    simulator: Simulator, language: str | None, message: str
) -> None:  # 5
    target = "/api/v1/address-book/recipient-groups?groupName=none"
    status, answer = send(simulator, "DELETE", target, headers={"x-ncp-lang": language})
    assert (status, answer["error"]["code"]) == (400, "77103")
    assert answer["error"]["message"].startswith(message)


FAULTS: dict[FaultKind, tuple[type[MailerError], int | None, str | None, bool, bool]] = {
    # kind: error, status, code, outcome unknown, and whether the write took effect
    FaultKind.QUOTA_EXCEEDED: (TemporaryError, 429, "400", False, False),
    FaultKind.THROTTLE_LIMITED: (TemporaryError, 429, "410", False, False),
    FaultKind.RATE_LIMITED: (TemporaryError, 429, "420", False, False),
    FaultKind.TOO_LARGE: (PermanentError, 413, "430", False, False),
    FaultKind.ENDPOINT_ERROR: (TemporaryError, 503, "500", False, False),
    FaultKind.UNEXPECTED_ERROR: (TemporaryError, 500, "900", True, False),
    FaultKind.INTERNAL_ERROR: (TemporaryError, 500, "77303", True, False),
    FaultKind.ENDPOINT_TIMEOUT: (TemporaryError, 504, "510", True, True),
    FaultKind.EMPTY_ERROR: (PermanentError, 400, None, False, False),
    FaultKind.HTML_ERROR: (TemporaryError, 502, None, True, False),
    FaultKind.REDIRECT: (TemporaryError, 302, None, True, False),
    FaultKind.RUBBISH: (TemporaryError, 200, None, True, True),
    FaultKind.CUT_BEFORE: (TemporaryError, None, None, True, False),
    FaultKind.CUT_AFTER: (TemporaryError, None, None, True, True),
    FaultKind.CUT_IN_ANSWER: (TemporaryError, None, None, True, True),
    FaultKind.NOT_SUBSCRIBED: (ConfigurationError, 403, "77202", False, False),
    FaultKind.RETIRED: (ConfigurationError, 404, "300", False, False),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_is_seen_by_the_client_as_what_it_is(
    simulator: Simulator, client: MailerClient, kind: FaultKind
) -> None:  # 6, 24
    error, status, code, outcome_unknown, took_effect = FAULTS[kind]
    simulator.faults.switch_on(Fault(kind=kind))
    with pytest.raises(error) as caught:
        client.address_book.create(NEWS)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert getattr(caught.value, "outcome_unknown", False) is outcome_unknown
    assert bool(simulator.book(KEYS.access_key).addresses) is took_effect
    client.address_book.create(NEWS)  # once only, and the same call again is harmless
    assert simulator.book(KEYS.access_key).addresses == {"a@example.com"}


def test_every_fault_has_a_test() -> None:
    assert {*FAULTS, FaultKind.STALLED, FaultKind.DRIPPED, FaultKind.SLOW, FaultKind.CLOCK_SKEW} == {*FaultKind}


def test_slow_fault_runs_into_the_read_timeout_after_the_write(
    simulator: Simulator, make_client: MakeClient
) -> None:  # 6
    simulator.faults.switch_on(Fault(kind=FaultKind.SLOW, seconds=30))
    with pytest.raises(TemporaryError, match="in time") as caught:
        make_client(read_timeout_seconds=1).address_book.create(NEWS)
    assert caught.value.outcome_unknown
    assert simulator.book(KEYS.access_key).addresses == {"a@example.com"}


@pytest.mark.parametrize(("kind", "seconds", "took_effect"), [("stalled", 30, False), ("dripped", 0.1, True)])
def test_an_answer_that_does_not_end_is_given_up(
    simulator: Simulator, make_client: MakeClient, kind: str, seconds: float, took_effect: bool
) -> None:
    simulator.faults.switch_on(Fault(kind=FaultKind(kind), seconds=seconds))
    with pytest.raises(TemporaryError, match="in time") as caught:
        make_client(read_timeout_seconds=0.5, call_timeout_seconds=1).address_book.create(NEWS)
    assert caught.value.outcome_unknown
    assert bool(simulator.book(KEYS.access_key).addresses) is took_effect


def test_slow_fault_within_the_timeout_only_takes_its_time(simulator: Simulator, client: MailerClient) -> None:  # 6
    simulator.faults.switch_on(Fault(kind=FaultKind.SLOW, seconds=0.2))
    started = time.monotonic()
    client.address_book.get()
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("seconds", [600.0, -600.0])
def test_clock_skew_fault_is_measured_by_the_client(
    simulator: Simulator, client: MailerClient, seconds: float
) -> None:  # 3, 6
    simulator.faults.switch_on(Fault(kind=FaultKind.CLOCK_SKEW, seconds=seconds))
    with pytest.raises(ConfigurationError) as caught:
        client.address_book.get()
    assert caught.value.problem is ConfigurationProblem.CLOCK_SKEW
    assert caught.value.skew_seconds == pytest.approx(-seconds, abs=20)


@pytest.mark.parametrize(("header", "expected"), [("3", 3.0), (None, None)])
def test_fault_may_ask_to_come_back_later(
    simulator: Simulator, client: MailerClient, header: str | None, expected: float | None
) -> None:  # 6
    simulator.faults.switch_on(Fault(kind=FaultKind.THROTTLE_LIMITED, retry_after=header))
    with pytest.raises(TemporaryError) as caught:
        client.address_book.get()
    assert caught.value.retry_after == expected


def test_faults_count_skip_and_choose_their_operation(simulator: Simulator, client: MailerClient) -> None:  # 6
    simulator.faults.switch_on(Fault(kind=FaultKind.ENDPOINT_ERROR, times=2, skip=1, operation="createAddressBook"))
    client.address_book.create(NEWS)
    for _ in range(2):
        client.address_book.get()
        with pytest.raises(TemporaryError):
            client.address_book.create(NEWS)
    client.address_book.create(NEWS)
    assert simulator.faults.waiting() == []


def test_fault_without_a_count_stays_until_cleared(simulator: Simulator, client: MailerClient) -> None:  # 24
    simulator.faults.switch_on(Fault(kind=FaultKind.RETIRED, times=None))
    for _ in range(3):
        with pytest.raises(ConfigurationError):
            client.address_book.get()
    simulator.faults.clear()
    client.address_book.get()


def test_body_over_the_switched_size_is_413(simulator: Simulator, client: MailerClient) -> None:  # 6
    simulator.settings = replace(simulator.settings, max_body_bytes=200)
    client.address_book.create(NEWS)
    with pytest.raises(PermanentError) as caught:
        client.address_book.create([GroupAddresses("news", tuple(f"u{n}@example.com" for n in range(20)))])
    assert caught.value.too_large


def test_json_body_on_delete_is_read(simulator: Simulator) -> None:  # 7
    status, answer = send(
        simulator,
        "DELETE",
        "/api/v1/address-book/address",
        body=b'{"emailAddresses":["a@example.com"]}',
        headers=JSON,
    )
    assert (status, answer) == (200, {"totalAddressCount": 0, "groups": []})


def test_error_codes_can_be_numbers(simulator: Simulator, client: MailerClient, make_client: MakeClient) -> None:  # 8
    simulator.settings = replace(simulator.settings, numeric_codes=True)
    assert send(simulator, "PUT")[1]["error"]["code"] == 77001
    assert send(simulator, target="/x")[1]["error"]["errorCode"] == 300
    with pytest.raises(PermanentError) as caught:
        client.address_book.delete_group("none")
    assert caught.value.does_not_exist


def test_log_keeps_requests_without_secrets(simulator: Simulator, client: MailerClient) -> None:  # 25
    client.address_book.create(NEWS)
    client.blocks.get_send_block_list("canary@example.com")
    created, listed = simulator.log.requests()
    assert (created.method, created.target, created.status) == ("POST", "/api/v1/address-book", 201)
    assert created.json["groups"][0]["emailAddresses"] == ["a@example.com"]
    assert "x-ncp-apigw-timestamp" in created.headers
    assert not {"x-ncp-apigw-signature-v2", "x-ncp-iam-access-key"} & set(created.headers)
    assert "canary" in listed.target
    assert str(listed) == "GET /api/v1/send-block?targetAddress=[address]&size=10&page=0 (getSendBlockList): 200"
    assert "example" not in repr(created) + repr(listed)
    simulator.log.clear()
    assert simulator.log.requests() == []


def test_log_forgets_the_oldest_bodies_first(
    simulator: Simulator, client: MailerClient, monkeypatch: pytest.MonkeyPatch
) -> None:  # 25
    monkeypatch.setattr("libraries.outbound_mailer.simulator.request_log._KEPT_BODY_BYTES", 300)
    for number in range(10):
        client.address_book.create([GroupAddresses(f"group{number}", ("a@example.com",))])
    kept = [request.json["groups"][0]["groupName"] for request in simulator.log.requests()]
    assert 0 < len(kept) < 10
    assert kept == [f"group{number}" for number in range(10)][-len(kept) :]


def test_chunked_request_is_read(simulator: Simulator) -> None:
    connection = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=10)
    headers = signed_headers("POST", "/api/v1/address-book", time.time(), KEYS) | JSON
    parts = iter([b'{"groups":[{"group', b'Name":"news"}]}'])
    connection.request("POST", "/api/v1/address-book", parts, headers, encode_chunked=True)
    assert connection.getresponse().status == 201
    connection.close()
    assert "news" in simulator.book(KEYS.access_key).groups


def test_stopped_simulator_is_an_outage_and_starts_again_where_it_was(make_client: MakeClient) -> None:
    with Simulator() as simulator:
        client = make_client(base_url=simulator.base_url)
        client.address_book.create(NEWS)
        simulator.stop()
        with pytest.raises(TemporaryError):
            client.address_book.get()  # over the kept connection
        with pytest.raises(TemporaryError):
            client.address_book.get()  # over a new one
        with pytest.raises(RuntimeError):
            _ = simulator.base_url
        simulator.start()
        assert client.address_book.get().total_address_count == 1


def test_error_carries_the_trace_id_of_the_gateway(client: MailerClient) -> None:
    with pytest.raises(PermanentError) as caught:
        client.address_book.delete_group("none")
    assert len(caught.value.trace_id or "") == 32


def test_server_listens_on_loopback_only(simulator: Simulator) -> None:
    host, port = urlsplit(simulator.base_url).hostname, urlsplit(simulator.base_url).port
    assert host == "127.0.0.1"
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):  # noqa: PT011
        pass


def test_client_that_goes_away_leaves_no_traceback(
    simulator: Simulator, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    port = urlsplit(simulator.base_url).port
    post = b"POST /api/v1/mails HTTP/1.1\r\n"
    for text in (
        b"",
        b"GET",
        b"nonsense\r\n\r\n",
        post + b"Content-Length: 9\r\n\r\nx",
        post + b"Content-Length: many\r\n\r\n",
        post + b"Content-Length: -1\r\n\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass  # until the simulator is done with it
    send(simulator)
    assert capfd.readouterr().err == ""
    assert [request.operation for request in simulator.log.requests()] == ["getAddressBook"]
