"""The list: pages, selection, menus, acts on many, jobs."""

import re

import pytest
from playwright.sync_api import expect

from addressbook.models import Group
from tests.support.invariants import assert_consistent, contents


def test_pages_and_page_size(open_book, bob, fill) -> None:
    fill(120)
    page = open_book(bob)
    expect(page.locator(".range")).to_have_text("1–50 of 120")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".range")).to_have_text("51–100 of 120")
    expect(page.locator("#announcements")).to_have_text("51–100 of 120")
    page.get_by_role("button", name="Page 3").click()
    expect(page.locator(".range")).to_have_text("101–120 of 120")
    page.get_by_label("Rows per page").select_option("100")
    expect(page.locator(".range")).to_have_text("1–100 of 120")
    page.reload()
    expect(page.locator(".range")).to_have_text("1–100 of 120")


def test_reload_and_back_come_back_to_page_and_search(open_book, bob, book, make_group, fill, register) -> None:
    fill(120)
    register("kim@example.com kim@example.org", make_group("VIP"))
    page = open_book(bob)
    shown = page.locator(".range")
    expect(page).to_have_title("All addresses · Main")
    page.get_by_role("button", name="Page 2").click()
    expect(shown).to_have_text("51–100 of 122")
    assert page.url.endswith(f"/books/{book.slug}/?page=2")
    expect(page).to_have_title("All addresses – Page 2 · Main")
    page.reload()
    expect(shown).to_have_text("51–100 of 122")
    page.go_back()
    expect(shown).to_have_text("1–50 of 122")
    page.get_by_label("Search by email address").press_sequentially("kim@")
    expect(shown).to_have_text("1–2 of 2")
    expect(page).to_have_title("All addresses – Search · Main")
    assert "kim" not in page.url
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
    page.go_back()
    expect(shown).to_have_text("1–2 of 2")
    expect(page.get_by_label("Search by email address")).to_have_value("kim@")
    page.get_by_role("link", name="VIP 2").click()
    expect(page).to_have_title("VIP · Main")
    expect(page.get_by_label("Search by email address")).to_have_value("")


def test_order_filter_and_no_group_are_places_to_come_back_to(open_book, bob, make_group, register, axe) -> None:
    register("zoe@example.com anna@example.com", make_group("VIP"))
    register("max@example.com")
    page = open_book(bob)
    first = page.locator("#address-table tbody th").first
    page.get_by_role("columnheader", name="Address").get_by_role("button").click()
    expect(first).to_have_text("anna@example.com")
    page.reload()
    expect(first).to_have_text("anna@example.com")
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Registered from").fill("2999-01-01")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("No address found")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Remove the filter").click()
    expect(first).to_have_text("anna@example.com")
    page.get_by_role("link", name="No group").click()
    expect(page.get_by_role("heading", name="No group")).to_be_visible()
    expect(page.locator(".range")).to_have_text("1–1 of 1")
    page.reload()
    expect(first).to_have_text("max@example.com")
    axe(page)


def test_a_selection_lasts_over_searches_and_pages(open_book, bob, book, fill, axe) -> None:
    fill(60)
    page = open_book(bob)
    search = page.get_by_label("Search by email address")
    for name in ("u3", "u4"):
        search.fill(f"{name}@")
        page.get_by_label(f"Select {name}@example.com").check()
    expect(page.get_by_text("Selected: 2, of which not on this page: 1")).to_be_visible()
    search.fill("")
    expect(page.get_by_text("Selected: 2, of which not on this page: 2")).to_be_visible()
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_label("Select u4@example.com")).to_be_checked()
    page.get_by_label("Select u0@example.com").check()
    page.get_by_role("button", name="Previous page").click()
    page.get_by_role("button", name="Show selected").click()
    dialog = page.get_by_role("dialog", name="3 selected addresses")
    axe(page)
    dialog.get_by_label("u0@example.com").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Download requests/list").click()
    download = page.get_by_role("dialog", name="Excel download list")
    expect(download.get_by_label("Addresses")).to_have_value("chosen")
    download.get_by_role("button", name="Request file creation").click()
    expect(download.locator("#download-list")).to_contain_text("Complete · 2 rows", timeout=20_000)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog", name="Delete").get_by_role("button", name="OK").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    expect(page.get_by_text("Nothing selected")).to_be_visible()
    assert not {"u3@example.com", "u4@example.com"} & set(contents(book))


