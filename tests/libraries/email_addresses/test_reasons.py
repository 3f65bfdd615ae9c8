"""Each reason, from a text that a user may well type."""

import pytest

from libraries.email_addresses import InvalidEmailError, Reason, parse

CASES = [
    (Reason.TOO_LONG, None, "a" * 250 + "@example.com"),
    (
        Reason.TOO_LONG,
        None,
        "한" * 64 + "@" + "한." * 30 + "example.com",
    ),  # fewer characters, too many octets
    (Reason.CONTROL_CHARACTER, "U+0000", "a\x00b@example.com"),
    (Reason.CONTROL_CHARACTER, "U+200B", "a\u200bb@example.com"),
    (Reason.CONTROL_CHARACTER, "U+D800", "a\ud800@example.com"),
    (Reason.CONTROL_CHARACTER, "U+FFFE", "a@exam\ufffeple.com"),
    (Reason.CONTROL_CHARACTER, "U+FFFF", "\uffff@example.com"),
    (Reason.CONTROL_CHARACTER, "U+00AD", "a@exam\u00adple.com"),
    (Reason.CONTROL_CHARACTER, "U+000A", "a\nb@example.com"),
    (Reason.CONTROL_CHARACTER, "U+2028", "a\u2028b@example.com"),
    (Reason.CONTROL_CHARACTER, "U+1FFFE", "a\U0001fffe@example.com"),
    (Reason.CONTROL_CHARACTER, "U+E000", "a@\ue000.example.com"),
    (Reason.NO_AT, None, ""),
    (Reason.NO_AT, None, "이름"),
    (Reason.NO_AT, None, "안녕하세요！"),
    (Reason.NO_AT, None, "a.example.com"),
    (Reason.SEVERAL_AT, None, "a@@example.com"),
    (Reason.SEVERAL_AT, None, "a@b@example.com"),
    (Reason.FULL_WIDTH, "ａ", "ａ＠ｘ.ｃｏ"),
    (Reason.FULL_WIDTH, "＠", "a＠example.com"),
    (Reason.FULL_WIDTH, "ｅ", "a@ｅxample.com"),
    (Reason.FULL_WIDTH, "。", "a@example。com"),
    (Reason.FULL_WIDTH, "，", "a@naver，com"),
    (Reason.QUOTED, '"', '"john doe"@example.com'),
    (Reason.LOCAL_PART_EMPTY, None, "@example.com"),
    (Reason.LOCAL_PART_TOO_LONG, None, "a" * 65 + "@example.com"),
    (Reason.LOCAL_PART_CHARACTER, " ", "john doe@example.com"),
    (Reason.LOCAL_PART_CHARACTER, "U+00A0", "john\xa0doe@example.com"),
    (Reason.LOCAL_PART_CHARACTER, "(", "a(b)@example.com"),
    (Reason.LOCAL_PART_CHARACTER, '"', 'a"b@example.com'),
    (Reason.LOCAL_PART_CHARACTER, "<", "<a@example.com"),
    (Reason.LOCAL_PART_CHARACTER, "U+0301", "\u0301a@example.com"),
    (Reason.LOCAL_PART_CHARACTER, ";", "a\u037eb@example.com"),  # the Greek question mark is ; in NFC
    (Reason.LOCAL_PART_CHARACTER, "<", "a<\u0338@example.com"),  # ≮ in NFC, but typed in two
    (Reason.DOTS, None, ".a@example.com"),
    (Reason.DOTS, None, "a.@example.com"),
    (Reason.DOTS, None, "a..b@example.com"),
    (Reason.DOTS, None, "a@.example.com"),
    (Reason.DOTS, None, "a@example..com"),
    (Reason.DOTS, None, "a@example.com."),
    (Reason.DOMAIN_EMPTY, None, "a@"),
    (Reason.DOMAIN_TOO_LONG, None, "a@" + "d" * 64 + ".com"),
    (Reason.DOMAIN_TOO_LONG, None, "a@" + "한글" * 30 + ".com"),
    (Reason.DOMAIN_CHARACTER, ",", "a@naver,com"),
    (Reason.DOMAIN_CHARACTER, "_", "a@ex_ample.com"),
    (Reason.DOMAIN_CHARACTER, " ", "a@exam ple.com"),
    (Reason.DOMAIN_CHARACTER, "[", "a@[127.0.0.1]"),
    (Reason.DOMAIN_CHARACTER, ">", "a@example.com>"),
    (Reason.DOMAIN_CHARACTER, "U+0301", "a@\u0301x.example.com"),
    (Reason.DOMAIN_CHARACTER, "⒈", "a@⒈x.example.com"),
    (Reason.DOMAIN_CHARACTER, "℀", "a@℀.example.com"),
    (Reason.DOMAIN_CHARACTER, "․", "a@x․example.com"),
    (Reason.DOMAIN_CHARACTER, "😀", "a@😀.example.com"),
    (Reason.DOMAIN_HYPHEN, None, "a@-x.example.com"),
    (Reason.DOMAIN_HYPHEN, None, "a@x-.example.com"),
    (Reason.DOMAIN_HYPHEN, None, "a@yy--x.example.com"),
    (Reason.DOMAIN_NO_DOT, None, "a@naver"),
    (Reason.DOMAIN_NO_DOT, None, "a@localhost"),
    (Reason.DOMAIN_NO_DOT, None, "a@한국"),
    (Reason.DOMAIN_NAME, None, "a@192.168.0.1"),
    (Reason.DOMAIN_NAME, None, "a@example.c1"),
    (Reason.DOMAIN_NAME, None, "a@xn--0.example.com"),
    (Reason.DOMAIN_NAME, None, "a@1.אב.example.com"),
    (Reason.DOMAIN_ENDING, None, "a@example.c"),
    (Reason.DOMAIN_ENDING, None, "hong@naver.com님"),
    (Reason.DOMAIN_ENDING, None, "taro@example.co.jpまで"),
    (Reason.SPECIAL_DOMAIN, None, "a@x.test"),
    (Reason.SPECIAL_DOMAIN, None, "a@printer.LOCAL"),
    (Reason.SPECIAL_DOMAIN, None, "a@x.invalid"),
    (Reason.SPECIAL_DOMAIN, None, "a@x.localhost"),
]
WITH_CHARACTER = {
    Reason.CONTROL_CHARACTER,
    Reason.FULL_WIDTH,
    Reason.QUOTED,
    Reason.LOCAL_PART_CHARACTER,
    Reason.DOMAIN_CHARACTER,
}


@pytest.mark.parametrize(("reason", "character", "text"), CASES)
def test_refusal_says_precisely_why(reason: Reason, character: str | None, text: str) -> None:
    with pytest.raises(InvalidEmailError) as refused:
        parse(text)
    assert (refused.value.reason, refused.value.character) == (reason, character)


def test_every_reason_has_a_case() -> None:
    assert {reason for reason, _, _ in CASES} == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_always_or_never_names_a_character(reason: Reason) -> None:
    named = {character is not None for case, character, _ in CASES if case is reason}
    assert named == {reason in WITH_CHARACTER}
