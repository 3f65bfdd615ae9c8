"""Which error an answer means: each documented code in both shapes, and the bodies that nobody documents."""

import json
from email.utils import formatdate

import pytest
from requests.structures import CaseInsensitiveDict

from libraries.outbound_mailer import (
    ConfigurationError,
    ConfigurationProblem,
    MailerError,
    PermanentError,
    TemporaryError,
    TemporaryProblem,
)
from libraries.outbound_mailer.answers import Answer, json_of

NOW = 1_800_000_000.0
HTML = b"<html><h1>502 Bad Gateway</h1></html>"
EMPTY_BODIES = [b"", b"   ", HTML, b"\x00\xff", b"null", b"[]", b'"text"', b"[" * 100_000]
ABSURD_DATES = [f"Sun, 06 Nov 2094 08:49:37 +{'9' * 14}", f"Sun, 06 Nov {'9' * 23} 08:49:37 GMT"]


def answer(status: int, body: bytes = b"", *, is_write: bool = True, **headers: str) -> Answer:
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, named, body, is_write, NOW)


def gateway(code: object, message: str = "Said by the gateway") -> bytes:
    return json.dumps({"error": {"errorCode": code, "message": message}}).encode()


def product(code: object, message: str = "Said by the product") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def test_json_of_success_is_its_object() -> None:
    assert json_of(answer(201, b'{"count": 1}')) == {"count": 1}


@pytest.mark.parametrize("body", EMPTY_BODIES)
@pytest.mark.parametrize("is_write", [True, False])
def test_success_without_an_object_is_temporary(body: bytes, is_write: bool) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(200, body, is_write=is_write))
    assert caught.value.outcome_unknown is is_write


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (401, gateway("200"), ConfigurationProblem.KEYS_REFUSED),
        (400, gateway("200"), ConfigurationProblem.KEYS_REFUSED),
        (400, product("77101"), ConfigurationProblem.KEYS_REFUSED),
        (401, gateway("210"), ConfigurationProblem.NO_PERMISSION),
        (403, product("77201"), ConfigurationProblem.NO_PERMISSION),
        (403, product("77202"), ConfigurationProblem.NOT_SUBSCRIBED),
        (500, product("77301"), ConfigurationProblem.NOT_SUBSCRIBED),
        (404, gateway("300"), ConfigurationProblem.RETIRED),
    ],
)
@pytest.mark.parametrize("as_number", [False, True])
def test_code_that_a_person_must_act_on_is_configuration(
    status: int, body: bytes, problem: ConfigurationProblem, as_number: bool
) -> None:
    if as_number:
        body = body.replace(b': "7', b": 7").replace(b': "2', b": 2").replace(b': "3', b": 3")
        body = body.replace(b'", "message"', b', "message"')
        assert isinstance(next(iter(json.loads(body)["error"].values())), int)
    with pytest.raises(ConfigurationError) as caught:
        json_of(answer(status, body))
    assert caught.value.problem is problem
    assert caught.value.status == status
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, ConfigurationProblem.KEYS_REFUSED),
        (403, ConfigurationProblem.NO_PERMISSION),
        (404, ConfigurationProblem.RETIRED),
        (410, ConfigurationProblem.RETIRED),
    ],
)
def test_status_decides_when_the_gateway_s_code_is_unknown(status: int, problem: ConfigurationProblem) -> None:
    for said in (answer(status, gateway("999")), answer(status, x_ncp_apigw_error_code="999")):
        with pytest.raises(ConfigurationError) as caught:
            json_of(said)
        assert caught.value.problem is problem


@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize(
    "body", [b"", b" ", HTML, b"<?xml version='1.0'?><Error/>", b"{}", b'{"message": "Blocked"}', b"[]", b"null"]
)
def test_refusal_that_is_not_the_gateway_s_says_nothing_about_keys_or_contracts(status: int, body: bytes) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(status, body))
    assert (caught.value.problem, caught.value.outcome_unknown) == (TemporaryProblem.NOT_THE_SERVICE, True)
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(status, body, is_write=False))
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize("status", [400, 405, 415, 431])
def test_page_of_something_in_between_is_not_a_refusal(status: int) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(status, HTML))
    assert caught.value.problem is TemporaryProblem.NOT_THE_SERVICE


