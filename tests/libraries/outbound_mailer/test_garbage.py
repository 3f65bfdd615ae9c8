"""Whatever answers a call, the caller gets a result or one of the error kinds, never another exception."""

import json
from email.utils import formatdate

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from libraries.outbound_mailer import AddressBookCounts, MailerClient, MailerError, TemporaryError, limits
from tests.libraries.outbound_mailer.conftest import Answering, MakeClient, RawServer
from tests.support.sizes import size

DIGITS = st.integers(0, 5000).map(lambda count: "9" * count)
NUMBER_TEXTS = st.one_of(
    DIGITS, DIGITS.map("-{}".format), DIGITS.map("--{}".format), st.text(st.characters(categories=["Nd"]), max_size=5)
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**17, 10**4000), st.floats(), st.text(), NUMBER_TEXTS
)
KEYS = st.one_of(
    st.sampled_from(["code", "errorCode", "message", "details", "fieldErrors", "field", "sid", "groupName"]), st.text()
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
NESTED = st.sampled_from([1, 100, 500, 900, 990, 1_000, 100_000]).map(lambda depth: f"{'[' * depth}{']' * depth}")
GROUP = st.fixed_dictionaries({}, optional={"sid": LEAVES, "groupName": LEAVES, "addressCount": LEAVES})
ERROR = st.fixed_dictionaries(
    {}, optional={"code": ANYTHING, "errorCode": ANYTHING, "message": ANYTHING, "fieldErrors": ANYTHING}
)
ANSWER = st.one_of(
    ANYTHING,
    st.fixed_dictionaries({"totalAddressCount": LEAVES}, optional={"groups": st.lists(GROUP | ANYTHING, max_size=3)}),
    st.fixed_dictionaries({"error": ERROR}),
).map(json.dumps)
NESTED_FIELD = NESTED.map(lambda nested: f'{{"error": {{"fieldErrors": [{{"field": {nested}}}]}}}}')
NESTED_GROUPS = NESTED.map(lambda nested: f'{{"totalAddressCount": 1, "groups": {nested}}}')

NUMBER = st.one_of(st.integers(0, 99), st.integers(0, 10**25), DIGITS)
HEADER_DATE = st.builds(
    "Sun, {} {} {} {}:{}:{} {}{}".format,
    NUMBER,
    st.sampled_from(["Jan", "Nov", "Dec"]),
    NUMBER | st.sampled_from([0, 1, 1969, 2094, 9999, 10_000]),
    NUMBER,
    NUMBER,
    NUMBER,
    st.sampled_from(["+", "-", "", "GMT"]),
    NUMBER | st.sampled_from(["0000", "2359", "2400", "9999"]),
)
HEADER_TEXT = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n"), max_size=60)
HEADER = st.one_of(HEADER_TEXT, HEADER_DATE, NUMBER.map(str), st.integers(0, 10**11).map(formatdate))
STATUS = st.sampled_from([200, 201, 302, 400, 401, 403, 404, 413, 429, 500, 503])
ABSURD_DATE = "Sun, 06 Nov 2094 08:49:37 +99999999999999"


@pytest.fixture
def server(answering: Answering) -> RawServer:
    return answering()


@pytest.fixture
def client(make_client: MakeClient, server: RawServer) -> MailerClient:
    return make_client(base_url=server.base_url)


@settings(
    max_examples=size(60, 1_000),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(status=STATUS, body=ANSWER | NESTED_FIELD | NESTED_GROUPS, retry_after=HEADER, date=HEADER)
@example(status=200, body='{"totalAddressCount": "--5"}', retry_after="", date="")
@example(status=200, body=json.dumps({"totalAddressCount": "9" * 5000}), retry_after="", date="")
@example(status=429, body="{}", retry_after=ABSURD_DATE, date="")
@example(status=401, body="{}", retry_after="", date=ABSURD_DATE)
def test_any_answer_is_a_result_or_an_error_kind(
    server: RawServer, client: MailerClient, status: int, body: str, retry_after: str, date: str
) -> None:
    content = body.encode()
    head = (
        f"HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {len(content)}\r\n"
        f"Retry-After: {retry_after}\r\nDate: {date}\r\n\r\n"
    )
    server.chunks = (head.encode("latin-1") + content,)
    try:
        counts = client.address_book.get()
    except MailerError:
        return
    assert isinstance(counts, AddressBookCounts)
    assert min([counts.total_address_count, *(group.address_count for group in counts.groups)]) >= 0


def test_tree_without_end_is_temporary(server: RawServer, client: MailerClient) -> None:
    node = '{"sid":1,"parentSid":1,"name":"x","isCategory":true,"subCategories":['
    body = f'{{"contents":[{node * 300}{"]}" * 300}]}}'.encode()
    server.chunks = (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body)
    with pytest.raises(TemporaryError, match="nested too deeply"):
        client.templates.get_structure()


@pytest.mark.parametrize("location", [b"\xff\xfe", b"http://[", b"http://x:99999999/", b"//", b""])
def test_redirect_to_garbage_is_temporary(server: RawServer, client: MailerClient, location: bytes) -> None:
    head = b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: "
    server.chunks = (head + location + b"\r\n\r\n",)
    with pytest.raises(TemporaryError) as caught:
        client.address_book.get()
    assert caught.value.status == 302


def test_body_of_a_redirect_is_limited_too(
    server: RawServer, client: MailerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ANSWER_BYTES", 100_000)
    head = b"HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /elsewhere\r\n\r\n"
    server.chunks = (head, *[b"x" * 65_536] * 10)
    with pytest.raises(TemporaryError, match="too long"):
        client.address_book.get()