def test_choosing_a_group_is_a_place_to_come_back_to(open_book, bob, make_group, register) -> None:
    register("vip@example.com", make_group("VIP"))
    register("other@example.com")
    page = open_book(bob)
    page.get_by_role("link", name="VIP 1").click()
    expect(page.get_by_text("other@example.com")).to_have_count(0)
    expect(page.get_by_role("link", name="VIP 1")).to_have_attribute("aria-current", "true")
    page.reload()
    expect(page.get_by_role("heading", name="VIP")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("other@example.com")).to_be_visible()
    expect(page.get_by_role("link", name="All addresses 2")).to_have_attribute("aria-current", "true")


def test_selecting_rows_enables_the_acts(open_book, bob, register) -> None:
    register("a@example.com b@example.com c@example.com d@example.com")
    page = open_book(bob)
    delete = page.get_by_role("button", name="Delete", exact=True)
    expect(delete).to_be_disabled()
    page.get_by_label("Select a@example.com").check()
    expect(delete).to_be_enabled()
    expect(page.get_by_text("Selected on this page: 1")).to_be_visible()
    page.get_by_label("Select c@example.com").click(modifiers=["Shift"])
    expect(page.get_by_text("Selected on this page: 3")).to_be_visible()
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_text("Selected on this page: 4")).to_be_visible()
    page.get_by_label("Select all on this page").uncheck()
    expect(delete).to_be_disabled()


def test_delete_from_the_menu_of_a_row_returns_focus(open_book, bob, book, register, axe) -> None:
    register("a@example.com b@example.com")
    page = open_book(bob)
    more = page.get_by_role("button", name="More actions for a@example.com")
    more.click()
    expect(page.get_by_role("menuitem", name="About this address")).to_be_focused()
    axe(page)
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    more.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete")
    expect(dialog).to_contain_text("a@example.com is deleted")
    axe(page)
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    more.click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog.get_by_role("button", name="OK").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    expect(page.get_by_text("a@example.com")).to_have_count(0)
    assert list(contents(book)) == ["b@example.com"]


def test_remove_from_group_is_there_only_in_a_group(open_book, bob, book, make_group, register) -> None:
    register("a@example.com", make_group("VIP"))
    page = open_book(bob)
    expect(page.get_by_role("button", name="Remove from group")).to_have_count(0)
    page.get_by_role("link", name="VIP 1").click()
    expect(page.get_by_role("heading", name="VIP")).to_be_visible()
    page.get_by_label("Select a@example.com").check()
    page.get_by_role("button", name="Remove from group").click()
    page.get_by_role("dialog", name="Remove from group").get_by_role("button", name="OK").click()
    expect(page.get_by_role("dialog", name="Notification")).to_contain_text("Removed from groups")
    page.keyboard.press("Escape")
    expect(page.get_by_text("This group has no addresses yet")).to_be_visible()
    assert contents(book) == {"a@example.com": set()}


def test_a_mixed_tick_stays_unless_it_is_touched(open_book, bob, book, make_group, register, axe) -> None:
    register("a@example.com b@example.com", make_group("Both"))
    register("a@example.com", Group.objects.create(edition=book.current_edition, name="One"))
    page = open_book(bob)

    def edit():
        page.get_by_label("Select all on this page").check()
        page.get_by_role("button", name="Edit group").click()
        return page.get_by_role("dialog", name="Edit group")

    def apply(dialog) -> None:
        dialog.get_by_role("button", name="Apply").click()
        page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()

    dialog = edit()
    one = dialog.get_by_role("checkbox", name="One")
    assert one.evaluate("box => box.indeterminate")
    axe(page)
    dialog.get_by_role("checkbox", name="Both").uncheck()
    apply(dialog)
    assert contents(book) == {"a@example.com": {"One"}, "b@example.com": set()}
    dialog = edit()
    one.click()
    one.click()
    expect(one).not_to_be_checked()
    apply(dialog)
    assert contents(book) == {"a@example.com": set(), "b@example.com": set()}