def test_body_too_large_is_refused_by_a_proxy_too() -> None:
    with pytest.raises(PermanentError) as caught:
        json_of(answer(413, HTML))
    assert caught.value.too_large


@pytest.mark.parametrize(("status", "code"), [(400, "100"), (400, "77102"), (413, "430")])
def test_code_is_read_from_the_header_when_there_is_no_body(status: int, code: str) -> None:
    with pytest.raises(PermanentError) as caught:
        json_of(answer(status, x_ncp_apigw_error_code=code))
    assert caught.value.code == code
    with pytest.raises(ConfigurationError):
        json_of(answer(status, x_ncp_apigw_error_code="200"))
    with pytest.raises(PermanentError) as caught:
        json_of(answer(status, x_ncp_apigw_error_code="canary@example.com"))
    assert caught.value.code is None


def test_400_without_a_code_is_about_keys_only_when_it_says_so() -> None:
    with pytest.raises(ConfigurationError):
        json_of(answer(400, b'{"error": {"message": "Authentication failed"}}'))
    with pytest.raises(PermanentError):
        json_of(answer(400, b'{"error": {"message": "Something is wrong"}}'))
    with pytest.raises(PermanentError):
        json_of(answer(400))


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, gateway("100"), "100"),
        (400, product("77102"), "77102"),
        (400, product(77103), "77103"),
        (404, product("77103"), "77103"),
        (405, product("77001"), "77001"),
        (415, product("77002"), "77002"),
        (413, gateway("430"), "430"),
        (400, b'{"code": "77102", "message": "At the top"}', "77102"),
        (400, b'{"error": {"code": "", "errorCode": "100"}}', "100"),
        (409, b"", None),
    ],
)
def test_refusal_is_permanent_with_its_code(status: int, body: bytes, code: str | None) -> None:
    with pytest.raises(PermanentError) as caught:
        json_of(answer(status, body))
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.does_not_exist is (code == "77103")
    assert caught.value.too_large is (status == 413)


def test_refusal_carries_the_field_that_the_service_names() -> None:
    body = b'{"error": {"errorCode": "400", "fieldErrors": [{"field": "groups", "message": "x"}]}}'
    with pytest.raises(PermanentError) as caught:
        json_of(answer(400, body))
    assert caught.value.field == "groups"


@pytest.mark.parametrize(
    ("status", "body", "outcome_unknown"),
    [
        (429, gateway("400"), False),
        (429, gateway("410"), False),
        (429, gateway(420), False),
        (429, b"", False),
        (503, gateway("500"), False),  # the backend was not reached
        (503, HTML, True),
        (504, gateway("510"), True),
        (500, gateway("900"), True),
        (500, product("77302"), True),
        (500, product("77303"), True),
        (500, gateway("200"), True),
        (502, HTML, True),
        (500, b"", True),
        (302, b"", True),  # a portal may have taken it
        (407, b"", False),
        (408, b"", False),
    ],
)
def test_failure_that_may_pass_is_temporary(status: int, body: bytes, outcome_unknown: bool) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(status, body))
    assert caught.value.outcome_unknown is outcome_unknown
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(status, body, is_write=False))
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, HTML, TemporaryProblem.NOT_THE_SERVICE),
        (302, b"", TemporaryProblem.NOT_THE_SERVICE),
        (502, HTML, TemporaryProblem.NOT_THE_SERVICE),
        (407, HTML, TemporaryProblem.PROXY),
        (429, b"", TemporaryProblem.TOO_MANY_REQUESTS),
        (500, b"", TemporaryProblem.OUT_OF_ORDER),
        (503, gateway("500"), TemporaryProblem.OUT_OF_ORDER),
    ],
)
def test_temporary_failure_says_who_failed(status: int, body: bytes, problem: TemporaryProblem) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(status, body))
    assert caught.value.problem is problem


