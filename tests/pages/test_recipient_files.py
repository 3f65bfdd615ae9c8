"""Recipients out of a file, in a real browser: sent in, asked about, looked behind, read in another way."""

import pytest
from playwright.sync_api import Page, expect

from mailings.models import RecipientFile
from mailings.services.recipients import reading

GUESTS = """email,e-mail,city
a@example.com,x@example.com,Seoul
broken@,y@example.com,Busan
b@example.com,,
a@example.com,z@example.com,Jeju
"""


@pytest.fixture
def compose(page_of, bob, book, draft) -> Page:
    page = page_of(bob, viewport={"width": 1440, "height": 1000})
    page.goto(f"/books/{book.slug}/mailings/{draft.pk}/")
    return page


def test_a_file_from_its_choice_to_the_addresses_behind_each_number(compose, draft, axe) -> None:
    compose.get_by_role("link", name="Add recipients").click()
    dialog = compose.get_by_role("dialog")
    dialog.get_by_role("link", name="File").click()
    field = dialog.get_by_label("File", exact=True)
    field.set_input_files({"name": "guests.csv", "mimeType": "text/csv", "buffer": GUESTS.encode()})
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(compose.get_by_role("dialog", name="File guests.csv")).to_contain_text("It is being read.")

    # A worker reads it, and the window says so by itself: one column could be meant as well.
    reading.read_file(RecipientFile.objects.get().pk)
    expect(dialog).to_contain_text("Several columns could hold the addresses")
    axe(compose)
    dialog.get_by_role("button", name="Right as it is column A “email”").click()
    expect(dialog).to_contain_text("It is being read.")
    reading.read_file(RecipientFile.objects.get().pk)
    expect(dialog.locator("dl.counts")).to_contain_text("Recipients2Duplicates1Invalid1")
    dialog.get_by_text("How the file was read").click()
    expect(dialog.get_by_role("table", name="First rows as read")).to_contain_text("Busan")
    axe(compose)
    dialog.get_by_role("button", name="Close").press("Enter")
    expect(compose.get_by_role("dialog")).to_have_count(0)

    expect(compose.locator(".recipient-count")).to_have_text("2 recipients")
    compose.get_by_role("link", name="Duplicates: show 1").press("Enter")
    expect(dialog.get_by_role("row", name="a@example.com")).to_contain_text("Row 5")
    axe(compose)
    compose.keyboard.press("Escape")
    # The region was fetched meanwhile; the number that was pressed has the focus again.
    expect(compose.get_by_role("link", name="Duplicates: show 1")).to_be_focused()
    compose.get_by_role("link", name="Invalid: show 1").click()
    expect(dialog.get_by_role("row", name="broken@")).to_contain_text("Row 3")
    dialog.get_by_role("button", name="Close").click()
    with compose.expect_download() as download:
        compose.get_by_role("link", name="Download 1 entry that was not taken").click()
    assert download.value.suggested_filename == "guests – refused.csv"
    assert draft.sources.get().rows.count() == 2
