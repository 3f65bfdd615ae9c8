"""Bulk registration as a person does it, with the real worker."""

import re

import pytest
from playwright.sync_api import expect

from addressbook.models import Upload
from tests.support.invariants import assert_consistent, contents

DEFECTS = "이메일;이름\na@example.com;가\nkim@naver;나\nA@example.com;다\nb@example.com;라\n\nc@example.com;마\n"


def numbers(dialog) -> dict[str, str]:
    rows = dialog.locator("dl div")
    return dict(row.inner_text().split("\n") for row in rows.all())


def send(page, content: bytes, name: str = "목록.csv"):
    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    field = dialog.get_by_label("Select file for bulk registration")
    field.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    return dialog


def test_from_a_file_with_defects_to_mended_rows(open_book, bob, book, make_group, axe, tmp_path) -> None:
    make_group("VIP")
    page = open_book(bob)
    page.get_by_role("link", name="VIP 0").click()
    expect(page.get_by_role("heading", name="VIP")).to_be_visible()
    dialog = send(page, DEFECTS.encode("cp949"))
    expect(dialog.get_by_text("Invalid", exact=True)).to_be_visible(timeout=20_000)
    expected = {"Rows": "6", "New": "3", "Already there": "0", "Duplicates": "1", "Invalid": "1"}
    assert numbers(dialog) == {**expected, "Blank": "1"}
    expect(dialog.locator(".findings")).to_contain_text("Row 3 kim@naver")
    expect(dialog.get_by_label("Group", exact=True)).to_have_value(str(book.current_edition.groups.get().pk))
    dialog.get_by_text("How the file was read").click()
    expect(dialog.get_by_text("CP949")).not_to_have_count(0)
    axe(page)
    page.screenshot(path=tmp_path / "check.png")

    dialog.get_by_role("button", name="Register", exact=True).click()
    notification = page.get_by_role("dialog", name="Notification")
    expect(notification).to_be_visible(timeout=20_000)
    shown = numbers(notification)
    assert (shown["Rows"], shown["Registered"], shown["Added to “VIP”"], shown["Invalid"]) == ("6", "3", "3", "1")
    axe(page)
    with page.expect_download() as download:
        notification.get_by_role("link", name="Download invalid rows").click()
    refused = tmp_path / "refused.csv"
    download.value.save_as(refused)
    assert "kim@naver" in refused.read_text("utf-8-sig")
    notification.get_by_role("button", name="OK").click()
    expect(page.get_by_role("link", name="VIP 3")).to_be_visible()
    expect(page.locator("#jobs").get_by_text("3 addresses registered")).to_be_visible()

    mended = refused.read_text("utf-8-sig").replace("kim@naver", "kim@naver.com")
    dialog = send(page, mended.encode(), "mended.csv")
    expect(dialog.get_by_text("New", exact=True)).to_be_visible(timeout=20_000)
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("dialog", name="Notification")).to_be_visible(timeout=20_000)
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    assert set(contents(book)) == {"a@example.com", "b@example.com", "c@example.com", "kim@naver.com"}
    assert_consistent(book)


def test_few_refused_rows_are_mended_in_the_popup(open_book, bob, book) -> None:
    page = open_book(bob)
    dialog = send(page, b"email\na@example.com\nuser@naver,com\n", "list.txt")
    dialog.get_by_role("button", name="Register", exact=True).click(timeout=20_000)
    notification = page.get_by_role("dialog", name="Notification")
    notification.get_by_role("link", name="Mend it here").click(timeout=20_000)
    dialog = page.get_by_role("dialog", name="Register address")
    dialog.get_by_role("button", name="Use user@naver.com").click()
    expect(dialog.get_by_label("Email addresses")).to_have_value("user@naver.com")
    dialog.get_by_role("button", name="OK").click()
    expect(page.get_by_role("dialog", name="Notification")).to_be_visible()
    assert set(contents(book)) == {"a@example.com", "user@naver.com"}


