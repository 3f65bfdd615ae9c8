"""The whole job without a mouse: focus is where one goes on, and what changes is said once."""

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Error, Page, expect

from tests.support.invariants import assert_consistent, contents
from tests.support.people import PASSWORD

FILE = b"email\na@example.com\nb@example.com\nA@example.com\nnonsense\n"

# What a screen reader speaks by itself: what comes into the live region, and alerts.
LISTEN = """() => {
  window.heard = [];
  new MutationObserver(() => {
    const text = document.getElementById("announcements").textContent;
    if (text) window.heard.push(text);
  }).observe(document.getElementById("announcements"), {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Every step of a long way waits for the server; on a busy machine one of them takes long."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


class Keyboard:
    """A person who has no mouse and sees where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, element, *, by: str = "Tab") -> None:
        """What Tab does not lead to is not reached."""
        for _ in range(40):
            if element.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press(by)
        raise AssertionError(f"{by} does not lead to {element}")

    def back_to(self, element) -> None:
        self.go_to(element, by="Shift+Tab")

    def press(self, element, key: str = "Enter") -> None:
        self.go_to(element)
        self.page.keyboard.press(key)

    def heard(self, text: str) -> None:
        """It was said, and only once, since this was last asked."""
        with contextlib.suppress(Error):  # the words below say what was heard instead
            self.page.wait_for_function("text => window.heard.join(' ').includes(text)", arg=text, timeout=20_000)
        said = " ".join(self.page.evaluate("window.heard.splice(0)"))
        assert said.count(text) == 1, said


def test_the_whole_job_by_keyboard_alone(page_of, alice, book, axe) -> None:
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/")
    page.evaluate(LISTEN)
    keyboard = Keyboard(page)
    button = page.get_by_role("button", name="Register address")
    notification = page.get_by_role("dialog", name="Notification")

    # A group.
    name = page.get_by_role("region", name="Recipient groups").get_by_label("Group name")
    keyboard.go_to(name)
    page.keyboard.type("VIP")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="VIP")).to_be_visible()
    expect(name).to_be_focused()
    keyboard.heard("The group “VIP” was created.")

    # A file: chosen, its check read, applied.
    page.reload()
    page.evaluate(LISTEN)
    keyboard.press(button)
    dialog = page.get_by_role("dialog", name="Register address")
    expect(dialog.get_by_label("Email addresses")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Shift+Tab")
        expect(dialog.get_by_label("Select file for bulk registration")).to_be_focused()
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "list.csv", "mimeType": "text/csv", "buffer": FILE})
    keyboard.heard("Rows 4 New 2 Already there 0 Duplicates 1 Invalid 1")
    keyboard.press(dialog.get_by_role("button", name="Register", exact=True))
    expect(notification.get_by_role("button", name="OK")).to_be_focused(timeout=20_000)
    axe(page)
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    expect(page.get_by_role("link", name="VIP 2")).to_be_visible()

    # Other groups for one of them.
    keyboard.press(page.get_by_label("Select b@example.com"), "Space")
    keyboard.back_to(page.get_by_role("button", name="Edit group"))
    page.keyboard.press("Enter")
    edit = page.get_by_role("dialog", name="Edit group")
    inline = edit.get_by_label("Group name")
    expect(inline).to_be_focused()
    page.keyboard.type("Gold")
    page.keyboard.press("Enter")
    expect(edit.get_by_role("checkbox", name="Gold")).to_be_checked()
    expect(inline).to_be_focused()
    keyboard.heard("The group “Gold” was created.")
    keyboard.press(edit.get_by_role("checkbox", name="VIP"), "Space")
    keyboard.press(edit.get_by_role("button", name="Apply"))
    expect(notification.get_by_role("button", name="OK")).to_be_focused()
    page.keyboard.press("Enter")
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": {"Gold"}}

    # A download.
    opener = page.get_by_role("link", name="Download requests/list")
    keyboard.press(opener)
    listed = page.get_by_role("dialog", name="Excel download list")
    # It begins with what one looks at.
    expect(listed.get_by_label("Addresses")).to_be_focused()
    expect(listed.get_by_role("option", name="Group “VIP” (1)", selected=True)).to_be_attached()
    keyboard.press(listed.get_by_role("button", name="Request file creation"))
    keyboard.heard("Complete · 1 row")
    keyboard.go_to(listed.get_by_role("link", name="Download Group “VIP”"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()

    # Reset, with the password, and its undo.
    keyboard.back_to(page.get_by_role("button", name="Reset"))
    page.keyboard.press("Enter")
    reset = page.get_by_role("dialog", name="Reset address book")
    expect(reset.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(reset.get_by_role("button", name="OK")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#step-up-password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(notification.get_by_role("button", name="OK")).to_be_focused()
    page.keyboard.press("Enter")
    assert contents(book) == {}
    undo = page.get_by_role("link", name="Undo reset")
    expect(page.get_by_role("button", name="Reset")).to_be_focused()
    keyboard.press(undo)
    dialog = page.get_by_role("dialog", name="Undo reset")
    expect(dialog).to_be_visible()
    keyboard.press(dialog.get_by_role("button", name="OK"))
    expect(notification.get_by_role("button", name="OK")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="All addresses 2")).to_be_visible()
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": {"Gold"}}
    assert_consistent(book)
