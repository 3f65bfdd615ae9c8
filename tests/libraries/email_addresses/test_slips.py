"""`suggest`: what it mends, and above all what it leaves alone."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.provisional import domains

from libraries.email_addresses import InvalidEmailError, parse, split, suggest
from libraries.email_addresses.providers import DOTLESS, ENDINGS, KNOWN, MENDED, SLIPPED
from tests.support.sizes import size

MENDED_TEXTS = [
    # endings that do not exist
    ("user@gmail.con", "user@gmail.com"),
    ("user@naver.con", "user@naver.com"),
    ("user@hanmail.ent", "user@hanmail.net"),
    ("user@daum.nte", "user@daum.net"),
    ("user@example.cmo", "user@example.com"),
    ("user@example.ocm", "user@example.com"),
    ("user@example.comm", "user@example.com"),
    ("user@example.co.kt", "user@example.co.kr"),
    ("user@yahoo.cojp", "user@yahoo.co.jp"),
    ("user@mail.example.ogr", "user@mail.example.org"),
    # providers
    ("user@gamil.com", "user@gmail.com"),
    ("user@gmial.com", "user@gmail.com"),
    ("user@gmai.com", "user@gmail.com"),
    ("user@gmail.co", "user@gmail.com"),
    ("user@nave.com", "user@naver.com"),
    ("user@navr.com", "user@naver.com"),
    ("user@naber.com", "user@naver.com"),
    ("user@navwr.com", "user@naver.com"),
    ("user@hamnail.net", "user@hanmail.net"),
    ("user@duam.net", "user@daum.net"),
    ("user@hotmial.com", "user@hotmail.com"),
    ("user@outlok.com", "user@outlook.com"),
    ("user@yahooo.co.jp", "user@yahoo.co.jp"),
    ("user@docmo.ne.jp", "user@docomo.ne.jp"),
    ("user@gamil.con", "user@gmail.com"),
    ("User.Name+x@GAMIL.COM", "User.Name+x@gmail.com"),
    # dots and commas
    ("user@naver,com", "user@naver.com"),
    ("user@naver，com", "user@naver.com"),
    ("user@naver..com", "user@naver.com"),
    ("user@naver.com.", "user@naver.com"),
    ("user@.naver.com", "user@naver.com"),
    ("us..er@gmail.com", "us.er@gmail.com"),
    (".user@example.com", "user@example.com"),
    ("user.@example.com", "user@example.com"),
    ("user@navercom", "user@naver.com"),
    ("user@naver", "user@naver.com"),
    ("user@docomo.ne,jp", "user@docomo.ne.jp"),
    # full-width forms
    ("ｕｓｅｒ＠ｎａｖｅｒ．ｃｏｍ", "user@naver.com"),
    ("user＠example.com", "user@example.com"),
    ("user@example。com", "user@example.com"),
    ("user@例え。example.com", "user@例え.example.com"),
    ("user﹫example.com", "user@example.com"),
    ("ｕser@gamil.com", "user@gmail.com"),
    # what surrounds an address, and the @
    ("<user@example.com", "user@example.com"),
    ("user@example.com>", "user@example.com"),
    ("(user@example.com)", "user@example.com"),
    ("'user@example.com", None),  # an apostrophe may begin a local part
    ('"user@example.com', "user@example.com"),
    ("이메일:user@example.com", "user@example.com"),
    ("E-mail：user@example.com", "user@example.com"),
    ("user@@example.com", "user@example.com"),
    ("user @ example.com", "user@example.com"),
]

LEFT_ALONE = [
    *(
        "mail.com",
        "nate.com",
        "email.com",
        "ymail.com",
        "gmx.com",
        "live.com",
        "line.com",
        "me.com",
        "mac.com",
    ),
    *("gail.com", "kaka.com", "kakaoi.com", "never.com", "saver.com", "waver.com", "raver.com", "navy.com"),
    *("mate.com", "date.com", "note.com", "gate.com", "hive.com", "love.com", "cloud.com", "nage.com"),
    *(
        "naver.co.kr",
        "naver.net",
        "kakaobank.com",
        "kakaocorp.com",
        "navercorp.com",
        "google.com",
        "gmarket.co.kr",
    ),
    *(
        "hotmail.co.jp",
        "outlook.jp",
        "yahoo.co.uk",
        "yahoo.fr",
        "daum.com",
        "anver.com",
        "kakapo.com",
        "navet.com",
    ),
    *("example.com", "example.co", "example.cm", "example.om", "example.ne", "example.et", "example.bet"),
    *(
        "mail.naver.com",
        "한국.example.com",
        "xn--3e0b707e.example.com",
        "docomo.com",
        "softbank.com",
        "mailnaver.com",
    ),
]


@pytest.mark.parametrize(("text", "meant"), MENDED_TEXTS)
def test_a_likely_slip_is_mended(text: str, meant: str | None) -> None:
    assert suggest(text) == meant
    assert suggest(f"\u3000{text}\u200b ") == meant


@pytest.mark.parametrize("domain", sorted(KNOWN | set(LEFT_ALONE)))
def test_a_real_domain_is_left_alone(domain: str) -> None:
    assert suggest(f"user@{domain}") is None
    assert suggest(f"user@{domain.upper()}") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "이름",
        "@",
        "user@",
        "@naver.com",
        "a@b@naver.com",
        "user@yahoo",
        "user@live",
        "user@softbank",
        "user@i",
        "<" * 300 + "user@example.com",
        "a b@example.com",
        "a" * 300,
    ],
)
def test_what_cannot_be_mended_gets_no_proposal(text: str) -> None:
    assert suggest(text) is None


@pytest.mark.parametrize("domain", ["docomo.ne.jp", "ezweb.ne.jp", "au.com", "docomo.ne,jp", "docmo.ne.jp"])
def test_dots_that_a_japanese_carrier_gave_out_are_left_alone(domain: str) -> None:
    assert suggest(f"us..er@{domain}") is None
    assert suggest(f"user.@{domain}") is None


def test_a_pasted_comma_slip_comes_through_split_to_the_proposal() -> None:
    assert [suggest(entry) for entry in split("a@naver,com,b@daum,net;c@example.com")] == [
        "a@naver.com",
        "b@daum.net",
        None,
    ]


def test_no_mended_ending_is_a_real_one() -> None:
    # hypothesis ships the list of the IANA.
    from hypothesis.provisional import get_top_level_domains

    real = {ending.lower() for ending in get_top_level_domains()}
    assert {"co", "cm", "om", "ne", "kr", "jp"} <= real
    assert not ENDINGS.keys() & real
    assert {meant.rpartition(".")[2] for meant in ENDINGS.values()} <= real


def test_tables_never_touch_a_known_domain() -> None:
    assert not KNOWN & SLIPPED.keys()
    assert set(SLIPPED.values()) | set(DOTLESS.values()) <= MENDED
    assert not any("." in slip for slip in DOTLESS)


def test_every_slip_of_a_provider_keeps_its_first_letters() -> None:
    for slip, meant in SLIPPED.items():
        assert slip[0] in meant[:2]
        assert abs(len(slip) - len(meant)) <= 1


@settings(max_examples=size(100, 1_000), deadline=None, database=None)
@given(st.one_of(st.text(max_size=60), st.emails(), st.text(alphabet="ab@.,ａ＠．<>:;\"' ", max_size=30)))
def test_a_proposal_is_an_address_other_than_the_text_and_final(text: str) -> None:
    proposal = suggest(text)
    if proposal is None:
        return
    address = parse(proposal)
    assert address.text == proposal
    assert suggest(proposal) is None
    with contextlib.suppress(InvalidEmailError):
        assert parse(text).key != address.key


@settings(max_examples=size(100, 1_000), deadline=None, database=None)
@given(domains(max_length=60))
def test_random_real_domains_are_left_alone(domain: str) -> None:
    if domain.lower() not in SLIPPED:
        assert suggest(f"user@{domain}") is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("hong@naver.com님", "hong@naver.com"),
        ("bbb@naver.com으로", "bbb@naver.com"),
        ("taro@example.co.jpまで", "taro@example.co.jp"),
        ("taro@example.co.jp様", "taro@example.co.jp"),
        ("김민수(kim@daum.net)님", "kim@daum.net"),
        ("1)hong@naver.com", "hong@naver.com"),
        ("홍길동hong@naver.com", "hong@naver.com"),
        ("Kim|kim@example.com", "kim@example.com"),
    ],
)
def test_words_stuck_to_an_address_are_taken_off(text: str, meant: str) -> None:
    assert suggest(text) == meant


@pytest.mark.parametrize("text", ["홍길동@example.com", "info@메일.한국", "a/b@example.com", "us..er@docomo.ne.jp"])
def test_an_international_address_is_left_alone(text: str) -> None:
    assert suggest(text) is None
