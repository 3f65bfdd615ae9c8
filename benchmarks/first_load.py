"""The page of a million addresses in Chromium on a slow line, and the memory of processes that have nothing to do."""

import statistics
import time

import psutil
from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from benchmarks import Rows
from benchmarks.live import MIB, console, resident, signed_in
from benchmarks.screen import ADDRESSES, fill
from mailerconsole.operations import static_files
from tests.support.browser import QUIET, find_chromium
from workspace.models import Region, User, Zone
from workspace.services.books import books
from workspace.services.history.audit import Actor

# "Slow 4G" of Lighthouse: a round trip of 150 ms, 1.6 Mbit/s to us, 750 kbit/s from us.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
REPEATS = 7
INTERACTIVE_MS = 1000
WEB_MIB, WORKER_MIB = 150, 120


def rows() -> Rows:
    static_files.collect_if_changed()
    user = User.objects.create_user("bench-first-load")
    book = books.create_book(name="First load", zone=Zone.PUBLIC, region=Region.KR, by=Actor(user))
    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    fill(book.current_edition)
    with console() as (url, pid):
        session = signed_in(user, url)
        for _ in range(20):
            session.get(
                f"{url}/books/{book.slug}/", timeout=60
            )  # both processes of the web server have loaded their code
        cookie = {
            "name": settings.SESSION_COOKIE_NAME,
            "value": session.cookies.get_dict()[settings.SESSION_COOKIE_NAME],
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), chromium_sandbox=False, args=list(QUIET)
            )
            taken = [first_load(browser, f"{url}/books/{book.slug}/", {**cookie, "url": url}) for _ in range(REPEATS)]
            browser.close()
        time.sleep(2)
        web, workers = memory(pid)
    what = f"interactive in Chromium on slow 4G, nothing cached, {ADDRESSES:,} addresses"
    yield what, f"median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms", f"≤ {INTERACTIVE_MS} ms"
    yield "a web process that has served this page", f"{web / MIB:.0f} MB", f"≤ {WEB_MIB} MB"
    yield "a process of a worker, idle, at most", f"{workers / MIB:.0f} MB", f"≤ {WORKER_MIB} MB"


def first_load(browser: Browser, url: str, cookie: dict[str, str]) -> float:
    """Milliseconds until the page is there and its scripts have run, as a browser that was never here."""
    context = browser.new_context()
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_4G)
    page.goto(url, wait_until="load")
    taken = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    context.close()
    return float(taken)


def memory(pid: int) -> tuple[int, int]:
    """Bytes of the largest web process, and of the largest worker by itself or any child of it."""
    web = workers = 0
    for process in psutil.Process(pid).children():
        command = " ".join(process.cmdline())
        if "gunicorn" in command:
            web = max([web, *map(resident, process.children())])
        elif "celery --app mailerconsole worker" in command:
            workers = max([workers, resident(process), *map(resident, process.children())])
    return web, workers
