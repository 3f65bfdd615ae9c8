"""The account as people see it: two-factor turned on and used, and a password before the keys."""

import pytest
from playwright.sync_api import expect

from tests.support.people import PASSWORD
from tests.support.totp import App


def give_password(page, name: str) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=name).click()


@pytest.fixture
def sign_in(page_of, alice):
    """alice at the sign-in page; returns the page after her password."""

    def sign_in(**options):
        page = page_of(**options)
        page.goto("/sign-in/?next=/account/")
        page.get_by_label("Username").fill("alice")
        give_password(page, "Sign in")
        return page

    return sign_in


def test_two_factor_from_the_first_code_to_the_next_sign_in(sign_in, axe) -> None:
    page = sign_in()
    axe(page)
    page.get_by_role("link", name="Set up two-factor sign-in").click()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    page.get_by_text("Type the key instead").click()
    app = App.typed(page.locator("#secret-key").inner_text())
    axe(page)
    page.get_by_label("Type the code that the app shows now").fill(app.code(-1))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a file").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()

    other = sign_in()
    expect(other.get_by_role("heading", name="Your code, please")).to_be_visible()
    axe(other)
    other.get_by_label("Code from your app").fill(app.code())
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_text("Password and code")).to_be_visible()


def test_the_password_is_asked_for_before_the_keys(page_of, alice, book, axe) -> None:
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/settings/")
    page.get_by_role("link", name="Enter keys").click()
    expect(page.get_by_label("Password")).to_be_focused()
    axe(page)
    give_password(page, "OK")
    expect(page.get_by_label("Secret key")).to_be_visible()
    axe(page)


def test_a_superuser_helps_somebody_back_in(page_of, alice, vera, axe) -> None:
    alice.is_superuser = True
    alice.save()
    page = page_of(alice)
    page.goto("/users/")
    axe(page)
    page.get_by_role("link", name="vera").click()
    give_password(page, "OK")
    expect(page.get_by_role("heading", name="vera")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Make link for a new password").click()
    link = page.get_by_role("textbox", name="Link").input_value()
    axe(page)

    other = page_of()
    other.goto(link)
    expect(other.get_by_text("For the account vera.")).to_be_visible()
    assert "#" not in other.url
    axe(other)
    other.get_by_label("New password", exact=True).fill(f"new {PASSWORD}")
    other.get_by_label("Confirm new password").fill(f"new {PASSWORD}")
    other.get_by_role("button", name="Set password").click()
    expect(other.get_by_text("Your password is set. Sign in with it.")).to_be_visible()


def test_the_pages_of_the_users_fit_a_phone(page_of, alice, vera, axe) -> None:
    alice.is_superuser = True
    alice.save()
    page = page_of(alice, viewport={"width": 390, "height": 844})
    page.goto("/users/new/")
    give_password(page, "OK")
    for path in ("/users/new/", "/users/", f"/users/{vera.pk}/", "/password/"):
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