def test_everything_found_is_deleted_by_a_job_with_progress(open_book, bob, book, fill, register, axe) -> None:
    fill(3000)
    register("keep@example.com")
    page = open_book(bob)
    page.get_by_label("Search by email address").press_sequentially("u")
    expect(page.locator("#results").get_by_text("3,000 addresses contain “u”.")).to_be_visible()
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all 3,000 addresses").click()
    expect(page.locator("#selection-bar").get_by_text("All 3,000 addresses are selected.")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog", name="Delete").get_by_role("button", name="OK").click()
    expect(page.locator("#jobs").get_by_text("Delete addresses")).to_be_visible()
    axe(page)
    expect(page.locator("#jobs").get_by_text("Delete addresses: done, 3,000 addresses")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("link", name="All addresses 1")).to_be_visible()
    page.get_by_role("button", name="OK", exact=True).click()
    expect(page.locator("#jobs").get_by_text("Delete addresses")).to_have_count(0)
    assert list(contents(book)) == ["keep@example.com"]
    assert_consistent(book)


def hold_counts(page) -> list:
    """Keeps the requests of results for their count back, in this list, until they are let go."""
    held = []

    def hold(route) -> None:
        if "counting" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**", hold)
    return held


def wait_for(page, condition, seconds: float = 5) -> None:
    for _ in range(int(seconds * 20)):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail(f"Waited {seconds} s in vain.")


def test_many_are_shown_before_they_are_counted(open_book, bob, fill, axe, allowed_console_errors) -> None:
    allowed_console_errors.append("htmx:(sendAbort|afterRequest)")  # of a count that a new search put an end to
    fill(6000)
    page = open_book(bob)
    held = hold_counts(page)
    search = page.get_by_label("Search by email address")
    search.fill("u")
    found, rows = page.locator("#found"), page.locator(".range")
    expect(found).to_have_text("More than 5,000 addresses contain “u”. Counting …")
    expect(rows).to_have_text("1–50 of more than 5,000")
    page.get_by_label("Select all on this page").check()
    axe(page)
    page.wait_for_timeout(300)
    held.pop().continue_()
    expect(found).to_have_text("6,000 addresses contain “u”.")
    expect(page.locator("#announcements")).to_have_text("6,000 addresses contain “u”.")
    expect(rows).to_have_text("1–50 of 6,000")
    # What was ticked meanwhile is ticked, and all can be selected now.
    expect(page.get_by_text("Selected on this page: 50")).to_be_visible()
    page.get_by_role("button", name="Select all 6,000 addresses").click()
    expect(page.locator("#selection-bar").get_by_text("All 6,000 addresses are selected.")).to_be_visible()
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_text("51–100 of 6,000")

    # Whoever types on does not wait for the count of what was typed before.
    search.fill("u1")
    expect(found).to_have_text("1,111 addresses contain “u1”.")
    search.fill("example")
    expect(found).to_contain_text("More than 5,000 addresses contain “example”")
    page.wait_for_timeout(300)
    search.fill("u2")
    expect(found).to_have_text("1,111 addresses contain “u2”.")
    expect(rows).to_have_text("1–50 of 1,111")


def test_a_count_is_put_into_the_results_that_asked_for_it(open_book, bob, fill, allowed_console_errors) -> None:
    fill(6000)
    allowed_console_errors.append("htmx:oobErrorNoTarget")  # which is what is wanted here
    page = open_book(bob)
    counts = hold_counts(page)
    search, found, rows = page.get_by_label("Search by email address"), page.locator("#found"), page.locator(".range")
    search.fill("u")
    expect(found).to_contain_text("More than 5,000 addresses contain “u”")
    wait_for(page, lambda: len(counts) == 1)
    page.get_by_role("button", name="Refresh").click()
    expect(found).to_have_text("6,000 addresses contain “u”.")
    search.fill("@")
    expect(found).to_contain_text("More than 5,000 addresses contain “@”")
    wait_for(page, lambda: len(counts) == 2)
    counts[0].continue_()
    page.wait_for_timeout(500)
    expect(found).to_contain_text("More than 5,000 addresses contain “@”")
    expect(rows).to_have_text("1–50 of more than 5,000")
    expect(page.locator("body")).not_to_have_class(re.compile("working"))
    counts[1].continue_()
    expect(found).to_have_text("6,000 addresses contain “@”.")
    expect(rows).to_have_text("1–50 of 6,000")


def test_a_count_that_failed_is_asked_for_again(open_book, bob, fill, allowed_console_errors) -> None:
    fill(6000)
    allowed_console_errors += ["htmx:(sendError|afterRequest)", "net::ERR_FAILED"]
    page = open_book(bob)
    counts = hold_counts(page)
    page.get_by_label("Search by email address").fill("u")
    wait_for(page, lambda: len(counts) == 1)
    counts[0].abort()
    wait_for(page, lambda: len(counts) == 2, seconds=20)
    counts[1].continue_()
    expect(page.locator("#found")).to_have_text("6,000 addresses contain “u”.")


def test_an_act_on_everything_asks_again_when_the_set_moved(
    open_book, bob, book, fill, register, allowed_console_errors
) -> None:
    allowed_console_errors.append("status of 409")
    fill(60)
    page = open_book(bob)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all 60 addresses").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name="Delete")
    expect(dialog).to_contain_text("60 addresses are deleted")
    register("late@example.com")
    dialog.get_by_role("button", name="OK").click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 was added. Now it is 61 addresses.")
    dialog.get_by_role("button", name="Cancel").click()
    assert len(contents(book)) == 61


def test_send_mail_begins_a_mail_to_what_is_selected_on_every_page(open_book, bob, fill, axe) -> None:
    fill(60)
    page = open_book(bob)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all 60 addresses").click()
    page.get_by_role("button", name="Send mail").click()
    expect(page.get_by_role("heading", name="Send mail", level=1)).to_be_visible()
    recipients = page.get_by_role("region", name="Recipients")
    expect(recipients.get_by_role("status")).to_have_text("60 recipients")
    expect(recipients).to_contain_text("Selected in the address book")
    axe(page)


def test_refresh_shows_what_others_did_and_keeps_the_place(open_book, bob, make_group, register) -> None:
    group = make_group("VIP")
    page = open_book(bob)
    page.get_by_role("link", name="VIP 0").click()
    expect(page.get_by_text("This group has no addresses yet")).to_be_visible()
    register("new@example.com", group)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("new@example.com")).to_be_visible()
    expect(page.get_by_role("link", name="VIP 1")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="Refresh")).to_be_focused()