def test_a_closed_popup_stops_nothing_and_is_found_again(open_book, bob, book, axe) -> None:
    page = open_book(bob)
    dialog = send(page, b"email\na@example.com\n", "list.csv")
    dialog.locator("#upload-body [data-close]").first.click(timeout=20_000)
    expect(page.locator("#jobs").get_by_text("checked – ready to register")).to_be_visible(timeout=20_000)
    axe(page)
    page.reload()
    page.get_by_role("link", name="Show list.csv").click()
    page.get_by_role("dialog", name="Register address").get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("dialog", name="Notification")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("a@example.com")).to_be_visible()


def test_a_file_that_is_too_large_is_not_even_sent(open_book, bob, tmp_path) -> None:
    page = open_book(bob)
    large = tmp_path / "large.csv"
    large.write_bytes(b"a" * (10 * 1024 * 1024 + 1))
    page.get_by_role("button", name="Register address").click()
    page.get_by_role("dialog").get_by_label("Select file for bulk registration").set_input_files(large)
    expect(page.get_by_role("alert").filter(has_text="The file is too large")).to_be_visible()
    # Nothing was sent, so nothing is waited for.
    page.wait_for_timeout(500)
    expect(page.locator("body")).not_to_have_class(re.compile("working"))
    assert not Upload.objects.exists()


def test_another_column_is_chosen_in_the_popup(open_book, bob) -> None:
    page = open_book(bob)
    content = b"Email,Second\na@example.com,x@example.com\nb@example.com,wrong\n"
    dialog = send(page, content, "list.csv")
    dialog.get_by_text("How the file was read").click(timeout=20_000)
    dialog.get_by_label("Addresses").select_option(label="column B “Second”")
    expect(dialog.get_by_text("addresses in column B “Second”")).to_be_visible(timeout=20_000)
    assert numbers(dialog)["Invalid"] == "1"


@pytest.mark.parametrize("width", [1440, 390])
def test_the_popup_fits(open_book, bob, width, axe) -> None:
    page = open_book(bob, viewport={"width": width, "height": 900})
    dialog = send(page, DEFECTS.encode("cp949") + ("긴" * 30 + "@gamil.com;" + "b" * 100 + "\n").encode("cp949"))
    expect(dialog.get_by_text("Invalid", exact=True)).to_be_visible(timeout=20_000)
    dialog.get_by_text("How the file was read").click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_file_of_many_columns_fits_and_ok_stays_in_sight(open_book, bob) -> None:
    page = open_book(bob, viewport={"width": 390, "height": 844})
    names = ",".join(f"Heading{number}" for number in range(8))
    dialog = send(page, f"Email,{names}\n".encode() + b"a@example.com,1,2,3,4,5,6,7,8\n" * 20, "list.csv")
    dialog.get_by_text("How the file was read").click(timeout=20_000)
    expect(dialog.get_by_label("First rows as read")).not_to_have_count(0)
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    assert dialog.evaluate("dialog => dialog.scrollHeight > dialog.clientHeight")
    expect(dialog.get_by_role("button", name="Register", exact=True)).to_be_in_viewport(ratio=1)


def test_the_whole_round_without_scripts(open_book, bob, book) -> None:
    page = open_book(bob, java_script_enabled=False)
    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    field = dialog.get_by_label("Select file for bulk registration")
    field.set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": b"email\na@example.com\nwrong\n"})
    dialog.get_by_role("button", name="OK").click()
    for _ in range(50):
        if page.get_by_role("link", name="Refresh").count() == 0:
            break
        page.get_by_role("link", name="Refresh").click()
    assert numbers(dialog)["New"] == "1"
    dialog.get_by_role("button", name="Register", exact=True).click()
    for _ in range(50):
        if page.get_by_role("link", name="Refresh").count() == 0:
            break
        page.get_by_role("link", name="Refresh").click()
    assert numbers(dialog)["Registered"] == "1"
    assert re.search(r"/uploads/\d+/$", page.url)
    assert set(contents(book)) == {"a@example.com"}


