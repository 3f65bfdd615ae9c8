"""axe on every page, in every language, in light and dark, wide and narrow; and no page wider than its window."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.support.looks import LANGUAGES, WINDOWS
from tests.support.people import PASSWORD
from tests.support.sizes import size
from workspace.models import Region, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_pages_are_accessible_and_fit(stack, page_of, alice, book, make_group, register, axe, width, scheme) -> None:
    """On a push every two of page, window and language meet, in `make test-deep` every three."""
    group = make_group("아주-긴-그룹-이름" * 6)
    register("a@example.com " + "b" * 60 + "@" + "c" * 60 + ".example.com", group)
    page = page_of(alice, viewport={"width": width, "height": 900}, color_scheme=scheme)
    paths = ["", f"?group={group.pk}", "register/", "settings/", "settings/members/"]
    first = WINDOWS.index((width, scheme))
    part = [(path, LANGUAGES[(first + number) % len(LANGUAGES)]) for number, path in enumerate(paths)]
    for path, language in size(part, list(itertools.product(paths, LANGUAGES))):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
        page.goto(f"/books/{book.slug}/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1440, "dark", "ja"), (1024, "light", "en"), (390, "dark", "ko")]
)
def test_the_first_minutes_are_accessible_and_fit(stack, page_of, bob, book, axe, width, scheme, language) -> None:
    """The offer of samples, what loading them says, and every hint until the last is put away. A phone has no room
    for hints: the list comes first there.
    """
    page = page_of(bob, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])

    def looks_right() -> None:
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.goto(f"/books/{book.slug}/")
    expect(page.locator("#load-samples")).to_be_visible()
    looks_right()
    page.locator("#load-samples").click()
    expect(page.locator("#notification-dialog")).to_be_visible()
    looks_right()
    page.keyboard.press("Enter")
    hints, said = page.locator("#hint p"), ""
    if width < 640:
        expect(page.locator("#addresses-title")).to_be_visible()
        expect(hints).to_be_hidden()
        looks_right()
        return
    for _ in range(3):
        expect(hints).not_to_have_text(said)
        said = hints.inner_text()
        looks_right()
        page.locator("#hint-seen").focus()
        page.keyboard.press("Enter")
    expect(hints).to_have_count(0)
    expect(page.locator("#addresses-title")).to_be_focused()


def test_an_error_page_is_accessible(page_of, alice, axe, allowed_console_errors) -> None:
    allowed_console_errors.append("status of 404")
    page = page_of(alice)
    page.goto("/books/none/")
    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()
    axe(page)


def test_the_menu_of_books_is_accessible_and_fits(stack, page_of, alice, book, axe) -> None:
    other = books.create_book(name="W" * 60, zone=Zone.PUBLIC, region=Region.JPN, by=Actor(alice))
    page = page_of(alice, viewport={"width": 390, "height": 900})
    page.goto(f"/books/{book.slug}/")
    summary = page.locator(".book-menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="W" * 60)
    expect(link).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    link.click()
    expect(page).to_have_url(f"{stack.url}/books/{other.slug}/")


def test_the_question_before_removing_a_member_is_accessible(page_of, alice, vera, book, axe) -> None:
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/settings/members/")
    page.get_by_role("button", name="Remove vera").click()
    expect(page.get_by_role("heading", name="Remove member")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="OK").click()
    expect(page.get_by_text("vera is no longer a member.")).to_be_visible()
    axe(page)
