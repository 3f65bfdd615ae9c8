"""From keys to "In sync": the real web server and worker, and over HTTP a simulator in the place of the service."""

import re

import pytest
from playwright.sync_api import expect

from addressbook.models import BookSync, Pause
from addressbook.services import sync
from libraries.outbound_mailer import GroupAddresses, MailerClient
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT
from tests.support.looks import looks
from tests.support.people import PASSWORD

KEYS = DEFAULT_ACCOUNT.credentials


@pytest.fixture
def admin(page_of, alice):
    return page_of(alice)


@pytest.fixture
def connect(admin, book, stack):
    """Enters keys on the settings page, as an admin does."""

    def connect(secret_key: str = KEYS.secret_key) -> None:
        admin.goto(f"/books/{book.slug}/settings/")
        admin.get_by_role("link", name=re.compile("(Enter|Change) keys")).click()
        if admin.get_by_role("heading", name="Confirm it is you").is_visible():
            admin.get_by_label("Password").fill(PASSWORD)
            admin.get_by_role("button", name="OK").click()
        admin.get_by_label("Access key").fill(KEYS.access_key)
        admin.get_by_label("Secret key").fill(secret_key)
        admin.get_by_label("Host").select_option(stack.service_url)
        admin.get_by_role("button", name="Save keys").click()
        expect(admin.get_by_text("The keys are saved.")).to_be_visible()

    return connect


@pytest.fixture
def turn_on(admin, book):
    def turn_on() -> None:
        admin.goto(f"/books/{book.slug}/sync/")
        admin.get_by_role("button", name="Turn sync on").click()
        expect(admin.get_by_text("Sync is on.")).to_be_visible()

    return turn_on


def line(page):
    return page.locator("#sync-line")


def test_from_keys_to_in_sync(admin, connect, turn_on, remote, book, make_group) -> None:
    make_group("VIP")
    connect()
    admin.get_by_role("button", name="Test connection").click()
    expect(admin.get_by_text("The connection works. The service holds 0 addresses in 0 groups.")).to_be_visible()
    turn_on()
    admin.goto(f"/books/{book.slug}/")
    expect(line(admin)).to_contain_text("In sync,", timeout=20_000)
    remote.settings = type(remote.settings)(delay_seconds=3)
    group = admin.get_by_role("link", name=re.compile("VIP"))
    group.click()
    expect(admin.get_by_role("heading", name="VIP")).to_be_visible()
    admin.get_by_role("button", name="Register address").first.click()
    admin.get_by_label("Email addresses").fill("a@example.com b@example.com")
    admin.get_by_role("dialog").get_by_role("button", name="OK").click()
    admin.get_by_role("dialog", name="Notification").get_by_role("button", name="OK").click()
    badge = group.get_by_title("Not yet at the service")
    expect(badge).to_be_visible()
    expect(line(admin)).to_contain_text(re.compile("Syncing|Synced"))
    expect(line(admin)).to_contain_text("In sync,", timeout=20_000)
    expect(badge).to_have_count(0)
    assert remote.book(KEYS.access_key).groups == {"VIP": {"a@example.com", "b@example.com"}}
    admin.get_by_role("link", name="Sync details").click()
    expect(admin.get_by_role("heading", name="Sync", exact=True)).to_be_visible()
    expect(admin.get_by_role("row", name="VIP 2 2")).to_be_visible()


def test_nothing_is_asked_for_once_all_is_there(admin, connect, turn_on, remote, book) -> None:
    connect()
    turn_on()
    admin.goto(f"/books/{book.slug}/")
    expect(line(admin)).to_contain_text("In sync,", timeout=20_000)
    assert line(admin).get_attribute("hx-get") is None


def test_a_remote_book_that_is_not_empty_is_asked_about(
    stack, admin, connect, turn_on, remote, book, register, axe
) -> None:
    with MailerClient(KEYS.access_key, KEYS.secret_key, base_url=remote.base_url, allow_other_hosts=True) as client:
        client.address_book.create([GroupAddresses("Old", ("x@example.com", "y@example.com"))])
    register("a@example.com")
    connect()
    turn_on()
    admin.goto(f"/books/{book.slug}/")
    expect(line(admin)).to_contain_text("Paused: the service already holds addresses", timeout=20_000)
    admin.get_by_role("link", name="Decide").click()
    dialog = admin.get_by_role("dialog", name="The service already holds addresses")
    expect(dialog.get_by_role("row", name="All addresses differs 1 2")).to_be_visible()
    axe(admin)
    admin.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(admin.get_by_role("link", name="Decide")).to_be_focused()
    admin.keyboard.press("Enter")
    dialog.get_by_label("Replace").check()
    dialog.get_by_role("button", name="OK").click()
    expect(admin.locator("#sync-body")).to_contain_text("In sync,", timeout=20_000)
    assert remote.book(KEYS.access_key).addresses == {"a@example.com"}


@pytest.fixture
def differing(alice, by, book, make_group, register):
    """A book in every trouble at once: a long name, differences, an entry that is not accepted."""
    from addressbook.models import Address, ParkedEntry

    group = make_group("아주-긴-그룹-이름" * 6)
    register("a@example.com " + "b" * 60 + "@" + "c" * 60 + ".example.com", group)
    sync.turn_on(book=book, by=by)
    for address in Address.objects.all():
        ParkedEntry.objects.create(book=book, address=address, reason="W" * 200, at=book.created_at)
    rows = [[None, 2, 4], [group.name, 2, None], ["Foreign" * 12, None, 363_000]]
    BookSync.objects.update(pause=Pause.KEYS_REFUSED, problem="The service refused the keys", differences=rows)
    return book


@looks(1)
def test_pages_of_the_sync_are_accessible_and_fit(
    stack, page_of, alice, remote, differing, axe, language, width, scheme
) -> None:
    page = page_of(alice, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    for path in ("", "sync/", "sync/rebuild/", "sync/turn-off/"):
        page.goto(f"/books/{differing.slug}/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    BookSync.objects.update(pause=Pause.NOT_EMPTY)
    page.goto(f"/books/{differing.slug}/sync/choose/")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_sync_page_works_without_scripts(page_of, alice, remote, differing) -> None:
    page = page_of(alice, java_script_enabled=False)
    BookSync.objects.update(pause=Pause.NOT_EMPTY)
    page.goto(f"/books/{differing.slug}/")
    page.get_by_role("link", name="Decide").click()
    expect(page.get_by_role("dialog", name="The service already holds addresses")).to_be_visible()
    BookSync.objects.update(pause=Pause.KEYS_REFUSED)
    page.goto(f"/books/{differing.slug}/sync/")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Sync goes on.")).to_be_visible()
