from tests.pages.test_uploads import DEFECTS, send
from playwright.sync_api import expect
import pytest
@pytest.mark.parametrize("width", [1440, 390])
def test_shots(open_book, bob, make_group, width):
    make_group("VIP")
    page = open_book(bob, viewport={"width": width, "height": 900})
    page.get_by_role("button", name="Register address").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.screenshot(path=f"/tmp/wt/.shots/register{width}.png")
    page.keyboard.press("Escape")
    d = send(page, DEFECTS.encode("cp949") + "x@gamil.com;철수\n".encode("cp949"))
    expect(d.get_by_text("Invalid", exact=True)).to_be_visible(timeout=20000)
    page.screenshot(path=f"/tmp/wt/.shots/check{width}.png")
    d.get_by_text("How the file was read").click()
    page.screenshot(path=f"/tmp/wt/.shots/choice{width}.png")
    d.get_by_role("button", name="OK").click()
    expect(page.get_by_role("dialog", name="Notification")).to_be_visible(timeout=20000)
    page.screenshot(path=f"/tmp/wt/.shots/note{width}.png")
    page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    page.wait_for_timeout(500)
    page.screenshot(path=f"/tmp/wt/.shots/strip{width}.png")
