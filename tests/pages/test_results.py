"""From *Mailing list* to what can be done for those who were not reached, as a person with a browser does it."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mailings.models import Mailing, Part, Recipient


@pytest.fixture
def ended(book, sender) -> Mailing:
    """A mailing of which two of three recipients failed."""
    now = timezone.now()
    values = {"state": "sent", "confirmed_at": now, "began_at": now, "done_at": now, "confirmer": "alice"}
    values |= {"planned": 3, "sent": 1, "failed": 2, "sender_address": sender.address, "sender": sender}
    mailing = Mailing.objects.create(book=book, subject="Spring", body="<p>Hello</p>", **values)
    codes = ["", "RECIPIENT_ADDRESS_ERROR", "ETC_ERROR"]
    for number, code in enumerate(codes):
        email = f"r{number}@example.com"
        row = {"state": "failed" if code else "sent", "result_code": code, "email": email, "key": email}
        Recipient.objects.create(mailing=mailing, number=number + 1, **row)
    Part.objects.create(mailing=mailing, number=1, state="done", first=1, last=3, recipient_count=3, request_id="42")
    return mailing


def open_it(page: Page, slug: str) -> None:
    page.goto(f"/books/{slug}/mailings/")
    page.get_by_role("link", name="Spring").click()
    expect(page.get_by_role("heading", name="Spring")).to_be_visible()


def test_those_not_reached_are_looked_at_and_taken_care_of(page_of, bob, book, ended, register, axe) -> None:
    register("r1@example.com r2@example.com")
    page = page_of(bob)
    open_it(page, book.slug)
    axe(page)

    page.get_by_role("link", name="r1@example.com").click()
    got = page.get_by_role("dialog", name="What this person got")
    expect(got.frame_locator("iframe").get_by_text("Hello")).to_be_visible()
    axe(page)
    got.get_by_role("button", name="Close").click()

    page.get_by_label("Result").select_option(label="Failed: The address does not exist.")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="r2@example.com")).to_have_count(0)

    page.get_by_role("link", name="Download requests/list").click()
    expect(page.get_by_role("dialog", name="Excel download list")).to_be_visible()
    axe(page)
    page.get_by_role("dialog").get_by_role("button", name="OK").click()

    page.get_by_role("link", name="Take out of the address book").click()
    dialog = page.get_by_role("dialog", name="Take out of the address book")
    axe(page)
    dialog.get_by_role("button", name="Delete").click()
    done = page.get_by_role("dialog", name="Notification")
    expect(done.get_by_text("Deleted")).to_be_visible()
    expect(done.get_by_role("link", name="Undo")).to_be_visible()
    axe(page)
    done.get_by_role("button", name="OK").click()

    page.get_by_role("link", name="Send to those not reached").click()
    again = page.get_by_role("dialog", name="Send to those not reached")
    expect(again.get_by_role("checkbox", checked=True)).to_have_count(1)
    again.get_by_role("button", name="Create draft").click()
    expect(page.get_by_role("heading", name="Send mail")).to_be_visible()
    expect(page.get_by_text("1 recipient", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1440, "light", "en"), (1024, "dark", "ja"), (390, "light", "ko")]
)
def test_results_and_statistics_are_accessible_and_fit(
    stack, page_of, alice, book, ended, register, axe, width, scheme, language
) -> None:
    register("r1@example.com")
    page = page_of(alice, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    for path in ("", f"{ended.pk}/", f"{ended.pk}/not-reached/group/", "files/", "statistics/"):
        page.goto(f"/books/{book.slug}/mailings/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
