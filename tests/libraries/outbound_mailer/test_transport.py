"""One call over real HTTP: what goes out, and what happens when nothing proper comes back."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libraries.outbound_mailer import GroupAddresses, MailerClient, Region, TemporaryError
from libraries.outbound_mailer import transport as transport_module
from libraries.outbound_mailer.client import service_language
from libraries.outbound_mailer.simulator import Fault, FaultKind, Simulator
from tests.support.sizes import size

MakeClient = Callable[..., MailerClient]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n" + b'{"totalAddressCount":0}'
NEWS = [GroupAddresses("news", ("a@example.com",))]


def test_every_attempt_has_its_own_timestamp(simulator: Simulator, make_client: MakeClient) -> None:
    moments = iter([time.time(), time.time() + 7])
    client = make_client(clock=lambda: next(moments))
    client.address_book.get()
    client.address_book.get()
    first, second = (int(one.headers["x-ncp-apigw-timestamp"]) for one in simulator.log.requests())
    assert 6_999 <= second - first <= 7_001


def test_calls_share_one_connection(simulator: Simulator, client: MailerClient) -> None:
    for _ in range(5):
        client.address_book.get()
    client.address_book.create(NEWS)
    client.address_book.delete_addresses(["a@example.com"])
    assert simulator.connections_accepted == 1


def test_answer_over_a_kept_connection_comes_at_once(client: MailerClient) -> None:
    """Headers and body in two packets would make each call wait 40 ms for a delayed acknowledgement."""
    durations = []
    for _ in range(50):
        started = time.monotonic()
        client.address_book.get()
        durations.append(time.monotonic() - started)
    assert min(durations[1:]) < 0.03


def test_json_goes_out_as_utf8_with_its_type_on_delete_too(simulator: Simulator, client: MailerClient) -> None:
    client.address_book.create([GroupAddresses("대상", ("a@example.com",))])
    client.address_book.delete_group_relation("대상", ["a@example.com"])
    request = simulator.log.requests("deleteRecipientGroupRelation")[0]
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.body == '{"groupName":"대상","emailAddresses":["a@example.com"]}'.encode()


def test_request_without_a_body_has_no_content_type(simulator: Simulator, client: MailerClient) -> None:
    client.address_book.get()
    assert "content-type" not in simulator.log.requests()[0].headers


@pytest.mark.parametrize("region", list(Region))
def test_region_is_a_path(simulator: Simulator, make_client: MakeClient, region: Region) -> None:
    make_client(region=region).address_book.get()
    path = {"KR": "/api/v1", "SGN": "/api/v1-sgn", "JPN": "/api/v1-jpn"}[region]
    assert simulator.log.requests()[0].target == f"{path}/address-book"


@settings(max_examples=size(30, 300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40))
def test_signature_holds_whatever_stands_in_query_and_path(client: MailerClient, text: str) -> None:
    # 77103 and not 401 or 404: the signature was right and the text arrived as one parameter, or one segment.
    with pytest.raises(Exception, match="77103"):
        client.address_book.delete_group(text)
    with pytest.raises(Exception, match="77103"):
        client.files.get(f"{text}x")


def test_space_in_a_query_is_sent_as_in_the_examples(simulator: Simulator, client: MailerClient) -> None:
    with pytest.raises(Exception, match="77103"):
        client.address_book.delete_group("a b+c/대")
    assert simulator.log.requests()[0].target.endswith("?groupName=a%20b%2Bc%2F%EB%8C%80")


def test_id_from_outside_stays_one_segment(simulator: Simulator, client: MailerClient) -> None:
    with pytest.raises(Exception, match="77103"):
        client.mail.get("../address-book?x=1#y")
    assert simulator.log.requests()[0].operation == "getMail"


@pytest.mark.parametrize(
    ("language", "sent"),
    [
        ("ko", "ko-KR"),
        ("ko-kr", "ko-KR"),
        ("zh-hans", "zh-CN"),
        ("en", "en-US"),
        ("ja", "en-US"),
        ("", "en-US"),
    ],
)
def test_language_of_the_user_is_sent(simulator: Simulator, make_client: MakeClient, language: str, sent: str) -> None:
    make_client(language=language).address_book.get()
    assert simulator.log.requests()[0].headers["x-ncp-lang"] == sent == service_language(language)


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind not in ("slow", "dripped", "clock_skew")])
def test_failed_call_is_made_once(simulator: Simulator, client: MailerClient, kind: FaultKind) -> None:
    client.address_book.get()  # a kept connection is what tempts a library to try again
    simulator.faults.switch_on(Fault(kind=kind))
    with pytest.raises(Exception, match=r"."):
        client.address_book.create(NEWS)
    assert len(simulator.log.requests("createAddressBook")) == 1


def test_redirect_is_not_followed(make_client: MakeClient, answering: Callable[..., object]) -> None:
    elsewhere = answering(OK)
    redirect = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.base_url}/x\r\nContent-Length: 0\r\n\r\n"
    server = answering(redirect.encode())
    with pytest.raises(TemporaryError) as caught:
        make_client(base_url=server.base_url).address_book.get()
    assert caught.value.status == 307
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ((), "broke"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",), "broke"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",), "broke"),
        ((b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",), "broke"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "broke"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html></p",), "without a JSON object"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), "without a JSON object"),
        ((b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"other": "it"}',), "totalAddressCount"),
    ],
)
def test_broken_answer_is_temporary_with_unknown_outcome(
    make_client: MakeClient, answering: Callable[..., object], chunks: tuple[bytes, ...], text: str
) -> None:
    server = answering(*chunks)
    with pytest.raises(TemporaryError, match=text) as caught:
        make_client(base_url=server.base_url).address_book.create(NEWS)
    assert caught.value.outcome_unknown
    with pytest.raises(TemporaryError, match=text) as caught:
        make_client(base_url=server.base_url).address_book.get()
    assert not caught.value.outcome_unknown
    assert len(server.requests) == 2


def test_answer_in_chunks_is_read(make_client: MakeClient, answering: Callable[..., object]) -> None:
    body = b'17\r\n{"totalAddressCount":0}\r\n0\r\n\r\n'
    server = answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert make_client(base_url=server.base_url).address_book.get().total_address_count == 0


def test_silence_is_a_time_out_with_unknown_outcome(make_client: MakeClient, answering: Callable[..., object]) -> None:
    server = answering(OK, pause_seconds=5)
    client = make_client(base_url=server.base_url, read_timeout_seconds=0.2)
    with pytest.raises(TemporaryError, match="in time") as caught:
        client.address_book.create(NEWS)
    assert caught.value.outcome_unknown


def test_endless_answer_ends_by_size(
    make_client: MakeClient, answering: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module.limits, "ANSWER_BYTES", 100_000)
    server = answering(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65_536] * 10)
    with pytest.raises(TemporaryError, match="too long"):
        make_client(base_url=server.base_url).address_book.get()


def test_unreachable_service_leaves_no_doubt_about_the_outcome(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TemporaryError, match="reached") as caught:
        make_client(base_url=f"http://127.0.0.1:{port}").address_book.create(NEWS)
    assert not caught.value.outcome_unknown


def test_connect_time_out_leaves_no_doubt_about_the_outcome(make_client: MakeClient) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):  # the queue is full now: the next connection waits for ever
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        client = make_client(base_url=f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout_seconds=0.3)
        with pytest.raises(TemporaryError, match="reached") as caught:
            client.address_book.create(NEWS)
    assert not caught.value.outcome_unknown


def test_certificate_is_verified(make_client: MakeClient, tls_server: tuple[str, Path]) -> None:
    base_url, certificate = tls_server
    with pytest.raises(TemporaryError, match="certificate") as caught:
        make_client(base_url=base_url).address_book.get()
    assert not caught.value.outcome_unknown
    trusting = make_client(base_url=base_url, ca_bundle=str(certificate))
    assert trusting.address_book.get().total_address_count == 0


def test_environment_cannot_change_the_certificate_authorities(
    make_client: MakeClient, tls_server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    base_url, certificate = tls_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(TemporaryError, match="certificate"):
        make_client(base_url=base_url).address_book.get()


def test_netrc_adds_no_authorization(
    simulator: Simulator, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    server_seen: list[dict[str, str]] = []
    original = simulator.log.add
    monkeypatch.setattr(simulator.log, "add", lambda *a: (server_seen.append(a[4]), original(*a)))
    make_client().address_book.get()
    assert "authorization" not in server_seen[0]


def test_proxy_of_the_environment_is_used_for_the_service_but_not_for_this_machine(
    simulator: Simulator,
    make_client: MakeClient,
    answering: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
    monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    make_client().address_book.get()
    assert proxy.requests == []
    with pytest.raises(TemporaryError, match="proxy") as caught:
        make_client(base_url="https://mail.example.com").address_book.create(NEWS)
    assert not caught.value.outcome_unknown
    assert proxy.requests[0].startswith(b"CONNECT mail.example.com:443 ")


def test_cookie_of_the_service_is_not_sent_back(make_client: MakeClient, answering: Callable[..., object]) -> None:
    server = answering(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\nSet-Cookie: canary=1\r\n"))
    client = make_client(base_url=server.base_url)
    client.address_book.get()
    client.address_book.get()
    assert b"canary" not in server.requests[1]


def test_files_go_out_as_parts_named_file_list(simulator: Simulator, client: MailerClient) -> None:
    uploaded = client.files.create([("첨부 1.txt", b"one"), ("2.txt", b"two!")])
    assert [(file.file_name, file.file_size) for file in uploaded.files] == [("첨부 1.txt", 3), ("2.txt", 4)]
    request = simulator.log.requests("createFile")[0]
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")


def test_created_json_has_the_shape_of_the_operation_page(simulator: Simulator, client: MailerClient) -> None:
    client.address_book.create([GroupAddresses("teens", ("a@example.com",)), GroupAddresses("newsletter")])
    assert json.loads(simulator.log.requests()[0].body) == {
        "groups": [
            {"groupName": "teens", "emailAddresses": ["a@example.com"]},
            {"groupName": "newsletter"},
        ]
    }
