"""A list of addresses on its way through a browser: found, acted on, undone, taken back; axe and the policy look on."""

from playwright.sync_api import expect


def test_a_list_is_found_acted_on_and_undone(open_book, bob, register, make_group, axe) -> None:
    register("ann@example.com bob@example.com", make_group("VIP"))
    register("carl@example.com")
    page = open_book(bob)
    page.get_by_role("button", name="Find by list").click()
    axe(page)
    dialog = page.get_by_role("dialog", name="Find by list")
    dialog.get_by_label("Email addresses").fill("ann@example.com\nbob@example.com\nnew@example.org")
    dialog.get_by_role("button", name="Find", exact=True).click()
    expect(dialog.get_by_text("Groups: VIP (2)")).to_be_visible()
    axe(page)
    dialog.get_by_label("Delete 2 addresses from the address book").check()
    dialog.get_by_role("button", name="Apply").click()
    notification = page.get_by_role("dialog", name="Notification")
    expect(notification.get_by_text("The addresses are out of the address book")).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_text(["carl@example.com"])
    axe(page)
    notification.get_by_role("link", name="Undo").click()
    page.get_by_role("dialog", name="Undo").get_by_role("button", name="OK").click()
    expect(page.get_by_role("rowheader")).to_have_count(3)


def test_a_file_of_refusals_is_registered_seen_in_the_book_and_taken_back(
    page_of, bob, book, register, axe, tmp_path
) -> None:
    register("ann@example.com")
    file = tmp_path / "refusals.csv"
    file.write_text("Email\nann@example.com\nnew@example.org\n")
    page = page_of(bob)
    page.goto(f"/books/{book.slug}/unsubscribes/")
    page.get_by_role("button", name="From a file").click()
    page.get_by_label("or a file").set_input_files(file)
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("button", name="Apply").click()
    notification = page.get_by_role("dialog", name="Notification")
    expect(notification.get_by_text("These addresses get no advertising")).to_be_visible()
    notification.get_by_role("button", name="OK").click()
    expect(page.get_by_role("rowheader")).to_have_count(2)
    expect(page.get_by_text("File “refusals.csv” (bob)").first).to_be_visible()
    axe(page)

    page.goto(f"/books/{book.slug}/")
    expect(page.get_by_role("rowheader")).to_have_text(["ann@example.com Unsubscribed"])
    page.get_by_role("button", name="More actions for ann@example.com").click()
    page.get_by_role("menuitem", name="About this address").click()
    about = page.get_by_role("dialog", name="ann@example.com")
    expect(about.get_by_text("File “refusals.csv” (bob)")).to_be_visible()
    axe(page)
    about.get_by_role("button", name="Close").click()

    page.goto(f"/books/{book.slug}/unsubscribes/")
    page.get_by_text("Lists registered lately").click()
    page.get_by_role("button", name="Take back refusals.csv").click()
    dialog = page.get_by_role("dialog", name="Take the unsubscribes back")
    axe(page)
    dialog.get_by_label("Reason for removing").fill("Sent by mistake")
    dialog.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Advertising is sent to the removed addresses again.")).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_count(0)