def test_a_dropped_file_is_sent_with_a_bar_and_typed_text_is_kept(open_book, bob) -> None:
    page = open_book(bob)
    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    dialog.get_by_label("Email addresses").fill("typed@example.com")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    session.send("Network.emulateNetworkConditions", slow)
    drop_file(page, dialog.locator(".drop"), b"email\n" + b"a@example.com\n" * 40_000)
    bar = dialog.get_by_role("progressbar", name="Uploading")
    expect(bar).to_be_visible()
    page.wait_for_function("() => { const v = document.querySelector('#sending').value; return v > 0 && v < 100; }")
    session.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    expect(dialog.get_by_role("button", name="Cancel upload")).to_be_visible(timeout=20_000)
    expect(dialog.get_by_role("button", name="Register", exact=True)).to_be_visible(timeout=20_000)
    assert numbers(dialog)["Duplicates"] == "39,999"
    dialog.get_by_role("button", name="Cancel upload").click()
    page.get_by_role("button", name="Register address").click()
    expect(dialog.get_by_label("Email addresses")).to_have_value("typed@example.com")


def drop_file(page, place, content: bytes) -> None:
    """What a file manager does when a file is dragged over the place and let go."""
    data = page.evaluate_handle(
        """(text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "dropped.csv", {type: "text/csv"}));
            return data;
        }""",
        content.decode(),
    )
    for kind in ("dragover", "drop"):
        place.dispatch_event(kind, {"dataTransfer": data})


def test_a_file_is_dropped_on_the_page_and_mended_in_its_check(open_book, bob, book, axe, tmp_path) -> None:
    page = open_book(bob)
    content = "email,group\na@example.com,마케팅 동의\nb@gamil.com,VIP;서울\n"
    drop_file(page, page.locator("#main"), content.encode())
    dialog = page.get_by_role("dialog", name="Register address")
    dialog.get_by_role("button", name="Use “마케팅-동의”").click(timeout=20_000)
    expect(dialog.get_by_role("button", name="Use “마케팅-동의”")).to_have_count(0, timeout=20_000)
    dialog.get_by_role("button", name="Use the suggestion").click(timeout=20_000)
    expect(dialog.get_by_role("button", name="Take my decisions back")).to_be_visible(timeout=20_000)
    expect(dialog.get_by_role("button", name="Use the suggestion")).to_have_count(0, timeout=20_000)
    axe(page)
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("dialog", name="Notification")).to_be_visible(timeout=20_000)
    assert contents(book) == {"a@example.com": {"마케팅-동의"}, "b@gmail.com": {"VIP", "서울"}}


def test_cancel_ends_an_upload_that_is_on_its_way(open_book, bob, allowed_console_errors) -> None:
    allowed_console_errors += ["htmx:sendAbort", "htmx:afterRequest"]  # htmx reports what was stopped on purpose
    page = open_book(bob)
    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    session.send("Network.emulateNetworkConditions", slow)
    drop_file(page, dialog.locator(".drop"), b"email\n" + b"a@example.com\n" * 40_000)
    page.wait_for_function("() => document.querySelector('#sending').value > 0")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/send/")):
        page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    # Not before the browser has given the request up, or what is left of the file would still leave at once.
    session.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    page.wait_for_timeout(1_000)
    expect(page.locator("dialog")).to_have_count(0)
    assert not Upload.objects.exists()


def test_a_thousand_and_one_are_registered_as_a_file(open_book, bob) -> None:
    page = open_book(bob)
    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    dialog.get_by_label("Email addresses").fill("\n".join(f"user{number}@example.com" for number in range(1_001)))
    dialog.get_by_role("button", name="Register them as a file").click()
    expect(dialog.get_by_text("New", exact=True)).to_be_visible(timeout=20_000)
    assert numbers(dialog)["New"] == "1,001"
