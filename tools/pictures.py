"""`python -m tools.pictures`: the pictures of README and user guide, taken from the real screen of a demo it starts.

They land in docs/pictures, a folder a language.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.run.console import Console
from tests.support.browser import QUIET, find_chromium

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
LANGUAGES: Final = ("en", "ko", "ja")
# Of all together: a clone should not be large because of them.
LIMIT_BYTES: Final = 5 * 1024 * 1024
PASSWORD: Final = "a password for pictures"  # noqa: S105 - of a console that lives for some minutes
# What people paste: names, separators of all kinds, typing mistakes.
PASTED: Final = """Sales team <sales@example.com>; info@example.com, shop@example.net
press@example.org\tnews@example.org
reader@gamil.com user@naver,com
ｏｆｆｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ  sales@example.com  see-attachment"""


def main() -> None:
    path = find_chromium()
    if path is None:
        raise SystemExit("No Chromium: install one, set CHROMIUM to its path, or run: make browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        console = Console(Path(folder, "data"), arguments=("--demo",))
        console.start(ADMIN_PASSWORD=PASSWORD)
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False, args=list(QUIET))
        try:
            take_all(browser, console.url)
        finally:
            browser.close()
            console.stop()
    size = sum(picture.stat().st_size for picture in PICTURES.rglob("*.png"))
    if size > LIMIT_BYTES:
        raise SystemExit(f"The pictures have {size} bytes, more than {LIMIT_BYTES}.")


def take_all(browser: Browser, url: str) -> None:
    context = browser.new_context(base_url=url, viewport={"width": 1200, "height": 750}, locale="en-US")
    # Whoever takes pictures has other work for the machine too.
    context.set_default_timeout(120_000)
    page = context.new_page()
    sign_in(page)
    wait_for_work(page)
    for language in LANGUAGES:
        context.add_cookies([{"name": "django_language", "value": language, "url": url}])
        for name, show in STATES.items():
            page.goto("/books/main/")
            show(page)
            take(page, f"{language}/{name}")
    context.add_cookies([{"name": "django_language", "value": "ko", "url": url}])
    take_phone(page)


def take_phone(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/books/main/")
    # The list comes first on a phone, and the groups are folded away.
    page.goto(page.locator("#group-list a", has_text="VIP").get_attribute("href") or "")
    take(page, "ko/phone")


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#addresses").wait_for()


def wait_for_work(page: Page) -> None:
    """Until the workers have checked the file, made the downloads, told the simulator of all and sent the mail."""
    page.locator("[id^=show-upload]").wait_for()
    page.locator("#sync-line").get_by_text("In sync,").wait_for()
    page.goto("/books/main/mailings/1/")
    page.locator("#mailing-state .state-sent").wait_for()
    page.goto("/books/main/")
    page.locator("#hint-none").click()
    page.locator(".hint-strip").wait_for(state="detached")


def show_list(page: Page) -> None:
    page.locator("#address-table").wait_for()


def show_register(page: Page) -> None:
    page.locator("#open-register").click()
    page.locator("#register-text").fill(PASTED)
    page.locator(".findings").wait_for()


def show_upload(page: Page) -> None:
    page.locator("[id^=show-upload]").click()
    page.locator("#upload-counts").wait_for()


def show_edit_groups(page: Page) -> None:
    page.locator("[data-select-page]").check()
    page.locator("#act-edit-groups").click()
    page.locator("#edit-groups-form").wait_for()


def show_downloads(page: Page) -> None:
    page.locator("#open-downloads").click()
    page.locator("#downloads-dialog").wait_for()


def show_reset(page: Page) -> None:
    page.locator("#open-reset").click()
    page.locator("dialog[open] .choices").wait_for()


def show_history(page: Page) -> None:
    page.goto("/books/main/history/")


def show_sync(page: Page) -> None:
    page.goto("/books/main/sync/")


def show_mailings(page: Page) -> None:
    page.goto("/books/main/mailings/")


def show_mailing(page: Page) -> None:
    open_mailing(page, "You are invited")
    page.locator("#mailing-reasons").wait_for()


def show_draft(page: Page) -> None:
    open_mailing(page, "Thank you")
    page.locator("#simple-field").wait_for()


def show_preview(page: Page) -> None:
    show_draft(page)
    page.locator("#open-preview").click()
    page.locator("dialog:modal iframe").wait_for()


def show_templates(page: Page) -> None:
    page.goto("/books/main/templates/")


def open_mailing(page: Page, subject: str) -> None:
    page.goto("/books/main/mailings/")
    page.get_by_role("link", name=subject).click()


STATES: Final[dict[str, Callable[[Page], None]]] = {
    "list": show_list,
    "register": show_register,
    "upload": show_upload,
    "edit-group": show_edit_groups,
    "downloads": show_downloads,
    "reset": show_reset,
    "mailings": show_mailings,
    "mailing": show_mailing,
    "draft": show_draft,
    "preview": show_preview,
    "templates": show_templates,
    "history": show_history,
    "sync": show_sync,
}


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, animations="disabled", caret="hide")


if __name__ == "__main__":
    main()
