"""`parse` and email-validator agree on every text, but for full-width forms.

On a push 10,000 generated texts are compared, in `make test-deep` a million, for email-validator takes ten seconds for
30,000. EMAIL_SAMPLES in the environment says another number.
"""

import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from libraries.email_addresses import ENDS, InvalidEmailError, parse
from libraries.email_addresses.parsing import _PLAIN_ASCII
from tests.libraries.email_addresses.oracle import expected_key, is_deliberately_refused, library_key, near_addresses
from tests.support.sizes import size

SAMPLES = int(os.environ.get("EMAIL_SAMPLES") or size(10_000, 1_000_000))
PARTS = 5

texts = st.text(max_size=300)
near_texts = st.tuples(st.text(max_size=12), st.sampled_from(["@", "@", "＠", "@@", ""]), st.text(max_size=12)).map(
    lambda parts: f"{parts[0]}{parts[1]}{parts[2]}.example.com"
)


def key_of(text: str) -> str | None:
    try:
        return parse(text).key
    except InvalidEmailError:
        return None


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_parse_agrees_with_email_validator(part: int) -> None:
    seed = 20_261_121 + part
    accepted = fast = 0
    for text in near_addresses(seed, SAMPLES // PARTS):
        key = key_of(text)
        assert key == expected_key(text), ascii(text)
        accepted += key is not None
        fast += key is not None and _PLAIN_ASCII.fullmatch(text.strip(ENDS)) is not None
    # A generator that only made rubbish, or nothing for the fast path, would prove nothing.
    assert accepted > SAMPLES // PARTS // 10
    assert fast > SAMPLES // PARTS // 20


@settings(max_examples=size(100, 2_000), deadline=None, database=None)
@given(st.one_of(texts, near_texts, st.emails()))
@example("a<\u0338@example.com")
@example("a\u037eb@example.com")
@example("a\u1fefb@example.com")
@example("\u212a@example.com")
def test_parse_agrees_on_any_text(text: str) -> None:
    assert key_of(text) == expected_key(text)


@settings(max_examples=size(100, 2_000), deadline=None, database=None)
@given(st.one_of(near_texts, st.emails()))
def test_an_address_is_its_own_text_and_its_key_is_its_own_key(text: str) -> None:
    try:
        address = parse(text)
    except InvalidEmailError:
        return
    # What is kept is an address by itself, whichever form was typed.
    assert parse(address.text) == address
    assert len(address.key.encode()) <= 254
    key = key_of(address.key)
    assert key in (address.key, None)


@pytest.mark.parametrize(
    "text",
    ["ａ@example.com", "a@ｅxample.com", "a@example．com", "a@example。com", "a@例え｡com", "。@example.com"],
)
def test_full_width_forms_that_email_validator_takes_are_refused(text: str) -> None:
    assert library_key(text) is not None
    assert is_deliberately_refused(text)
    assert key_of(text) is None
