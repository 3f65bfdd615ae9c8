from playwright.sync_api import Page, expect

from addressbook.models import Erasure
from tests.support.invariants import contents
from tests.support.looks import looks
from tests.support.people import PASSWORD
from tests.support.stack import wait_for
from workspace.models import Edition


def ok(page: Page, name: str) -> None:
    page.get_by_role("dialog", name=name).get_by_role("button", name="OK").click()


def confirm(page: Page) -> None:
    """The session of a test has not seen the password yet."""
    page.locator("#step-up-password").fill(PASSWORD)
    ok(page, "Confirm it is you")


def test_reset_and_undo_with_what_came_in_between(page_of, alice, book, make_group, register, axe) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/?group={book.current_edition.groups.get().pk}")
    page.get_by_role("button", name="Reset").click()
    dialog = page.get_by_role("dialog", name="Reset address book")
    expect(dialog.get_by_label("Keep for 7 days")).to_be_checked()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    ok(page, "Reset address book")
    expect(page.locator("#step-up-password")).to_be_focused()
    axe(page)
    confirm(page)
    ok(page, "Notification")
    expect(page.get_by_text("The address book is empty", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{page.url.partition('/books/')[0]}/books/{book.slug}/")
    assert contents(book) == {}

    register("c@example.com")
    page.get_by_role("link", name="Undo reset").click()
    dialog = page.get_by_role("dialog", name="Undo reset")
    expect(dialog.get_by_text("Both together: 3 addresses; in both: 0.")).to_be_visible()
    ok(page, "Undo reset")
    ok(page, "Notification")
    expect(page.get_by_role("link", name="All addresses 3")).to_be_visible()
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": {"VIP"}, "c@example.com": set()}
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_text("Recovery copy of")).to_have_count(0)


def test_erasing_goes_on_by_itself_and_its_line_goes(page_of, alice, book, register, fill) -> None:
    fill(3000)
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/")
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("Erase at once").check()
    ok(page, "Reset address book")
    confirm(page)
    name = page.get_by_role("dialog", name="Reset address book").get_by_label("Type the name of the address book")
    expect(name).to_have_attribute("aria-invalid", "true")
    assert not Erasure.objects.exists()
    name.fill("Main")
    ok(page, "Reset address book")
    ok(page, "Notification")
    wait_for(lambda: not Erasure.objects.exists(), 30)
    expect(page.get_by_text("Erasing", exact=False).filter(visible=True)).to_have_count(0)
    assert not Edition.objects.filter(number=1).exists()


@looks(0)
def test_the_dialogs_are_accessible_and_fit(
    stack, page_of, alice, book, make_group, register, do_reset, axe, language, width, scheme
) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    do_reset()
    register("b@example.com", make_group("New"))
    page = page_of(alice, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    for path in ("", "reset/", "reset/1/undo/", "reset/1/erase/", "settings/"):
        page.goto(f"/books/{book.slug}/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.goto(f"/books/{book.slug}/reset/")
    page.locator("dialog button.danger").click()
    expect(page.locator("#step-up-password")).to_be_visible()
    axe(page)
