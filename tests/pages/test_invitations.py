"""An invitation from the admin's page to the new member's first look in a browser; and what the logs hold of it."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.people import PASSWORD
from workspace.models import BookMember


@pytest.fixture
def link(page_of, alice, book, axe) -> str:
    page = page_of(alice)
    page.goto(f"/books/{book.slug}/settings/members/")
    page.get_by_label("Role", exact=True).first.select_option("manager")
    page.get_by_role("button", name="Create link").click()
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="OK").click()
    field = page.get_by_label("Link", exact=True)
    expect(field).to_have_value(re.compile("/join/#[0-9a-f]{64}$"))
    axe(page)
    return field.input_value()


def test_a_link_leads_to_an_account_and_into_the_book_and_stands_in_no_log(stack, page_of, book, link, axe) -> None:
    code = link.rpartition("#")[2]
    page = page_of(viewport={"width": 390, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    page.goto(link.replace(link[: link.index("/join/")], stack.url))
    expect(page.get_by_text("alice invites you to the address book “Main”.")).to_be_visible()
    assert code not in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account and join").click()
    expect(page.get_by_text("You are a member of the address book “Main” now.")).to_be_visible()
    assert BookMember.objects.get(user__username="dora").role == "manager"
    # A browser names a page without what stands after the #; Playwright's first request is the address as typed.
    assert not [line for line in asked[1:] if code in line]
    assert not [name for name in ("web", "worker", "beat") if code in stack.log(name)]


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_used_link_says_so_in_every_language(stack, page_of, link, axe, language, allowed_console_errors) -> None:
    allowed_console_errors.append("status of 4(04|10)")
    page = page_of()
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    page.goto(f"{stack.url}/join/#{'0' * 64}")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    axe(page)
