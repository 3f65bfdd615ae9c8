"""What a newcomer does first: sign in, make a group, paste addresses, find them, move them between groups."""

from playwright.sync_api import Page, expect

from tests.support.invariants import assert_consistent, contents
from tests.support.people import PASSWORD

PASTED = """a@example.com, Name <kim@example.com>; mailto:lee@example.com
kim@gamil.com\tuser@naver,com A@example.com
이름 <hong@example.com> ｐａｒｋ＠ｅｘａｍｐｌｅ．ｃｏｍ
nonsense"""


def counts(page: Page) -> dict[str, str]:
    rows = page.get_by_role("dialog", name="Notification").locator("dl div")
    return dict(row.inner_text().split("\n")[::1] for row in rows.all())


def test_from_sign_in_to_moved_addresses(page_of, book, bob, axe) -> None:
    page = page_of()
    page.goto("/")
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="do not match")).to_be_visible()
    axe(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Address book", level=1)).to_be_visible()
    expect(page.get_by_text("The address book is empty")).to_be_visible()
    axe(page)

    groups = page.get_by_role("region", name="Recipient groups")
    expect(groups.get_by_role("button", name="Create")).to_be_disabled()
    groups.get_by_label("Group name").fill("VIP 고객")
    groups.get_by_role("button", name="Create").click()
    expect(groups.get_by_role("alert")).to_contain_text("cannot hold spaces")
    axe(page)
    groups.get_by_label("Group name").fill("VIP고객")
    groups.get_by_label("Group name").press("Enter")
    expect(groups.get_by_role("link", name="VIP고객 0")).to_have_attribute("aria-current", "true")

    page.get_by_role("button", name="Register address").click()
    dialog = page.get_by_role("dialog", name="Register address")
    expect(dialog.get_by_label("Group", exact=True)).to_have_value(str(book.current_edition.groups.get().pk))
    dialog.get_by_label("Email addresses").fill(PASTED)
    expect(dialog.get_by_text("9 / 1,000")).to_be_visible()
    axe(page)
    dialog.get_by_role("button", name="Use user@naver.com").click()
    expect(dialog.get_by_label("Email addresses")).to_have_value(
        "a@example.com\nkim@example.com\nlee@example.com\nkim@gamil.com\nuser@naver.com\nA@example.com\n"
        "hong@example.com\nｐａｒｋ＠ｅｘａｍｐｌｅ．ｃｏｍ\nnonsense"
    )
    dialog.get_by_role("button", name="Use all 2 suggestions").click()
    expect(dialog.get_by_label("Email addresses")).to_have_value(
        "a@example.com\nkim@example.com\nlee@example.com\nkim@gmail.com\nuser@naver.com\nA@example.com\n"
        "hong@example.com\npark@example.com\nnonsense"
    )
    dialog.get_by_role("button", name="OK").click()

    notification = page.get_by_role("dialog", name="Notification")
    expect(notification).to_be_visible()
    axe(page)
    assert counts(page) == {
        "Registered": "7",
        "Added to “VIP고객”": "7",
        "Already there": "0",
        "Doubled": "1",
        "Invalid": "1",
    }
    notification.get_by_role("button", name="OK").click()
    expect(dialog.get_by_label("Email addresses")).to_have_value("nonsense")
    expect(dialog.get_by_label("Email addresses")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Register address")).to_be_focused()

    table = page.get_by_role("table", name="Email addresses")
    expect(table.get_by_role("row")).to_have_count(8)
    page.get_by_label("Search by email address").press_sequentially("gmail")
    expect(page.locator("#results").get_by_text("1 address has “gmail” in it.")).to_be_visible()
    expect(table.get_by_role("row")).to_have_count(2)
    expect(page.get_by_label("Search by email address")).to_be_focused()
    assert "gmail" not in page.url

    page.get_by_label("Select kim@gmail.com").check()
    page.get_by_role("button", name="Edit group").click()
    edit = page.get_by_role("dialog", name="Edit group")
    edit.get_by_label("Group name").fill("Gold")
    edit.get_by_role("button", name="Create").click()
    expect(edit.get_by_role("checkbox", name="Gold")).to_be_checked()
    edit.get_by_role("checkbox", name="VIP고객").uncheck()
    axe(page)
    edit.get_by_role("button", name="Apply").click()
    expect(notification).to_be_visible()
    notification.get_by_role("button", name="OK").click()
    expect(groups.get_by_role("link", name="Gold 1")).to_be_visible()
    expect(groups.get_by_role("link", name="VIP고객 6")).to_be_visible()
    assert contents(book)["kim@gmail.com"] == {"Gold"}
    assert_consistent(book)


def test_a_thousand_and_one_are_refused_and_stay_in_the_field(screen) -> None:
    screen.get_by_role("button", name="Register address").click()
    dialog = screen.get_by_role("dialog", name="Register address")
    text = " ".join(f"u{number}@example.com" for number in range(1001))
    dialog.get_by_label("Email addresses").fill(text)
    expect(dialog.get_by_text("1,001 / 1,000")).to_be_visible()
    dialog.get_by_role("button", name="OK").click()
    expect(dialog.get_by_role("alert")).to_contain_text("at most 1,000")
    expect(dialog.get_by_label("Email addresses")).to_have_value(text)


def test_two_clicks_register_once(screen, book) -> None:
    screen.get_by_role("button", name="Register address").click()
    dialog = screen.get_by_role("dialog", name="Register address")
    dialog.get_by_label("Email addresses").fill("a@example.com")
    dialog.get_by_role("button", name="OK").dblclick()
    notification = screen.get_by_role("dialog", name="Notification")
    expect(notification).to_be_visible()
    assert counts(screen)["Registered"] == "1"
    assert list(contents(book)) == ["a@example.com"]
