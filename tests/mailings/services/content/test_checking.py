"""What the check finds in a subject and a body, each finding once where it should be, and not where it should not."""

import pytest

from mailings import limits
from mailings.services.content.checking import check_body, check_marks, check_size, check_subject


@pytest.mark.parametrize(
    ("subject", "advertising", "codes"),
    [
        ("News of November", False, set()),
        ("  ", False, {"subject_missing"}),
        ("(광고) Sale", True, {"subject_mark_doubled"}),
        ("(광고) Sale", False, {"subject_mark_on_general"}),
        ("(광/고) Sale", True, {"subject_mark_disguised"}),
        ("( 광 고 ) Sale", True, {"subject_mark_disguised"}),
        ("[광고] Sale", True, {"subject_mark_disguised"}),
        ("광고 Sale", True, {"subject_mark_disguised"}),
        ("광고주 모임", True, set()),
        ("a\nb", False, {"subject_lines"}),
        ("invoice\u202egnp.exe", False, {"subject_direction"}),
        ("BUY NOW TODAY", False, {"subject_capitals"}),
        ("x" * (limits.SUBJECT_SHOWN_CHARACTERS + 1), False, {"subject_long"}),
    ],
)
def test_subjects(subject: str, advertising: bool, codes: set[str]) -> None:
    assert {finding.code for finding in check_subject(subject, is_advertising=advertising)} == codes


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ('<p>Hello</p><a href="https://example.com/">x</a>', set()),
        ("<p>&nbsp;</p>", {"body_empty"}),
        ('<img src="https://example.com/a.png" alt="Sale">', {"body_only_pictures"}),
        ("<p>x</p><script>1</script>", {"body_active"}),
        ("<p>x</p><form><input></form>", {"body_active"}),
        ('<p onclick="x()">x</p>', {"body_handlers"}),
        ('<p>x</p><link rel="stylesheet" href="https://example.com/a.css">', {"body_style_sheets"}),
        ('<a href="">x</a>', {"link_empty"}),
        ('<a href="#">x</a>', {"link_empty"}),
        ('<a href="javascript:x()">x</a>', {"link_scheme"}),
        ('<a href="java\nscript:x()">x</a>', {"link_scheme"}),
        ('<a href="data:text/html,x">x</a>', {"link_scheme"}),
        ('<a href="page.html">x</a>', {"link_relative"}),
        ('<a href="http://example.com">x</a>', {"link_unencrypted"}),
        ('<a href="https://localhost/">x</a>', {"link_local"}),
        ('<a href="https://192.168.0.1/">x</a>', {"link_local"}),
        ('<a href="${link}">x</a><a href="https://example.com/?${id}">y</a>', set()),
        ('<a href="mailto:a@example.com">x</a><a href="tel:1">y</a>', set()),
        ('<p>x</p><img src="data:image/png;base64,xx" alt="a">', {"picture_address"}),
        ('<p>x</p><img src="http://example.com/a.png" alt="a">', {"picture_address"}),
        ('<p>x</p><img src="https://example.com/a.png">', {"picture_without_text"}),
        ("<p>\u202ex</p>", {"body_direction"}),
        ("<p>x<b><i></p", set()),
    ],
)
def test_bodies(body: str, codes: set[str]) -> None:
    assert {finding.code for finding in check_body(body)} == codes


def test_marks_that_nobody_can_fill_in() -> None:
    assert [finding.detail["texts"] for finding in check_marks("${a b}", "<p>${} ${ok}</p>")] == [
        ["${a b}"],
        ["${} ${ok}</p>"],
    ]
    many = " ".join(f"${{n{number}}}" for number in range(5000))
    assert {finding.code for finding in check_marks("s", many)} == {"marks_too_many"}


def test_sizes_count_bytes() -> None:
    def codes(subject_bytes: int, body_bytes: int, *, is_advertising: bool = False) -> set[str]:
        found = check_size(subject_bytes=subject_bytes, body_bytes=body_bytes, is_advertising=is_advertising)
        return {finding.code for finding in found}

    assert codes(limits.SUBJECT_BYTES, 1) == set()
    assert codes(limits.SUBJECT_BYTES + 1, 1) == {"subject_too_long"}
    assert codes(limits.SUBJECT_BYTES, 1, is_advertising=True) == {"subject_too_long"}
    assert codes(1, limits.DRAFT_BODY_BYTES + 1) == {"body_too_long"}
    assert codes(1, limits.BODY_SHOWN_WHOLE_BYTES + 1) == {"body_cut_off"}