def test_a_server_that_is_gone_is_said_to_be_gone(open_book, bob, register, allowed_console_errors) -> None:
    allowed_console_errors.append("ERR_INTERNET_DISCONNECTED|htmx:")
    register("a@example.com")
    page = open_book(bob)
    page.context.set_offline(True)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("alert")).to_contain_text("No answer came from the server.")
    expect(page.get_by_text("a@example.com")).to_be_visible()


def test_a_lost_session_leads_to_the_sign_in_page(open_book, bob, register, allowed_console_errors) -> None:
    allowed_console_errors.append("status of 401|Error Code 401|htmx:")
    register("a@example.com")
    page = open_book(bob)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Next page").or_(page.get_by_role("button", name="Refresh")).last.click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_viewer_looks_and_searches(open_book, vera, register, axe) -> None:
    register("a@example.com b@example.com")
    page = open_book(vera)
    axe(page)
    page.get_by_label("Search by email address").fill("a@")
    expect(page.locator("#results").get_by_text("1 address contains “a@”.")).to_be_visible()
    expect(page.get_by_role("button", name="Register address")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)


def test_enter_on_a_tick_deletes_nothing(open_book, bob, register) -> None:
    register("a@example.com")
    page = open_book(bob)
    tick = page.get_by_label("Select a@example.com")
    tick.check()
    tick.press("Enter")
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog", name="Delete").get_by_role("button", name="Cancel")).to_be_focused()


def test_a_lost_session_leaves_what_was_typed(screen, allowed_console_errors, page_of, bob) -> None:
    allowed_console_errors.append("status of 401|Error Code 401|htmx:")
    screen.get_by_role("button", name="Register address").click()
    dialog = screen.get_by_role("dialog", name="Register address")
    session = next(cookie for cookie in screen.context.cookies() if cookie["name"] == "sessionid")
    screen.context.clear_cookies(name="sessionid")
    dialog.get_by_label("Email addresses").fill("a@example.com")
    expect(dialog.get_by_role("alert")).to_contain_text("You have been signed out.")
    screen.context.add_cookies([session])  # signed in again, in another tab
    dialog.get_by_role("button", name="OK").click()
    expect(screen.get_by_role("dialog", name="Notification")).to_be_visible()


def test_enter_in_the_filter_of_edit_group_applies_nothing(open_book, bob, book, make_group, register) -> None:
    for number in range(20):
        group = make_group(f"group{number:02}")
    register("a@example.com", group)
    page = open_book(bob)
    page.get_by_label("Select a@example.com").check()
    page.get_by_role("button", name="Edit group").click()
    dialog = page.get_by_role("dialog", name="Edit group")
    dialog.get_by_role("checkbox", name="group19").uncheck()
    dialog.get_by_label("Group name").press("Enter")
    page.wait_for_timeout(300)
    expect(dialog).to_be_visible()
    assert contents(book) == {"a@example.com": {"group19"}}
