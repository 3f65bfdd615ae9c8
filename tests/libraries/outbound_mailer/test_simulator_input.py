"""The simulator reads mail requests as the service does, also those of other programs, and always answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libraries.outbound_mailer import MailerClient, PermanentError, TemplateContent
from libraries.outbound_mailer.simulator import Fault, FaultKind, ListOrder, Simulator
from tests.libraries.outbound_mailer.conftest import KEYS, Raw
from tests.libraries.outbound_mailer.test_simulator_rest import A, B, C, mail_id_of, request_to, today

PLAIN: dict[str, Any] = {"senderAddress": "s@example.com", "title": "t", "body": "b"}
UNSET = ("senderName", "templateSid", "individual", "confirmAndSend", "advertising", "parameters", "referencesHeader")
UNSET += ("reservationUtc", "reservationDateTime", "attachFileIds", "recipientGroupFilter", "useBasicUnsubscribeMsg")
NULLS = dict.fromkeys((*UNSET, "unsubscribeMessage"))


@pytest.fixture(autouse=True)
def every_read_works(simulator: Simulator, raw: Raw) -> Iterator[None]:
    """Whatever a test has had accepted, the lists of the account can still be read."""
    yield
    simulator.faults.clear()
    status, page = raw("GET", "mails/requests?startUtc=0&endUtc=4102444800000&size=100")
    assert status == 200
    for row in page["content"]:
        assert raw("GET", f"mails/requests/{row['requestId']}/status")[0] == 200
        mails = raw("GET", f"mails/requests/{row['requestId']}/mails")[1]["content"]
        assert all(raw("GET", f"mails/{mail['mailId']}")[0] == 200 for mail in mails)


def created(raw: Raw, **changes: Any) -> str:
    status, answer = raw("POST", "mails", {**PLAIN, "recipients": [{"address": A}], **changes})
    assert status == 201, answer
    return str(answer["requestId"])


def refused(raw: Raw, **changes: Any) -> None:
    status, answer = raw("POST", "mails", {**PLAIN, "recipients": [{"address": A}], **changes})
    assert (status, answer["error"]["code"]) == (400, "77102")


def test_null_is_absent(raw: Raw, client: MailerClient) -> None:
    recipients = [{"address": one, "name": None, "type": None, "parameters": None} for one in (A, B)]
    rows = client.mail.get_list(created(raw, **NULLS, recipients=recipients)).content
    assert [row.representative_recipient for row in rows] == [A, B]  # not one mail that shows both to each other


def test_template_supplies_what_is_null(raw: Raw, client: MailerClient) -> None:
    sid = client.templates.create(TemplateContent("welcome", "Hello ${n}", "Body", "s@example.com")).sid
    nulls = {"senderAddress": None, "senderName": None, "title": None, "body": None, "templateSid": str(sid)}
    mail = client.mail.get(mail_id_of(client, created(raw, **nulls, parameters={"n": 5})))
    assert (mail.title, mail.body, mail.sender_address) == ("Hello 5", "Body", "s@example.com")
    answer = raw("GET", f"mails/{mail.mail_id}")[1]
    assert (answer["templateSid"], answer["templateName"]) == (sid, "welcome")
    given = client.mail.get(mail_id_of(client, created(raw, templateSid=sid, title="Mine")))
    assert (given.title, given.body) == ("Mine", "b")


@pytest.mark.parametrize("spelled", [float, str, int])
def test_reservation_may_be_a_float_or_digits(raw: Raw, client: MailerClient, spelled: type) -> None:
    in_an_hour = int((datetime.now(UTC) + timedelta(hours=1)).timestamp()) * 1000
    request_id = created(raw, reservationUtc=spelled(in_an_hour))
    reserved = client.mail.get_request_status(request_id).reservation_date
    assert reserved is not None
    assert reserved.utc == in_an_hour


@pytest.mark.parametrize("moment", [0, -1, 1.0, "yesterday", True, {}, [], 10**30, "1e3", 1_600_000_000_000])
def test_reservation_that_is_none_or_past_is_refused(raw: Raw, moment: object) -> None:
    refused(raw, reservationUtc=moment)


@pytest.mark.parametrize(("value", "shown"), [(5, "5"), (1.5, "1.5"), (True, "true"), ("x", "x"), (None, "${n}")])
def test_numbers_are_parameters_too(raw: Raw, client: MailerClient, value: object, shown: str) -> None:
    for place in ({"parameters": {"n": value}}, {"recipients": [{"address": A, "parameters": {"n": value}}]}):
        (row,) = client.mail.get_list(created(raw, title="${n}", **place)).content
        assert row.title == shown


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"n": {"deep": 1}}},
        {"parameters": ["n"]},
        {"recipients": [{"address": A, "parameters": {"n": []}}]},
        {"recipients": [{"address": A, "parameters": "n"}]},
        {"recipients": [{"address": 5}]},
        {"recipients": [A]},
        {"recipients": {"address": A}},
        {"recipients": []},
        {"recipients": [{"address": A, "name": "n" * 70}]},
        {"recipients": [{"address": A, "name": 5}]},
        {"recipients": [{"address": A, "type": ""}]},
        {"recipients": [{"address": A, "type": ["R"]}]},
        {"recipients": [{"address": A, "type": "C"}]},
        {"recipients": [{"address": A, "type": "C"}] * 31, "individual": False},
        {"templateSid": "x"},
        {"templateSid": []},
        {"individual": "no"},
        {"title": ["t"]},
        {"attachFileIds": "one"},
        {"attachFileIds": [{}]},
        {"recipientGroupFilter": []},
        {"recipientGroupFilter": {"andFilter": True, "groups": "news"}},
        {"recipientGroupFilter": {"andFilter": True, "groups": [["news"]]}},
        {"senderAddress": "s@naver.com"},
    ],
)
def test_mail_request_of_the_wrong_kind_is_77102(raw: Raw, changes: dict[str, Any]) -> None:
    refused(raw, **changes)


@pytest.mark.parametrize(
    ("method", "resource", "payload"),
    [
        ("POST", "unsubscribers", {"blockedReceivers": [{}]}),
        ("POST", "address-book", {"groups": [{"groupName": [], "emailAddresses": 5}]}),
        ("POST", "template", {"templateName": {}, "title": [], "body": 5, "senderAddress": {}}),
        ("POST", "category", {"categoryName": [], "parentSid": {}}),
        ("DELETE", "address-book/address", {"emailAddresses": {"a": 1}}),
        ("GET", "mails/requests?startUtc=%D9%A3&endUtc=1", None),
        ("GET", "mails/requests?startUtc=0&endUtc=1&size=9999999999999999999999", None),
        ("GET", "mails/%D9%A3%D9%A3", None),
        ("GET", "template/%00", None),
        ("POST", "mails", b"[" * 100_000),
        ("POST", "mails", b'{"recipients": [{"address": "\\ud800@example.com"}], "title": "\\ud800"}'),
    ],
)
def test_odd_input_gets_an_answer(raw: Raw, method: str, resource: str, payload: object) -> None:
    status, answer = raw(method, resource, payload)
    assert (status, answer["error"]["code"]) in {(400, "77102"), (400, "77103")}


def test_defect_of_the_simulator_is_an_answer_too(
    simulator: Simulator, raw: Raw, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulator.outcomes, "rules", lambda: 1 / 0)
    status, answer = raw("POST", "mails", {**PLAIN, "recipients": [{"address": A}]})
    assert (status, answer["error"]["code"]) == (500, "77303")
    assert "ZeroDivisionError" in capsys.readouterr().err  # and it is seen where the simulator runs
    monkeypatch.undo()
    created(raw)


def test_product_errors_may_carry_their_code_twice(simulator: Simulator, raw: Raw) -> None:
    simulator.settings = replace(simulator.settings, product_error_code_twice=True)
    error = raw("POST", "mails", {})[1]["error"]
    assert (error["code"], error["errorCode"]) == ("77102", "77102")


# Lists ----------------------------------------------------------------------------------------------------------------


def test_page_names_its_order_when_none_was_asked_for(raw: Raw) -> None:
    request_id = created(raw)
    for resource in (f"mails/requests/{request_id}/mails?", "mails/requests?startUtc=0&endUtc=4102444800000&"):
        (order,) = raw("GET", resource + "size=10")[1]["sort"]
        assert (order["direction"], order["ascending"], order["nullHandling"]) == ("ASC", True, "NATIVE")
    (order,) = raw("GET", f"mails/requests/{request_id}/mails?sort=id,desc")[1]["sort"]
    assert (order["property"], order["descending"]) == ("id", True)


def test_status_filter_takes_a_list_with_commas(raw: Raw) -> None:
    request_id = created(raw)
    for query in ("sendStatus=S,F", "sendStatus=F&sendStatus=S", "sendStatus=F%2CS"):
        assert raw("GET", f"mails/requests/{request_id}/mails?{query}")[1]["totalElements"] == 1
    assert raw("GET", f"mails/requests/{request_id}/mails?sendStatus=F,U")[1]["totalElements"] == 0


def test_recipient_filter_is_exact_and_finds_copies(raw: Raw, client: MailerClient) -> None:
    copies = [{"address": A}, {"address": B, "type": "C"}, {"address": C, "type": "B"}]
    request_id = created(raw, recipients=copies, individual=False)
    for address, count in ((A, 1), (B, 1), (C, 1), ("example.com", 0), ("b@example", 0)):
        assert client.mail.get_list(request_id, recipient_address=address).total_elements == count
        assert client.mail.get_request_list(*today(), recipient_address=address).total_elements == count


def test_one_mail_to_three_is_one_mail_in_status_and_list(raw: Raw, client: MailerClient) -> None:
    copies = [{"address": A}, {"address": B, "type": "C"}, {"address": C, "type": "B"}]
    request_id = created(raw, recipients=copies, individual=False)
    (row,) = client.mail.get_request_list(*today()).content
    status = client.mail.get_request_status(request_id)
    assert (status.request_count, status.finish_count, row.request_count, row.recipient_count) == (1, 1, 1, 3)
    assert status.is_done


def test_mail_has_the_documented_fields_and_ids(raw: Raw, client: MailerClient) -> None:
    mail_id = mail_id_of(client, created(raw))
    assert (len(mail_id), mail_id.isdecimal()) == (20, True)
    mail = raw("GET", f"mails/{mail_id}")[1]
    assert not {"representativeRecipient", "reservationStatus"} & mail.keys()
    assert mail.keys() >= {"requesterIp", "body", "referencesHeader", "reservationDate", "attachFiles", "recipients"}


def test_list_order_may_be_any(simulator: Simulator, client: MailerClient) -> None:
    addresses = [f"user{number:02}@example.com" for number in range(30)]
    request_id = client.mail.create_request(request_to(*addresses)).request_id

    def shown(**options: Any) -> list[str]:
        rows = client.mail.get_list(request_id, size=30, **options).content
        return [row.representative_recipient for row in rows]

    assert shown() == addresses
    simulator.settings = replace(simulator.settings, list_order=ListOrder.REVERSED)
    assert shown() == addresses[::-1]
    simulator.settings = replace(simulator.settings, list_order=ListOrder.SHUFFLED)
    assert sorted(shown()) == addresses != shown()
    assert shown(sort=["id"]) == addresses


def test_request_is_listed_late_or_never(simulator: Simulator, client: MailerClient) -> None:
    simulator.settings = replace(simulator.settings, listing_delay_seconds=60)
    late = client.mail.create_request(request_to(A)).request_id
    simulator.settings = replace(simulator.settings, listing_delay_seconds=None)
    never = client.mail.create_request(request_to(A)).request_id
    assert client.mail.get_request_list(*today()).content == ()
    simulator.clock.advance(61)
    assert [row.request_id for row in client.mail.get_request_list(*today()).content] == [late]
    assert client.mail.get_request_status(never).is_done
    assert len(simulator.delivered(KEYS.access_key)) == 2


# Files, templates, blocks ---------------------------------------------------------------------------------------------


def test_upload_lives_for_a_day(simulator: Simulator, raw: Raw, make_client: Any) -> None:
    client = make_client(clock=simulator.clock.now)
    upload = client.files.create([("a.txt", b"one")])
    simulator.clock.advance(24 * 3600 - 60)
    assert client.files.get(upload.temp_request_id) == upload
    used = created(raw, attachFileIds=[upload.files[0].file_id])
    simulator.clock.advance(61)
    assert raw("GET", f"files/{upload.temp_request_id}")[0] == 400
    assert (
        raw("POST", "mails", {**PLAIN, "recipients": [{"address": A}], "attachFileIds": [upload.files[0].file_id]})[1][
            "error"
        ]["code"]
        == "77103"
    )
    assert client.mail.get(mail_id_of(client, used)).attach_files == upload.files


def test_file_name_with_nul_is_refused(raw: Raw) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="fileList"; filename="a\0.txt"\r\n\r\none\r\n--x--\r\n'
    status, answer = raw("POST", "files", body, **{"Content-Type": "multipart/form-data; boundary=x"})
    assert (status, answer["error"]["code"]) == (400, "77102")


@pytest.mark.parametrize(
    ("query", "count"), [("", 2), ("?isUse=true", 1), ("?isUse=1", 1), ("?isUse=false", 2), ("?isUse=0", 2)]
)
def test_structure_shows_those_in_use_or_all(raw: Raw, client: MailerClient, query: str, count: int) -> None:
    for name in ("kept", "old"):
        sid = client.templates.create(TemplateContent(name, "t", "b", "s@example.com")).sid
    client.templates.delete(sid)
    assert len(raw("GET", f"template{query}")[1]["contents"]) == count


def test_structure_dates_its_categories(raw: Raw, client: MailerClient) -> None:
    client.templates.create_category("news")
    assert raw("GET", "template")[1]["contents"][0]["createDate"]["utc"] > 1_700_000_000_000
    assert raw("GET", "template?isUse=maybe")[0] == 400


def test_template_with_nulls_is_created(raw: Raw) -> None:
    content = {"templateName": "n", "title": "t", "body": "b", "senderAddress": "s@example.com"}
    status, answer = raw("POST", "template", {**content, "isUse": None, "description": None, "categorySid": "-1"})
    assert (status, answer["isUse"]) == (201, True)
    assert raw("POST", "template", {**content, "senderAddress": "s@naver.com"})[0] == 400


def test_undocumented_operations_answer_only_when_switched_on(
    simulator: Simulator, raw: Raw, client: MailerClient
) -> None:
    raw("POST", "unsubscribers", {"blockedReceivers": [A, B]})
    assert raw("GET", "unsubscribers")[0] == 405
    with pytest.raises(PermanentError):
        client.blocks.get_unsubscribers()
    assert raw("GET", "config")[0] == 404
    simulator.settings = replace(simulator.settings, undocumented_operations=True)
    (first, _) = client.blocks.get_unsubscribers().content
    assert (first.address, first.is_reg_by_manager) == (A, True)
    assert client.blocks.get_unsubscribers(email_address=B).total_elements == 1
    rows = raw("GET", "unsubscribers?size=1&page=1")[1]
    assert (rows["totalElements"], rows["content"][0]["address"], rows["content"][0]["isRegByManager"]) == (2, B, True)
    assert raw("GET", f"unsubscribers?emailAddress={A}")[1]["totalElements"] == 1
    assert raw("GET", "unsubscribers?isRegByManager=false")[1]["totalElements"] == 0
    assert raw("GET", "unsubscribers?startUtc=0&endUtc=1")[1]["totalElements"] == 0
    assert raw("GET", "unsubscribers?startUtc=x")[0] == 400
    assert raw("GET", "config")[1]["value"] == "168"
    hours = {"type": "SEND_BLOCK_TIME", "subType": None, "value": "180", "unit": "HOUR"}
    assert raw("POST", "config", hours) == (200, hours)
    assert raw("GET", "config") == (200, hours)
    assert raw("POST", "config", {**hours, "unit": "YEAR"})[0] == 400


def test_unknown_outcome_can_be_made_with_a_fault(simulator: Simulator, raw: Raw) -> None:
    simulator.faults.switch_on(Fault(kind=FaultKind.ENDPOINT_TIMEOUT, operation="createMailRequest"))
    assert raw("POST", "mails", {**PLAIN, "recipients": [{"address": A}]})[0] == 504
    assert [mail.address for mail in simulator.delivered(KEYS.access_key)] == [A]
