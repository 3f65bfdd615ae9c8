"""Programs of other people work against the simulator: one in bash from the documentation, others as recorded."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Outcome, Simulator
from tests.libraries.outbound_mailer.conftest import Raw

KEYS = DEFAULT_ACCOUNT.credentials
SCRIPT = Path(__file__).with_name("shell_client.sh")


def shell(simulator: Simulator, *arguments: str, secret_key: str = KEYS.secret_key) -> tuple[int, Any]:
    port = str(urlsplit(simulator.base_url).port)
    result = subprocess.run(
        ["bash", str(SCRIPT), port, *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "ACCESS_KEY": KEYS.access_key, "SECRET_KEY": secret_key},
        capture_output=True,
        check=True,
        timeout=30,
    )
    status, _, body = result.stdout.partition(b"\n")
    return int(status), json.loads(body)


def test_shell_client_goes_round_the_address_book(simulator: Simulator) -> None:
    groups = [{"groupName": "대상", "emailAddresses": ["a@example.com", "b@example.com"]}]
    created = shell(simulator, "POST", "/api/v1/address-book", json.dumps({"groups": groups}, ensure_ascii=False))
    assert created == (201, {"totalAddressCount": 0, "groups": []})
    counts = {
        "totalAddressCount": 2,
        "groups": [{"sid": 1, "groupName": "대상", "addressCount": 2}],
    }
    assert shell(simulator, "GET", "/api/v1/address-book") == (200, counts)
    removed = shell(simulator, "DELETE", "/api/v1/address-book/address", '{"emailAddresses":["a@example.com"]}')
    assert removed[1]["totalAddressCount"] == 1
    target = f"/api/v1/address-book/recipient-groups?groupName={quote('대상')}"
    assert shell(simulator, "DELETE", target) == (200, {"totalAddressCount": 1, "groups": []})
    assert shell(simulator, "DELETE", "/api/v1/address-book") == (200, {"deletedAddressCount": 1})


@pytest.mark.parametrize("query", ["groupName=a+b", "groupName=a%20b", "groupName=a%2Bb"])
def test_shell_client_signs_the_query_as_it_sends_it(simulator: Simulator, query: str) -> None:
    status, answer = shell(simulator, "DELETE", f"/api/v1/address-book/recipient-groups?{query}")
    assert (status, answer["error"]["code"]) == (400, "77103")


def test_shell_client_with_a_wrong_secret_is_refused(simulator: Simulator) -> None:
    status, answer = shell(simulator, "GET", "/api/v1/address-book", secret_key="wrong")
    assert (status, answer["error"]["errorCode"]) == (401, "200")


# Requests of public programs, in the shapes in which they were recorded when each was pointed at the simulator. None of
# their code is here; addresses and texts are ours.

JAVA_NULLS: dict[str, Any] = {
    "advertising": None,
    "attachFileIds": None,
    "body": "<p>b</p>",
    "confirmAndSend": None,
    "individual": None,
    "parameters": None,
    "recipientGroupFilter": None,
    "recipients": [
        {"address": "a@example.com", "name": None, "parameters": None, "type": None},
        {"address": "b@example.com", "name": "b", "parameters": {"n": 1}, "type": "R"},
    ],
    "referencesHeader": None,
    "reservationDateTime": None,
    "reservationUtc": None,
    "senderAddress": "s@example.com",
    "senderName": None,
    "templateSid": None,
    "title": "t",
    "unsubscribeMessage": None,
    "useBasicUnsubscribeMsg": None,
}
TO = [{"address": "a@example.com", "type": "R"}]
MAILS: dict[str, tuple[dict[str, Any], int, int]] = {
    "AutoRest Java: every unset field is null": (JAVA_NULLS, 201, 2),
    "AutoRest Go: the time as a double": (
        {
            "senderAddress": "s@example.com",
            "title": "t",
            "body": "b",
            "reservationUtc": 1.9e12,
            "recipients": [{"address": "a@example.com", "type": "R"}],
        },
        400,  # more than 30 days ahead
        0,
    ),
    "PHP mail driver: copies in one mail": (
        {
            "senderAddress": "s@example.com",
            "senderName": "Shop",
            "title": "t",
            "body": "<p>b</p>",
            "individual": False,
            "advertising": False,
            "recipients": [
                {"address": "a@example.com", "name": "", "type": "R"},
                {"address": "b@example.com", "name": None, "type": "C"},
                {"address": "c@example.com", "name": "c", "type": "B"},
            ],
        },
        201,
        3,
    ),
    "WordPress plug-in: copies of individual mails": (
        {
            "senderAddress": "s@example.com",
            "title": "t",
            "body": "b",
            "individual": True,
            "recipients": [{"address": "a@example.com", "type": "R"}, {"address": "b@example.com", "type": "C"}],
        },
        400,
        0,
    ),
    "WordPress plug-in: an empty request as a test of the connection": ({}, 400, 0),
    "Spring RestTemplate: only what is needed": (
        {
            "senderAddress": "s@example.com",
            "title": "t",
            "body": "b",
            "recipients": [{"address": "a@example.com", "type": "R"}],
        },
        201,
        1,
    ),
    "TypeScript server: numbers among the values": (
        {
            "senderAddress": "s@example.com",
            "title": "Order ${number}",
            "body": "b",
            "individual": True,
            "parameters": {"number": 42, "paid": True},
            "recipients": [{"address": "a@example.com", "name": "a", "type": "R", "parameters": {"total": 9.5}}],
            "useBasicUnsubscribeMsg": True,
        },
        201,
        1,
    ),
    "npm SDK: a sender at naver.com": (
        {
            "senderAddress": "s@naver.com",
            "title": "t",
            "body": "b",
            "recipients": [{"address": "a@example.com", "type": "R"}],
        },
        400,
        0,
    ),
    "npm SDK: no title": (
        {
            "senderAddress": "s@example.com",
            "title": "",
            "body": "b",
            "recipients": [{"address": "a@example.com", "type": "R"}],
        },
        400,
        0,
    ),
}


@pytest.mark.parametrize(("payload", "status", "count"), MAILS.values(), ids=MAILS.keys())
def test_mail_of_another_program_is_answered_as_by_the_service(
    raw: Raw, payload: dict[str, Any], status: int, count: int
) -> None:
    answered, answer = raw("POST", "mails", payload)
    assert answered == status
    if status == 400:
        assert answer["error"]["code"] == "77102"
        return
    assert answer["count"] == count
    progress = raw("GET", f"mails/requests/{answer['requestId']}/status")[1]
    assert progress["readyCompleted"] is True
    assert progress["finishCount"] == progress["requestCount"]
    for row in raw("GET", f"mails/requests/{answer['requestId']}/mails?size=100")[1]["content"]:
        assert raw("GET", f"mails/{row['mailId']}")[1]["emailStatus"]["code"] == "S"


def test_template_of_another_program_is_sent_with_nulls_beside_it(raw: Raw) -> None:
    """AutoRest writes the fields that the template supplies as null, and Laravel its number as text."""
    content = {"templateName": "n", "title": "Hello", "body": "b", "senderAddress": "s@example.com", "isUse": None}
    sid = raw("POST", "template", {**content, "categorySid": "-1", "senderName": None, "description": None})[1]["sid"]
    nulls = {"title": None, "body": None, "senderAddress": None, "senderName": None}
    for spelled in (sid, str(sid)):
        payload = {**nulls, "templateSid": spelled, "recipients": [{"address": "a@example.com"}]}
        request_id = raw("POST", "mails", payload)[1]["requestId"]
        (row,) = raw("GET", f"mails/requests/{request_id}/mails")[1]["content"]
        assert (row["title"], row["templateSid"]) == ("Hello", sid)


@pytest.mark.parametrize(
    "query",
    [
        "startUtc=0&endUtc=4102444800000&dispatchType=API&size=10&page=0&sendStatus=S,F",
        "startDateTime=2026-01-01&endDateTime=2126-01-01&size=5&sendStatus=S&sendStatus=PF&page=0",
        "startDateTime=2026-01-01%2000%3A00&endDateTime=2126-01-01%2023%3A59&sort=createUtc,desc",
        "startDateTime=2026-01-01+00%3A00%3A00&endDateTime=2126-01-01+23%3A59%3A59&sort=sendUtc%2Cdesc&sort=statusCode",
    ],
)
def test_list_of_another_program_is_a_page_that_any_reader_takes(raw: Raw, query: str) -> None:
    raw("POST", "mails", JAVA_NULLS)
    status, page = raw("GET", f"mails/requests?{query}")
    assert (status, page["totalElements"]) == (200, 1)
    assert page.keys() == {
        "content",
        "totalElements",
        "totalPages",
        "numberOfElements",
        "first",
        "last",
        "number",
        "size",
        "sort",
    }
    assert all(isinstance(order["property"], str) for order in page["sort"])
    assert isinstance(page["content"][0]["requestDate"]["utc"], int)


def test_structure_that_another_program_reads_has_dates_everywhere(raw: Raw) -> None:
    category = raw("POST", "category", {"categoryName": "c", "parentSid": -1})[1]
    assert category == {"sid": category["sid"], "parentSid": -1, "name": "c"}
    for query in ("?isUse=1", "?isUse=0", "?isUse=true", ""):
        status, tree = raw("GET", f"template{query}")
        assert status == 200
        assert all(node["createDate"]["formattedDateTime"] for node in tree["contents"])


def test_block_history_that_another_program_reads(simulator: Simulator, raw: Raw) -> None:
    simulator.outcomes.set(Outcome(pattern="a@example.com", code="MAILBOX_ERROR"))
    raw("POST", "mails", JAVA_NULLS)
    page = raw("GET", "send-block?targetAddress=a%40example.com&size=10&page=0")[1]
    assert (page["registerStatus"], page["content"][0]["actionRequesterType"]["code"]) == ("Blocked", "SYSTEM")
    assert raw("GET", "send-block?targetAddress=b%40example.com")[1]["registerStatus"] == "Not blocked"


@pytest.mark.parametrize("file_name", ['"a b.txt"', '"첨부.txt"', '"a;b.txt"', "a.txt"])
def test_upload_of_another_program_keeps_its_names(raw: Raw, file_name: str) -> None:
    """undici, Guzzle, Go and RestTemplate write the head of a part in their own ways."""
    head = f"--x1\r\ncontent-disposition: form-data; filename={file_name}; name=fileList\r\n"
    body = head.encode() + b"Content-Type: text/plain\r\n\r\n" + b"one\r\n--x1--\r\n"
    status, answer = raw("POST", "files", body, **{"Content-Type": "multipart/form-data;boundary=x1"})
    assert (status, answer["files"][0]["fileName"], answer["files"][0]["fileSize"]) == (201, file_name.strip('"'), 3)
    assert raw("GET", f"files/{answer['tempRequestId']}") == (200, answer)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("resource", ["config", "template/1/name-location", "mails/requests/1"])
def test_operation_that_v1_does_not_have_is_the_gateway_s_404(raw: Raw, method: str, resource: str) -> None:
    status, answer = raw(method, resource, {} if method == "POST" else None)
    assert (status, answer["error"]["errorCode"]) == (404, "300")
