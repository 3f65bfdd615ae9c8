"""Undo and history in the browser."""

import re

from playwright.sync_api import expect

from tests.support.invariants import contents
from tests.support.looks import looks


def test_an_act_is_undone_from_its_notification(open_book, bob, book, make_group, register, axe) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    page = open_book(bob)
    page.get_by_label("Select a@example.com").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog", name="Delete").get_by_role("button", name="OK").click()
    notification = page.get_by_role("dialog", name="Notification")
    expect(notification).to_contain_text("Deleted")
    axe(page)
    notification.get_by_role("link", name="Undo").press("Enter")
    dialog = page.get_by_role("dialog", name="Undo “Delete addresses”")
    expect(dialog).to_contain_text("1 address was deleted.")
    expect(dialog).to_contain_text("Addresses that come back")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    expect(notification).to_have_count(0)
    axe(page)
    dialog.get_by_role("button", name="OK").click()
    expect(notification).to_contain_text("“Delete addresses” is undone.")
    notification.get_by_role("button", name="OK").click()
    expect(page.get_by_label("Select a@example.com")).to_be_visible()
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": {"VIP"}}


def test_an_act_is_undone_from_the_history(open_book, bob, book, register) -> None:
    register("a@example.com")
    page = open_book(bob)
    page.get_by_role("link", name="History").click()
    row = page.get_by_role("row", name=re.compile("1 address was registered"))
    row.get_by_role("link", name="Undo").click()
    dialog = page.get_by_role("dialog", name="Undo “Register address”")
    dialog.get_by_role("button", name="OK").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    assert contents(book) == {}
    page.get_by_role("link", name="History").click()
    expect(row).to_contain_text("undone")
    expect(page.get_by_role("row", name=re.compile("“Register address” by alice was undone"))).to_be_visible()


@looks(2)
def test_the_history_is_accessible_and_fits(
    stack, page_of, alice, book, make_group, register, axe, language, width, scheme
) -> None:
    register("a@example.com", make_group("아주-긴-그룹-이름" * 6))
    page = page_of(alice, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    for query in ("", "?person=alice&kind=undo"):
        page.goto(f"/books/{book.slug}/history/{query}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_history_is_filtered_and_downloaded(page_of, alice, book, register) -> None:
    register("a@example.com")
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/history/")
    page.get_by_label("User").select_option("alice")
    page.get_by_label("Action").select_option(label="Register address")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").last).to_contain_text("Insert Address")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download history").click()
    assert download.value.suggested_filename.startswith(f"history-{book.slug}-")
    content = download.value.path().read_text(encoding="utf-8-sig")
    assert len(content.splitlines()) == 2
    assert "Insert Address" in content
