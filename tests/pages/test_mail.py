"""From *Mailing list* to a mail that is sent, as a person with a browser does it; axe and the policy look on."""

import pytest
from playwright.sync_api import Page, expect

SENT_SECONDS = 60


def begin(page: Page, slug: str) -> None:
    page.goto(f"/books/{slug}/mailings/")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Send mail")).to_be_visible()


def test_a_mail_is_written_looked_at_and_sent(page_of, bob, book, sender, connected, make_group, register, axe) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    page = page_of(bob)
    page.goto(f"/books/{book.slug}/")
    page.get_by_role("link", name="Mailing list").click()
    axe(page)
    begin(page, book.slug)
    axe(page)

    page.get_by_role("link", name="Add recipients").click()
    dialog = page.get_by_role("dialog", name="Add recipients")
    dialog.get_by_role("checkbox", name="VIP").first.check()
    axe(page)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("2 recipients", exact=True)).to_be_visible()

    page.get_by_label("Mail subject").fill("News of the spring")
    page.get_by_role("tab", name="HTML").click()
    page.get_by_role("textbox", name="Body").fill('<p style="color: #333333">Hello, here is the <b>news</b>.</p>')
    page.get_by_role("link", name="Preview").click()
    preview = page.get_by_role("dialog", name="Preview")
    expect(preview.get_by_text("News of the spring")).to_be_visible()
    expect(preview.frame_locator("iframe").get_by_text("Hello, here is the news.")).to_be_visible()
    axe(page)
    preview.get_by_role("button", name="Close").click()

    page.get_by_role("link", name="Check and send").click()
    check = page.get_by_role("dialog", name="Check before sending")
    expect(check.get_by_role("button", name="Send to 2 recipients")).to_be_enabled()
    axe(page)
    check.get_by_role("button", name="Send to 2 recipients").click()
    expect(page.get_by_role("heading", name="News of the spring")).to_be_visible()
    axe(page)
    expect(page.locator("#mailing-state .state-sent")).to_be_visible(timeout=SENT_SECONDS * 1000)
    page.get_by_text("Show the mail").click()
    expect(page.frame_locator("iframe").get_by_text("Hello, here is the news.")).to_be_visible()
    page.reload()
    axe(page)


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1440, "dark", "ja"), (1024, "light", "en"), (390, "dark", "ko")]
)
def test_the_pages_of_mail_are_accessible_and_fit(
    stack, page_of, alice, book, draft, axe, width, scheme, language
) -> None:
    page = page_of(alice, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    for path in (
        "",
        "?by=recipient",
        f"{draft.pk}/",
        f"{draft.pk}/recipients/",
        f"{draft.pk}/check/",
        f"{draft.pk}/test/",
    ):
        page.goto(f"/books/{book.slug}/mailings/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
