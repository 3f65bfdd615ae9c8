"""Downloads as a person does them, with the real worker."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import expect

from addressbook.models import Download
from tests.support.looks import looks
from workspace.services.work import jobs


def open_list(page):
    page.get_by_role("link", name="Download requests/list").click()
    return page.get_by_role("dialog", name="Excel download list")


def test_from_the_request_to_the_file(open_book, bob, book, make_group, register, axe, tmp_path) -> None:
    register("a@example.com =b@example.com", make_group("VIP"))
    page = open_book(bob)
    dialog = open_list(page)
    expect(dialog.get_by_text("No file has been requested yet.")).to_be_visible()
    axe(page)
    dialog.get_by_role("button", name="Request file creation").click()
    expect(dialog.get_by_role("list").get_by_text("Complete · 2 rows")).to_be_visible(timeout=20_000)
    expect(dialog.locator("[hx-trigger]")).to_have_count(0)  # nobody asks any more
    axe(page)
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download All addresses").click()
    assert download.value.suggested_filename.startswith("Main 2")
    download.value.save_as(tmp_path / "list.xlsx")
    sheet = load_workbook(BytesIO((tmp_path / "list.xlsx").read_bytes())).active
    assert {row[:2] for row in sheet.iter_rows(min_row=2, values_only=True)} == {
        ("a@example.com", "VIP"),
        ("=b@example.com", "VIP"),
    }
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Download requests/list")).to_be_focused()


def test_a_file_that_is_made_after_the_popup_is_closed_is_offered_on_the_page(open_book, bob, register, axe) -> None:
    register("a@example.com")
    page = open_book(bob)
    dialog = open_list(page)
    held = []
    page.route("**/downloads/request/", lambda route: held.append(route))
    dialog.get_by_role("button", name="Request file creation").click()
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_be_hidden()
    held[0].continue_()
    line = page.locator("#jobs").get_by_text("Download – All addresses: Complete · 1 row")
    expect(line).to_be_visible(timeout=20_000)
    expect(page.locator("#jobs[hx-trigger]")).to_have_count(0)
    axe(page)
    with page.expect_download():
        page.locator("#jobs").get_by_role("link", name="Download All addresses").click()
    expect(line).to_have_count(0)
    expect(page.get_by_role("link", name="Download requests/list")).to_be_focused()
    page.reload()
    expect(line).to_have_count(0)


def test_what_the_search_finds_by_keyboard_alone(open_book, bob, book, make_group, register) -> None:
    register("a@example.com b@example.org", make_group("VIP"))
    page = open_book(bob)
    page.get_by_role("link", name="VIP 2").click()
    expect(page.get_by_role("heading", name="VIP")).to_be_visible()
    page.get_by_role("searchbox").fill("example.org")
    expect(page.locator("#results").get_by_text("1 address contains “example.org”.")).to_be_visible()
    page.get_by_role("link", name="Download requests/list").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Excel download list")
    dialog.get_by_label("Addresses").select_option(label="“example.org” in group “VIP”")
    dialog.get_by_label("Format").select_option(label="CSV (.csv)")
    dialog.get_by_role("button", name="Request file creation").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("list").get_by_text("Complete · 1 row")).to_be_visible(timeout=20_000)
    assert "example.org" not in page.url
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_whole_round_without_scripts(open_book, bob, book, register) -> None:
    register("a@example.com")
    page = open_book(bob, java_script_enabled=False)
    dialog = open_list(page)
    dialog.get_by_role("button", name="Request file creation").click()
    for _ in range(50):
        if dialog.get_by_text("Complete · 1 row").count():
            break
        dialog.get_by_role("link", name="Refresh").click()
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download All addresses").click()
    assert download.value.suggested_filename.endswith(".xlsx")


@pytest.fixture
def every_state(stack, book, ask, monkeypatch) -> None:
    """A request in each state, with names as long as they may be."""
    long = {"group_name": "아주-긴-그룹-이름" * 10, "reason": "가을 행사 안내 " * 20, "requester": "w" * 100}
    ended = {"finished_at": "2026-11-20T00:00Z"}
    # So that the scheduler of the running processes finds nothing to mend.
    soon = timezone.now() + timedelta(seconds=45)
    file = stack.data_dir / "files" / "downloads" / "x"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    states: list[dict] = [
        {"state": "failed", **ended, "outcome": {"reason": "no_space"}, **long},
        {"state": "cancelled", **ended, "scope": "search"},
        {"state": "expired", **ended, "row_count": 1_000_000, "size": 20_000_000},
        {"state": "complete", **ended, "stored_file": "downloads/x", "row_count": 363_000, "size": 9_876_543,
         "expires_at": timezone.now() + timedelta(days=1)},
        {"state": "running", "lease_until": soon, "rows_done": 430, "rows_total": 1000, "format": "csv"},
        {"state": "waiting", "format": "console", "announced_at": timezone.now()},
    ]  # fmt: skip
    monkeypatch.setattr(jobs, "announce", lambda work: None)
    for values in states:
        Download.objects.filter(pk=ask().pk).update(**values)


@looks(0)
def test_every_state_is_accessible_and_fits(
    stack, page_of, bob, book, register, every_state, axe, width, scheme, language, tmp_path
) -> None:
    register("a@example.com")
    page = page_of(bob, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    page.goto(f"/books/{book.slug}/downloads/")
    expect(page.locator("#download-list li")).to_have_count(6)
    axe(page)
    page.screenshot(path=Path(tmp_path, f"{width}.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('#downloads-dialog'))")


def test_a_viewer_sees_the_list_and_no_button(open_book, vera, bob, book, register, ask, axe) -> None:
    register("a@example.com")
    page = open_book(vera)
    dialog = open_list(page)
    expect(dialog.get_by_text("Managers and admins")).to_be_visible()
    expect(dialog.get_by_role("button")).to_have_count(1)  # OK
    axe(page)
