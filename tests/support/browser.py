"""A real Chromium against the real processes. Whatever goes wrong in a page fails the test, whether it looks or not."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.support.stack import Stack
    from workspace.models import User

RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
# The shell is Chromium without its own window, and takes half of the time; Debian has it as a package of that name.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing that speaks with anybody but the page's server.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_failed = pytest.StashKey[bool]()


def find_chromium() -> str | None:
    """The path of a Chromium: of CHROMIUM, else of the PATH, else the one that Playwright has installed."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"browser", "page", "page_of"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("No Chromium: install one, set CHROMIUM to its path, or run: make browser")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        # Chromium's own sandbox does not work for root, as CI is.
        sandboxed = os.geteuid() != 0
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=sandboxed, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def allowed_console_errors() -> list[str]:
    """Patterns of what the console may report; a test appends what it provokes. Refusing a form (422) is ordinary."""
    return [r"status of 422"]


@pytest.fixture
def page_of(
    request: pytest.FixtureRequest, browser: Browser, stack: Stack, allowed_console_errors: list[str]
) -> Iterator[Callable[..., Page]]:
    """A page of the running console, signed in as the user (None: not signed in); relative URLs start at the console.

    Keyword arguments are those of Playwright's `new_context`. Each page has cookies of its own.
    """
    troubles: list[str] = []
    contexts: list[BrowserContext] = []

    def page_of(user: User | None = None, **options: Any) -> Page:
        context = browser.new_context(base_url=stack.url, locale=options.pop("locale", "en-US"), **options)
        context.set_default_timeout(10_000)
        # The first page may meet a web process that still loads its code.
        context.set_default_navigation_timeout(30_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": _session_of(user), "url": stack.url}])
        page = context.new_page()
        _watch(page, troubles)
        return page

    yield page_of
    if request.node.stash.get(_failed, False):
        _keep_screenshots(request.node, contexts)
    for context in contexts:
        context.close()
    unexpected = [text for text in troubles if not any(re.search(pattern, text) for pattern in allowed_console_errors)]
    if unexpected:
        pytest.fail("In the browser: " + "\n".join(unexpected))


@pytest.fixture
def page(page_of: Callable[..., Page]) -> Page:
    """A page of somebody who has not signed in."""
    return page_of()


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Asserts that axe finds nothing to complain about in the page as it is now."""
    from axe_playwright_python.base import AXE_SCRIPT

    def check(page: Page) -> None:
        # Through the debugger's protocol: a script of ours in the page would be against its own content policy.
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": AXE_SCRIPT})
        answer = session.send(
            "Runtime.evaluate",
            {"expression": "axe.run({resultTypes: ['violations']})", "awaitPromise": True, "returnByValue": True},
        )
        session.detach()
        found = answer["result"]["value"]["violations"]
        lines = [f"{item['id']}: {item['help']}: {[node['html'] for node in item['nodes']]}" for item in found]
        assert not lines, "\n".join(lines)

    return check


def _session_of(user: User) -> str:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _watch(page: Page, troubles: list[str]) -> None:
    def on_console(message: Any) -> None:
        # A violation of the content policy is reported as an error here.
        if message.type == "error":
            troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def on_request(request: Any) -> None:
        host = urlsplit(request.url).hostname
        if host not in {None, "127.0.0.1", "localhost"}:
            troubles.append(f"request to another host: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: troubles.append(f"uncaught: {error}"))
    page.on("request", on_request)


def _keep_screenshots(item: pytest.Item, contexts: list[BrowserContext]) -> None:
    RESULTS.mkdir(exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", item.nodeid)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=RESULTS / f"{stem}-{number}.png", full_page=True)
