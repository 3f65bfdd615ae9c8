"""A mail from the first letter to its recipients, in a real browser: typed as Koreans type, saved, looked at, sent."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailings.models import Mailing, MailingState
from mailings.services.content.sanitising import for_preview
from tests.support.stack import wait_for

SEEN_BY_MAIL_PROGRAMS = re.compile(r' rel="[^"]*"')


@pytest.fixture
def compose(page_of, bob, book, draft) -> Page:
    """bob's page *Send mail* of the draft, with the simple editor."""
    page = page_of(bob, viewport={"width": 1440, "height": 1000})
    page.goto(f"/books/{book.slug}/mailings/{draft.pk}/")
    expect(editor(page)).to_be_visible()
    return page


def editor(page: Page):
    return page.locator("#simple-field")


def body(page: Page) -> str:
    return page.locator("#body").input_value()


def tool(page: Page, name: str):
    return page.get_by_role("toolbar", name="Formatting").get_by_role("button", name=name, exact=True)


class Korean:
    """An input method: what is typed stands in the field and changes until its syllable is finished."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)

    def types(self, *syllables: tuple[str, ...]) -> None:
        for steps in syllables:
            for text in steps:
                self._key()
                place = {"selectionStart": len(text), "selectionEnd": len(text)}
                self.session.send("Input.imeSetComposition", {"text": text, **place})
            self._key()
            self.session.send("Input.insertText", {"text": steps[-1]})

    def begins(self, text: str) -> None:
        self._key()
        place = {"selectionStart": len(text), "selectionEnd": len(text)}
        self.session.send("Input.imeSetComposition", {"text": text, **place})

    def _key(self) -> None:
        key = {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": "KeyG"}
        self.session.send("Input.dispatchKeyEvent", key)


HAN = ("ㅎ", "하", "한")
GEUL = ("ㄱ", "그", "글")


@pytest.fixture
def korean(compose) -> Korean:
    return Korean(compose)


def insert_placeholder(page: Page, name: str) -> None:
    tool(page, "Placeholder").click()
    page.get_by_label("Name of the placeholder").fill(name)
    page.keyboard.press("Enter")
    expect(editor(page)).to_be_focused()


def saved(draft: Mailing, has: Callable[[Mailing], bool]) -> Mailing:
    """The draft, once it holds what was typed without anybody pressing a button."""

    def is_there() -> bool:
        draft.refresh_from_db()
        return has(draft)

    wait_for(is_there, seconds=20)
    return draft


def test_korean_is_typed_around_a_placeholder_and_saved_by_itself(compose, korean, draft) -> None:
    editor(compose).click()
    korean.types(HAN, GEUL)
    insert_placeholder(compose, "이름")
    korean.types(HAN)
    compose.keyboard.press("Enter")
    compose.keyboard.press("Control+b")
    korean.types(GEUL)

    expect(compose.locator(".placeholder-chip")).to_have_text("${이름}")
    mail = saved(draft, lambda draft: "글</strong>" in draft.body)
    assert "한글${이름}한" in mail.body
    assert re.search(r"<strong[^>]*>글</strong>", mail.body)
    expect(compose.locator("#draft-state")).to_contain_text("Saved at")
    expect(compose.get_by_label("Value for everybody of 이름")).to_be_visible()


def test_a_save_in_the_middle_of_a_syllable_leaves_it_alone(compose, korean, draft) -> None:
    editor(compose).click()
    korean.types(HAN)
    korean.begins("그")
    saved(draft, lambda draft: "한" in draft.body)
    korean.types(GEUL)

    expect(editor(compose)).to_have_text("한글")
    saved(draft, lambda draft: "한글" in draft.body)


def test_a_save_by_itself_leaves_an_open_dialog_alone(compose, draft) -> None:
    editor(compose).click()
    compose.keyboard.type("Hello")
    compose.get_by_role("link", name="Add recipients").click()
    dialog = compose.get_by_role("dialog", name="Add recipients")
    dialog.get_by_role("link", name="Addresses").click()
    dialog.get_by_role("textbox", name="Addresses").fill("a@example.com")
    saved(draft, lambda draft: "Hello" in draft.body)
    expect(compose.locator("#draft-state")).to_contain_text("Saved at")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(compose.locator(".recipient-count")).to_have_text("1 recipient")


def test_two_windows_do_not_overwrite_each_other(compose, draft, write, allowed_console_errors) -> None:
    allowed_console_errors.append("status of 409")
    write(draft, subject="Theirs")
    compose.get_by_label("Mail subject").fill("Mine")
    dialog = compose.get_by_role("dialog", name="The draft was changed elsewhere")
    expect(dialog).to_contain_text("Theirs")
    dialog.get_by_role("button", name="Save mine").click()
    saved(draft, lambda draft: draft.subject == "Mine")
    expect(dialog).to_have_count(0)


def test_a_typed_mark_becomes_a_chip(compose) -> None:
    editor(compose).click()
    compose.keyboard.type("Hello ${name}, welcome")

    expect(compose.locator(".placeholder-chip")).to_have_text("${name}")
    assert "Hello ${name}, welcome" in body(compose)


def write_everything(page: Page) -> None:
    """One of each thing that the toolbar makes."""
    editor(page).click()
    page.get_by_label("Style of the paragraph").select_option("heading1")
    page.keyboard.type("News & more")
    page.keyboard.press("Enter")
    for name, text in (("Bold", "bold"), ("Italic", "italic"), ("Underline", "under")):
        tool(page, name).click()
        page.keyboard.type(f"{text} ")
        tool(page, name).click()
    tool(page, "Align centre").click()
    page.keyboard.press("Enter")
    tool(page, "Align left").click()
    tool(page, "Bulleted list").click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    tool(page, "Link").click()
    page.get_by_label("Address (https://…)").fill("https://example.com/?a=1&b=2")
    page.keyboard.press("Enter")
    insert_placeholder(page, "name")
    tool(page, "Button").click()
    page.get_by_label("Label").fill("Read it")
    page.get_by_label("Address (https://…)").fill("https://example.com/read")
    page.keyboard.press("Enter")
    expect(editor(page)).to_be_focused()


def test_what_the_editor_writes_it_reads_again_and_mail_programs_keep(compose, draft) -> None:
    write_everything(compose)

    mail = saved(draft, lambda draft: "Read it" in draft.body)
    html = mail.body
    for part in ("<h1", "News &amp; more", "<strong", "<em", "<u", "text-align", "<ul", "${name}", "a=1&amp;b=2"):
        assert part in html, part
    assert compose.evaluate("html => window.MailSchema.keeps(html)", html)
    assert SEEN_BY_MAIL_PROGRAMS.sub("", for_preview(html, with_pictures=True)) == html
    compose.reload()
    expect(editor(compose)).to_be_visible()
    assert body(compose) == html


def test_spaces_that_show_survive_and_no_others(compose) -> None:
    editor(compose).click()
    compose.keyboard.type("  two  between ")
    compose.keyboard.press("Shift+Enter")
    compose.keyboard.type(" after a break ")
    tool(compose, "Bold").click()
    compose.keyboard.type(" bold ")

    html = body(compose)
    assert html == "<p>&nbsp; two &nbsp;between<br>&nbsp;after a break <strong>&nbsp;bold</strong></p>"
    assert compose.evaluate("html => window.MailSchema.keeps(html)", html)
    expect(editor(compose)).to_have_text(re.compile("bold"))


def test_the_toolbar_is_one_stop_of_the_keyboard(compose) -> None:
    editor(compose).click()
    compose.keyboard.type("word")
    compose.keyboard.press("Control+a")
    compose.keyboard.press("Alt+F10")
    style = compose.get_by_label("Style of the paragraph")
    expect(style).to_be_focused()
    compose.keyboard.press("ArrowRight")
    expect(tool(compose, "Bold")).to_be_focused()
    compose.keyboard.press("Enter")
    expect(editor(compose)).to_be_focused()
    assert "<strong" in body(compose)
    expect(tool(compose, "Bold")).to_have_attribute("aria-pressed", "true")
    compose.keyboard.press("Shift+Tab")
    expect(tool(compose, "Bold")).to_be_focused()
    compose.keyboard.press("End")
    expect(tool(compose, "Redo typing")).to_be_focused()
    compose.keyboard.press("ArrowRight")
    expect(style).to_be_focused()
    compose.keyboard.press("Escape")
    expect(editor(compose)).to_be_focused()


def test_from_the_draft_to_its_recipients_and_back(compose, draft, make_group, register, axe) -> None:
    register("a@example.com b@example.com c@example.com", make_group("VIP"))
    compose.get_by_label("Mail subject").fill("Hello ${name}")
    editor(compose).click()
    compose.keyboard.type("Dear ${name}, good news.")
    axe(compose)

    compose.get_by_role("link", name="Add recipients").click()
    dialog = compose.get_by_role("dialog", name="Add recipients")
    dialog.get_by_role("checkbox", name="VIP").check()
    axe(compose)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(compose.locator(".recipient-count")).to_have_text("3 recipients")

    compose.get_by_label("Value for everybody of name").fill("reader")
    compose.get_by_role("link", name="Preview").click()
    expect(compose.frame_locator(".mail-frame").get_by_text("Dear reader, good news.")).to_be_visible()
    expect(compose.get_by_role("dialog", name="Preview")).to_contain_text("Hello reader")
    axe(compose)
    compose.keyboard.press("Escape")

    compose.get_by_role("link", name="Check and send").click()
    expect(compose.get_by_role("dialog", name="Check before sending")).to_contain_text("Hello ${name}")
    axe(compose)
    compose.get_by_role("button", name="Send to 3 recipients").click()
    compose.get_by_role("button", name="Undo").wait_for()
    expect(compose.get_by_role("table", name="Recipients")).to_contain_text("b@example.com")
    axe(compose)
    compose.get_by_role("button", name="Undo").click()
    expect(compose.get_by_text("It is a draft again. Nothing was sent.").first).to_be_visible()
    draft.refresh_from_db()
    assert draft.state == MailingState.DRAFT
    assert draft.body.startswith("<p")


def test_what_must_be_fixed_leads_to_its_place(compose, axe) -> None:
    compose.get_by_role("link", name="Check and send").click()
    dialog = compose.get_by_role("dialog", name="Check before sending")
    expect(dialog.get_by_role("button", name=re.compile("Send to"))).to_be_disabled()
    axe(compose)
    dialog.get_by_role("listitem").filter(has_text="Type a subject.").get_by_role("link", name="Go there").click()
    expect(compose.get_by_label("Mail subject")).to_be_focused()


def test_the_list_and_the_settings_of_mail_are_accessible(page_of, alice, book, draft, write, axe) -> None:
    write(draft, subject="Hello ${name}")
    page = page_of(alice)
    for path in ("mailings/", "mailings/?by=recipient", "settings/"):
        page.goto(f"/books/{book.slug}/{path}")
        axe(page)
    page.goto(f"/books/{book.slug}/mailings/")
    page.get_by_role("link", name="Hello ${name}").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete draft")).to_be_visible()
    axe(page)
