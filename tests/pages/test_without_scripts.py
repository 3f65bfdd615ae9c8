"""What a form can do works without JavaScript."""

from playwright.sync_api import expect

from tests.support.invariants import contents


def test_the_whole_round_without_scripts(open_book, bob, book) -> None:
    page = open_book(bob, java_script_enabled=False)
    page.get_by_label("Group name").fill("VIP")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    dialog.get_by_label("Email addresses").fill("a@example.com kim@gamil.com")
    dialog.get_by_role("button", name="Check").click()
    dialog.get_by_role("button", name="Use kim@gmail.com").click()
    dialog.get_by_role("button", name="OK").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    page.get_by_label("Search by email address").fill("gmail")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("1 address contains “gmail”.")).to_be_visible()
    page.get_by_label("Select kim@gmail.com").check()
    page.get_by_role("button", name="Remove from group").click()
    page.get_by_role("dialog").get_by_role("button", name="OK").click()
    assert contents(book) == {"a@example.com": {"VIP"}, "kim@gmail.com": set()}
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    page.get_by_role("button", name="More actions for VIP").click()
    page.get_by_role("button", name="Delete group").click()
    page.get_by_role("dialog", name="Delete group").get_by_role("button", name="OK").click()
    expect(page.get_by_text("The group “VIP” was deleted.")).to_be_visible()