@pytest.mark.parametrize("status", [400, 401, 409, 500])
@pytest.mark.parametrize("code", ["leak@example.com", "x y", "\ud800", "a\nb", "x" * 65, {"a": 1}])
def test_texts_of_a_failure_are_fit_for_a_log(status: int, code: object) -> None:
    """Codes and names of fields come from outside just as messages do."""
    message = "Not \ud800 for\0 leak@example.com\r\nX"
    body = json.dumps({"error": {"code": code, "message": message, "fieldErrors": [{"field": code}]}}).encode()
    with pytest.raises(MailerError) as caught:
        json_of(answer(status, body))
    assert caught.value.code is None
    assert getattr(caught.value, "field", None) is None
    assert str(caught.value).endswith(": Not   for  [address] X")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (".5", None),
        ("1.5.2", None),
        ("999999", 3600.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        (formatdate(NOW + 9e6, usegmt=True), 3600.0),
        ("soon", None),
        (f"Sun, 06 Nov 2094 08:49:37 +{'9' * 14}", None),
        (f"Sun, 06 Nov {'9' * 23} 08:49:37 GMT", None),
        (f"Sun, 06 Nov {'9' * 5000} 08:49:37 GMT", None),
        ("9" * 5000, 3600.0),
        ("-5", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, expected: float | None) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(429, retry_after=header, date=formatdate(NOW, usegmt=True)))
    assert caught.value.retry_after == expected


@pytest.mark.parametrize("date", ABSURD_DATES)
def test_retry_after_is_read_beside_an_absurd_date(date: str) -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(429, retry_after=formatdate(NOW - 9e8, usegmt=True), date=date))
    assert caught.value.retry_after == 0.0


def test_retry_after_is_none_without_the_header() -> None:
    with pytest.raises(TemporaryError) as caught:
        json_of(answer(429))
    assert caught.value.retry_after is None


@pytest.mark.parametrize(("ahead", "word"), [(600.0, "ahead of"), (-600.0, "behind"), (299.0, "ahead of")])
def test_refused_keys_with_a_clock_far_off_are_about_the_clock(ahead: float, word: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        json_of(answer(401, gateway("200"), date=formatdate(NOW - ahead, usegmt=True)))
    assert caught.value.problem is ConfigurationProblem.CLOCK_SKEW
    assert caught.value.skew_seconds == ahead
    assert f"{abs(ahead):.0f} seconds {word}" in str(caught.value)


@pytest.mark.parametrize("date", [formatdate(NOW - 200, usegmt=True), "", "yesterday", *ABSURD_DATES])
def test_refused_keys_with_a_good_or_unknown_clock_are_about_the_keys(date: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        json_of(answer(401, gateway("200"), date=date))
    assert caught.value.problem is ConfigurationProblem.KEYS_REFUSED
    assert caught.value.skew_seconds is None


def test_missing_permission_is_not_blamed_on_the_clock() -> None:
    with pytest.raises(ConfigurationError) as caught:
        json_of(answer(401, gateway("210"), date=formatdate(NOW - 600, usegmt=True)))
    assert caught.value.problem is ConfigurationProblem.NO_PERMISSION


def test_error_carries_the_trace_id_when_it_looks_like_one() -> None:
    with pytest.raises(PermanentError) as caught:
        json_of(answer(400, product("77102"), x_ncp_trace_id="0af7-651"))
    assert caught.value.trace_id == "0af7-651"
    with pytest.raises(PermanentError) as caught:
        json_of(answer(400, product("77102"), x_ncp_trace_id="canary@example.com"))
    assert caught.value.trace_id is None


def test_error_text_has_the_service_message_without_addresses() -> None:
    body = product("77102", "canary@example.com and canary%40example.com are bad, 대상: 한글@예시.example.com")
    with pytest.raises(PermanentError) as caught:
        json_of(answer(400, body))
    text = str(caught.value)
    assert "are bad" in text
    assert "canary" not in text
    assert "한글" not in text
    assert "예시" not in text


def test_error_text_is_short_however_long_the_message() -> None:
    with pytest.raises(PermanentError) as caught:
        json_of(answer(400, product("77102", "x" * 1_000_000)))
    assert len(str(caught.value)) < 1000
