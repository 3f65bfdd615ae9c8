"""The tree: menus, questions, many groups."""

from playwright.sync_api import expect

from addressbook.models import Group
from tests.support.invariants import contents


def choose(page, group: str, item: str) -> None:
    page.get_by_role("button", name=f"More actions for {group}").click()
    page.get_by_role("menuitem", name=item).click()


def test_rename_empty_and_delete_a_group(open_book, bob, book, make_group, register, axe) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    page = open_book(bob)
    choose(page, "VIP", "Rename")
    dialog = page.get_by_role("dialog", name="Rename group")
    expect(dialog.get_by_label("Group name")).to_be_focused()
    dialog.get_by_label("Group name").fill("a b")
    dialog.get_by_role("button", name="OK").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot hold spaces")
    axe(page)
    dialog.get_by_label("Group name").fill("골드")
    dialog.get_by_role("button", name="OK").click()
    expect(page.get_by_role("link", name="골드 2")).to_be_visible()
    expect(page.get_by_role("button", name="More actions for 골드")).to_be_focused()

    choose(page, "골드", "Empty group")
    dialog = page.get_by_role("dialog", name="Empty group")
    expect(dialog).to_contain_text("2 addresses leave the group “골드”. They stay in the address book.")
    axe(page)
    dialog.get_by_role("button", name="OK").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    expect(page.get_by_role("link", name="골드 0")).to_be_visible()

    choose(page, "골드", "Delete group")
    page.get_by_role("dialog", name="Delete group").get_by_role("button", name="OK").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    expect(page.get_by_role("link", name="골드")).to_have_count(0)
    assert contents(book) == {"a@example.com": set(), "b@example.com": set()}


def test_a_thousand_groups_stay_usable(open_book, bob, book, register, axe) -> None:
    Group.objects.bulk_create(Group(edition=book.current_edition, name=f"group-{number:04}") for number in range(1000))
    register("a@example.com")
    page = open_book(bob)
    page.get_by_label("Filter groups").fill("-0777")
    expect(page.get_by_role("listitem").filter(has_text="group-")).to_have_count(1)
    page.get_by_role("link", name="group-0777 0").click()
    expect(page.get_by_role("heading", name="group-0777")).to_be_visible()
    page.get_by_label("Filter groups").fill("nothing")
    expect(page.get_by_text("No group has this in its name.")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="All addresses 1").click(force=True)
    page.get_by_label("Select a@example.com").check()
    page.get_by_role("button", name="Edit group").click()
    dialog = page.get_by_role("dialog", name="Edit group")
    field = dialog.get_by_label("Group name")
    field.fill("0999")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    expect(dialog.get_by_role("button", name="Create")).to_be_enabled()
    field.fill("group-0999")
    expect(dialog.get_by_role("button", name="Create")).to_be_disabled()
    dialog.get_by_role("checkbox", name="group-0999").check()
    dialog.get_by_role("button", name="Apply").click()
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    assert contents(book) == {"a@example.com": {"group-0999"}}
