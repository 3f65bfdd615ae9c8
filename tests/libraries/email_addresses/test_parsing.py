"""`parse`: what is kept, what is equal, and that nothing but InvalidEmailError ever comes out."""

import dataclasses
import traceback

import pytest
from email_validator import validate_email

from libraries.email_addresses import ENDS, EmailAddress, InvalidEmailError, Reason, parse

LONG_AS_IT_READS = ".".join(["xn--" + ("中" * 35).encode("punycode").decode()] * 2) + ".com"


def test_text_is_kept_as_typed_and_the_key_is_lower_case() -> None:
    assert parse("  First.Last+Tag@Example.COM\n") == EmailAddress(
        "First.Last+Tag@Example.COM", "first.last+tag@example.com"
    )


def test_an_address_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("a@example.com").key = "b@example.com"  # type: ignore[misc]


def test_the_ends_that_pasted_text_has_are_stripped() -> None:
    spaces_and_marks = " \t\r\n\xa0\u2003\u3000\u200b\u200c\u200d\u200e\u202a\u2060\ufeff"
    assert parse(f"{spaces_and_marks}a@example.com{spaces_and_marks}").text == "a@example.com"


@pytest.mark.parametrize("end", list(ENDS))
def test_invisible_ends_are_stripped_and_only_the_ends(end: str) -> None:
    assert parse(f"{end}{end}a@example.com{end}").text == "a@example.com"
    with pytest.raises(InvalidEmailError):
        parse(f"a{end}b@example.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("USER@example.com", "user@EXAMPLE.com"),
        ("Info@example.com", "info@example.com"),
        ("ni\u00f1o@example.com", "nin\u0303o@example.com"),
        ("\u1112\u1169\u11bc@example.com", "홍@example.com"),
        ("a@bücher.example.com", "a@xn--bcher-kva.example.com"),
        ("a@BÜCHER.example.com", "a@XN--BCHER-KVA.Example.com"),
        ("a@bu\u0308cher.example.com", "a@bücher.example.com"),
        ("a@한국.example.com", "a@xn--3e0b707e.example.com"),
        ("\u212a@example.com", "k@example.com"),  # the Kelvin sign is K in NFC
        ("H\u0331@example.com", "h\u0331@example.com"),  # only the small letter composes with its mark
    ],
)
def test_case_normal_form_and_punycode_collide(one: str, other: str) -> None:
    assert parse(one).key == parse(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("straße@example.com", "strasse@example.com"),
        ("a@straße.example.com", "a@strasse.example.com"),
        ("İ@example.com", "i@example.com"),
        ("İ@example.com", "i\u0307@example.com"),
        ("ı@example.com", "i@example.com"),
        ("ſ@example.com", "s@example.com"),
        ("Ñ@example.com", "ñ@example.com"),
        ("ﬁ@example.com", "fi@example.com"),
        ("①@example.com", "1@example.com"),
        ("a.b@example.com", "ab@example.com"),
        ("a+x@example.com", "a@example.com"),
    ],
)
def test_different_letters_do_not_collide(one: str, other: str) -> None:
    assert parse(one).key != parse(other).key


def test_a_decomposed_text_is_kept_composed() -> None:
    assert parse("nin\u0303o@example.com").text == "niño@example.com"


@pytest.mark.parametrize("text", ["H\u0331@example.com", "J\u030c@example.com", "T\u0308@x.example.com"])
def test_the_key_of_a_key_is_the_key(text: str) -> None:
    assert parse(parse(text).key).key == parse(text).key


def test_the_greatest_lengths_are_accepted() -> None:
    domain = ".".join(["d" * 61] * 3) + ".com"
    longest = f"{'l' * 64}@{domain}"
    assert len(longest) == 254
    assert parse(longest).text == longest


def test_the_local_part_has_a_limit_on_the_fast_path_too() -> None:
    assert parse(f"{'l' * 64}@example.com").text
    with pytest.raises(InvalidEmailError) as refused:
        parse(f"{'l' * 65}@example.com")
    assert refused.value.reason is Reason.LOCAL_PART_TOO_LONG


def test_a_punycode_domain_is_measured_as_it_reads() -> None:
    # 87 letters in punycode, 215 octets in UTF-8: enough room for a short local part only.
    assert parse(f"a@{LONG_AS_IT_READS}").key == f"a@{LONG_AS_IT_READS}"
    with pytest.raises(InvalidEmailError) as refused:
        parse(f"{'a' * 60}@{LONG_AS_IT_READS}")
    assert refused.value.reason is Reason.TOO_LONG


def test_length_comes_before_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object, **_options: object) -> None:
        raise AssertionError("a text of 255 characters was looked at")

    monkeypatch.setattr("libraries.email_addresses.parsing.validate_email", never)
    with pytest.raises(InvalidEmailError) as refused:
        parse("ü@\x00" * 85)
    assert refused.value.reason is Reason.TOO_LONG


def test_the_domain_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(text: str, **options: bool) -> object:
        asked.append(text)
        return validate_email(text, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("libraries.email_addresses.parsing.validate_email", counting)
    for number in range(100):
        parse(f"user{number}@judged-once.example.com")
    assert len(asked) == 1


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit",
    [
        *"a@.-\"'<>\\,; \t\x00\u200b\u0301\u3000\ud800\ufffe＠",
        "a@",
        "a.",
        "@.",
        'a"',
        "\u1112\u1169",
        "xn--",
        "١",
    ],
)
def test_nothing_but_invalid_email_error_comes_out(unit: str) -> None:
    for text in (
        unit,
        unit * 100,
        unit * (10_000_000 // len(unit)),
        f"a@{unit * 60}.com",
        f"{unit * 60}@example.com",
    ):
        try:
            address = parse(text)
        except InvalidEmailError as refused:
            str(refused.character).encode()
        else:
            address.text.encode()
            address.key.encode()


def test_an_error_and_its_traceback_keep_the_address_to_themselves() -> None:
    address = "user@😀secret.example.com"  # the library's own error quotes this domain
    with pytest.raises(InvalidEmailError) as refused:
        parse(address)
    assert "secret" not in "".join(traceback.format_exception(refused.value))
    assert "secret" not in repr(refused.value)
