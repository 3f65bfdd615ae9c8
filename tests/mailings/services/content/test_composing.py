"""From a draft to what is sent: placeholders, escaping, layout, footer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.services.content import placeholders
from mailings.services.content.composing import Content, MissingValueError, compose, render
from mailings.services.content.layout import UNSUBSCRIBE_MARK, Footer

FOOTER = Footer(
    company="Example & Co", email="mail@example.com", telephone="02-000-0000", postal_address="1 Example St"
)


def test_values_are_text_in_the_subject_and_html_in_the_body() -> None:
    composed = compose(Content(subject="For ${who}", body="<p>For ${who}</p>"))

    mail = render(composed, {"who": "A&B <i>"})

    assert mail.subject == "For A&B <i>"
    assert ">For A&amp;B &lt;i&gt;</p>" in mail.body


def test_the_marks_of_the_subject_have_names_of_their_own() -> None:
    composed = compose(Content(subject="${a} ${a_s}", body="<p>${a}</p>"))

    assert placeholders.names_in(composed.title) == ["a_s_s", "a_s_s_s"]
    assert render(composed, {"a": "1", "a_s": "2"}).subject == "1 2"


def test_the_recipients_own_value_wins_over_everybodys_and_that_over_the_fallback() -> None:
    content = Content(subject="${x}", body="<p>b</p>", values={"x": "common"}, fallbacks={"x": "fallback"})

    assert render(compose(content), {"x": "own"}).subject == "own"
    assert render(compose(content), {"x": ""}).subject == "common"
    assert render(compose(Content(subject="${x}", body="b", fallbacks={"x": "fallback"})), {}).subject == "fallback"


def test_a_missing_value_never_leaves() -> None:
    composed = compose(Content(subject="${a} ${b}", body="<p>${c}</p>", values={"b": "1"}))

    with pytest.raises(MissingValueError) as refused:
        composed.parameters_for({})

    assert refused.value.names == ["a", "c"]


@pytest.mark.parametrize("value", ["${other}", "$${other}", "a ${other} b"])
def test_a_value_is_never_a_mark_of_its_own_in_the_body(value: str) -> None:
    composed = compose(Content(subject="s", body="<p>${x} ${other}</p>", values={"other": "secret"}))
    once = render(composed, {"x": value}).body

    assert placeholders.filled(once, {"other": "secret"}) == once


def test_line_breaks_never_reach_the_subject() -> None:
    mail = render(compose(Content(subject="a\r\nBcc: x ${v}", body="b")), {"v": "1\u20282\n3"})

    assert mail.subject.splitlines() == [mail.subject]


def test_source_that_was_typed_is_sent_byte_for_byte() -> None:
    source = "<!DOCTYPE html>\r\n<HTML><body bgcolor=red>\t<P>x&nbsp;<br/>${a}</BODY></html>\n"

    assert compose(Content(subject="s", body=source, is_simple=False)).body == source


def test_the_footer_states_the_facts_and_where_one_refuses() -> None:
    simple = compose(Content(subject="s", body="<p>b</p>", footer=FOOTER)).body
    typed = compose(
        Content(subject="s", body="<html><body><p>b</p></body></html>", is_simple=False, footer=FOOTER)
    ).body

    for body in (simple, typed):
        footer = body[body.index("b</p>") :]
        assert all(text in footer for text in ("Example &amp; Co", "mail@example.com", "02-000-0000", "1 Example St"))
        assert footer.count(UNSUBSCRIBE_MARK) == 1
        assert footer.rstrip().endswith("</html>")


def test_a_place_for_the_refusal_that_was_typed_is_kept() -> None:
    body = f"<body>{UNSUBSCRIBE_MARK}<p>b</p></body>"

    assert compose(Content(subject="s", body=body, is_simple=False, footer=FOOTER)).body.count(UNSUBSCRIBE_MARK) == 1


def test_styles_stand_in_attributes_and_no_class_is_left() -> None:
    body = compose(Content(subject="s", body='<h1>t</h1><p style="text-align:center">b</p><ul><li>x</li></ul>')).body

    assert "<style" not in body
    assert " class=" not in body
    assert re.search(r'<p style="[^"]*margin: 0 0 16px[^"]*text-align: ?center', body)
    assert re.search(r'<h1 style="[^"]*font-size: 26px', body)


@given(st.dictionaries(st.from_regex(r"\A\w{1,8}\Z"), st.text(min_size=1, max_size=30), min_size=1, max_size=4))
def test_no_mark_is_left_when_all_have_values(values: dict[str, str]) -> None:
    text = " ".join(placeholders.mark(name) for name in values)
    mail = render(compose(Content(subject=text, body=f"<p>{text}</p>")), values)

    assert not any(placeholders.mark(name) in mail.body for name in values)
