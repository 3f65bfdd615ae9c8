"""What somebody has typed is not thrown away without a question, and near-equal names are warned of."""

from playwright.sync_api import expect


def test_esc_and_cancel_ask_before_they_discard_what_was_typed(screen, axe) -> None:
    opener = screen.get_by_role("button", name="Register address").first
    opener.click()
    dialog = screen.get_by_role("dialog", name="Register address")
    field = dialog.get_by_label("Email addresses")
    field.fill("a@example.com\nb@example.com")
    question = dialog.get_by_text("Close this and discard what you typed?")
    for leave in (lambda: screen.keyboard.press("Escape"), dialog.get_by_role("button", name="Cancel").click):
        leave()
        expect(question).to_be_visible()
        expect(dialog.get_by_role("button", name="Keep typing")).to_be_focused()
        axe(screen)
        screen.keyboard.press("Escape")
        expect(question).to_be_hidden()
        expect(field).to_have_value("a@example.com\nb@example.com")
        expect(field).to_be_focused()
    screen.keyboard.press("Escape")
    dialog.get_by_role("button", name="Discard").click()
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    opener.click()
    expect(field).to_be_focused()
    screen.keyboard.press("Escape")  # nothing is lost
    expect(dialog).to_have_count(0)


def test_arrow_keys_move_in_the_tree_which_is_one_stop(screen, make_group) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        make_group(name)
    screen.reload()
    tree = screen.locator("#group-list")
    screen.get_by_role("link", name="All addresses 0").focus()
    assert tree.locator("[tabindex='0']").count() == 1
    screen.keyboard.press("ArrowDown")
    screen.keyboard.press("ArrowDown")
    beta = screen.get_by_role("link", name="Beta 0")
    expect(beta).to_be_focused()
    screen.keyboard.press("ArrowRight")
    expect(screen.get_by_role("button", name="More actions for Beta")).to_be_focused()
    screen.keyboard.press("ArrowLeft")
    screen.keyboard.press("End")
    expect(screen.get_by_role("link", name="Gamma 0")).to_be_focused()
    screen.keyboard.press("Home")
    screen.keyboard.press("ArrowDown")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", name="Alpha")).to_be_visible()


def test_on_a_phone_the_list_comes_first(open_book, bob, make_group, register, axe) -> None:
    register("a@example.com", make_group("VIP"))
    page = open_book(bob, viewport={"width": 390, "height": 844})
    assert page.get_by_label("Select a@example.com").bounding_box()["y"] < 600
    groups = page.get_by_role("button", name="Choose group")
    expect(page.get_by_role("link", name="VIP 1")).to_be_hidden()
    groups.click()
    axe(page)
    page.get_by_role("link", name="VIP 1").click()
    expect(page.get_by_role("heading", name="VIP")).to_be_visible()
    expect(page.get_by_role("link", name="VIP 1")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
