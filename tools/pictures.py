"""`python -m tools.pictures`: the pictures in docs/pictures, taken from the real screen of a console that it starts."""

import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from tests.browser import QUIET, find_chromium
from tests.run.console import Console

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
PASSWORD: Final = "a password for pictures"  # noqa: S105 - of a console that lives for a minute
GROUPS: Final = {"newsletter": 420, "VIP": 36, "event-2026": 160, "서울-고객": 85}
# What people paste: names, separators of all kinds, typing mistakes.
PASTED: Final = """Sales team <sales@example.com>; info@example.com, shop@example.net
press@example.org\tnews@example.org
reader@gamil.com user@naver,com
ｏｆｆｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ  sales@example.com  see-attachment"""


def main() -> None:
    path = find_chromium()
    if path is None:
        raise SystemExit("No Chromium: install one, set CHROMIUM to its path, or run: make browser")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        console = Console(Path(folder, "data"))
        console.start(ADMIN_PASSWORD=PASSWORD)
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False, args=list(QUIET))
        try:
            page = browser.new_page(base_url=console.url, viewport={"width": 1280, "height": 800}, locale="en-US")
            sign_in(page)
            fill(page)
            take_all(page)
        finally:
            browser.close()
            console.stop()


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Address book", level=1).wait_for()


def fill(page: Page) -> None:
    """Sample addresses in some groups, as a person would put them there."""
    start = 0
    for name, count in GROUPS.items():
        page.get_by_label("Group name").fill(name)
        page.get_by_role("button", name="Create").click()
        page.get_by_role("heading", name=name).wait_for()
        # Each group shares half of its addresses with the one before.
        addresses = " ".join(f"reader{number:04}@example.com" for number in range(start, start + count))
        start += count // 2
        page.get_by_role("button", name="Register address").click()
        page.get_by_label("Email addresses").fill(addresses)
        page.get_by_role("button", name="OK", exact=True).click()
        page.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()


def take_all(page: Page) -> None:
    page.get_by_role("link", name="All addresses").click()
    page.get_by_role("heading", name="All addresses").wait_for()
    take(page, "list")
    page.get_by_role("button", name="Register address").click()
    page.get_by_label("Email addresses").fill(PASTED)
    page.get_by_role("button", name="Use all").wait_for()
    take(page, "register")
    page.keyboard.press("Escape")
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Edit group").click()
    page.get_by_role("dialog", name="Edit group").wait_for()
    take(page, "edit-group")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="한국어").click()
    page.get_by_role("heading", name="전체 주소").wait_for()
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name="VIP").click()
    page.get_by_role("heading", name="VIP").wait_for()
    take(page, "korean-dark")


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
