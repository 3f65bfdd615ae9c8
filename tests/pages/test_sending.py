"""A mail on its way, as people with browsers see it: undone, scheduled, confirmed by two, unknown, stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Fault, FaultKind, Simulator
from mailings.models import Mailing, MailingRun, MailingState, MailRules, Part, PartState, RecipientState
from mailings.services.sending import lease
from tests.pages.test_mail import begin
from tests.support.stack import wait_for
from workspace.services.books import keys

NEW_YORK = ZoneInfo("America/New_York")
ACCESS_KEY = DEFAULT_ACCOUNT.credentials.access_key


@pytest.fixture
def connected(book, by, remote) -> Simulator:
    credentials = DEFAULT_ACCOUNT.credentials
    pair = {"access_key": credentials.access_key, "secret_key": credentials.secret_key}
    keys.change_keys(book=book, **pair, base_url=remote.base_url, token=uuid4(), by=by)
    return remote


@pytest.fixture
def written(page_of, bob, book, sender, connected, make_group, register) -> Page:
    """A draft to two people, open in a browser."""
    register("a@example.com b@example.com", make_group("VIP"))
    page = page_of(bob, timezone_id=NEW_YORK.key)
    begin(page, book.slug)
    page.get_by_role("link", name="Add recipients").click()
    dialog = page.get_by_role("dialog", name="Add recipients")
    dialog.get_by_role("checkbox", name="VIP").first.check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("2 recipients", exact=True)).to_be_visible()
    page.get_by_label("Mail subject").fill("News of the spring")
    page.get_by_role("tab", name="HTML").click()
    page.get_by_role("textbox", name="Body").fill("<p>Hello, here is the <b>news</b>.</p>")
    return page


def send(page: Page) -> None:
    page.get_by_role("link", name="Check and send").click()
    check = page.get_by_role("dialog", name="Check before sending")
    expect(check.get_by_text("2 of 1,000,000 recipients, with this mail")).to_be_visible()
    check.get_by_role("button", name="Send to 2 recipients").click()
    expect(page.get_by_role("heading", name="News of the spring")).to_be_visible()


def state(page: Page, name: str, *, seconds: float = 30) -> None:
    expect(page.locator(f"#mailing-state .state-{name}")).to_be_visible(timeout=seconds * 1000)


def hurry() -> None:
    """The wait that a mailing is in is over: until it begins, or until it is looked for the last time."""
    now = timezone.now()
    Mailing.objects.filter(held_until__isnull=False).update(held_until=now)
    Part.objects.filter(state=PartState.UNKNOWN).update(looks=3, next_look_at=now)
    MailingRun.objects.update(next_at=now)
    lease.wake_due()


def test_a_mail_on_its_way(written: Page, page_of, alice, book, connected: Simulator, axe) -> None:
    page = written
    send(page)
    state(page, "held")
    expect(page).to_have_title(f"Held · News of the spring – {book.name} · Mailer Console")
    axe(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is a draft again. Nothing was sent.")).to_be_visible()

    # Scheduled, told in both zones, and taken back.
    page.get_by_role("radio", name="Send at").check()
    moment = timezone.localtime() + timedelta(days=1, hours=2, minutes=30)
    page.get_by_label("Date and time").fill(moment.strftime("%Y-%m-%dT%H:%M"))
    send(page)
    state(page, "scheduled")
    expect(page.locator("#mailing-state")).to_contain_text(
        f"{moment:%Y-%m-%d %H:%M} (Asia/Seoul), {moment.astimezone(NEW_YORK):%b %-d, %Y, %-I:%M}"
    )
    expect(page.locator("#mailing-state")).to_contain_text("where you are, in 1 day 2 h")
    axe(page)
    page.get_by_role("button", name="Cancel sending").click()
    expect(page.get_by_text("It is a draft again. Nothing was sent.")).to_be_visible()
    assert not connected.delivered(ACCESS_KEY)

    # Confirmed by two; no answer comes, nothing is found, and a person decides.
    MailRules.objects.create(book=book, second_person_from=1)
    page.get_by_role("radio", name="Send now").check()
    send(page)
    state(page, "awaiting")
    expect(page.get_by_role("button", name="Confirm and send")).to_have_count(0)
    connected.faults.switch_on(Fault(kind=FaultKind.CUT_BEFORE, operation="createMailRequest"))
    second = page_of(alice)
    second.goto(page.url)
    axe(second)
    second.get_by_role("button", name="Confirm and send").click()
    state(second, "held")
    hurry()
    state(second, "unknown")
    second.goto(f"/books/{book.slug}/")
    line = second.locator("#mailing-line")
    expect(line).to_contain_text("Outcome unknown")
    axe(second)
    hurry()
    line.get_by_role("link", name="News of the spring").click()
    expect(second.get_by_text("It may have been sent all the same.").first).to_be_visible(timeout=30_000)
    axe(second)
    second.get_by_role("button", name="Send this part").click()
    expect(second.get_by_text("The part is sent.")).to_be_visible()
    state(second, "sent")
    expect(second).to_have_title(f"Sent · News of the spring – {book.name} · Mailer Console")
    assert sorted(mail.address for mail in connected.delivered(ACCESS_KEY)) == ["a@example.com", "b@example.com"]


def test_a_mail_is_paused_and_stopped(written: Page, book, connected: Simulator, axe) -> None:
    page = written
    connected.faults.switch_on(
        Fault(kind=FaultKind.RATE_LIMITED, operation="createMailRequest", times=None, retry_after="60")
    )
    send(page)
    state(page, "held")
    hurry()
    expect(page.get_by_text("as the service has asked for")).to_be_visible(timeout=30_000)
    expect(page).to_have_title(f"0 % · News of the spring – {book.name} · Mailer Console")
    axe(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused by bob.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    state(page, "sending")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after 0 of 2 recipients had been handed to the service.")).to_be_visible()
    axe(page)
    wait_for(lambda: Mailing.objects.get().done_at is not None, 30)
    assert Mailing.objects.get().cancelled == 2
    assert not connected.delivered(ACCESS_KEY)


@pytest.fixture
def mailings_in(draft, alice, book) -> Callable[..., Mailing]:
    """Mailings of 12,000 in a state, with parts, as if a worker had left them so."""

    def make(state: MailingState, *parts: PartState, sent: int = 0, unknown: int = 0, **fields: object) -> Mailing:
        now = timezone.now()
        counts = {"planned": 12_000, "sent": sent, "unknown": unknown, "open": 12_000 - sent - unknown}
        who = {"confirmed_by": alice, "confirmer": "alice", "confirmed_at": now, "began_at": now}
        mailing = Mailing.objects.create(
            book=book,
            state=state,
            subject=f"News {state}",
            sender_address="news@example.com",
            **counts,
            **who,
            **fields,
        )
        for number, part in enumerate(parts):
            Part.objects.create(
                mailing=mailing,
                number=number + 1,
                first=number * 5000 + 1,
                last=min(number * 5000 + 5000, 12_000),
                state=part,
                recipient_count=5000 if number < 2 else 2000,
                request_id=f"r{number}" if part in ("accepted", "done") else "",
                answered_at=now - timedelta(seconds=90 * (3 - number)),
                answer={"words": "Wrong subject"} if part == "refused" else {},
            )
        state_of_one = RecipientState.UNKNOWN if unknown else RecipientState.OPEN
        mailing.recipients.create(number=1, email="a@example.com", key="a@example.com", state=state_of_one)
        return mailing

    return make


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1440, "dark", "ja"), (1024, "light", "en"), (390, "dark", "ko")]
)
def test_every_state_is_accessible_and_fits(
    stack, page_of, bob, book, mailings_in, axe, width, scheme, language
) -> None:
    page = page_of(bob, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
    waiting, done, unknown, refused = PartState.WAITING, PartState.DONE, PartState.UNKNOWN, PartState.REFUSED
    later = {"send_at": timezone.now() + timedelta(hours=3, minutes=20)}
    for mailing in [
        mailings_in(MailingState.HELD, waiting, held_until=timezone.now() + timedelta(minutes=5)),
        mailings_in(MailingState.SCHEDULED, waiting, **later),
        mailings_in(MailingState.AWAITING, waiting),
        mailings_in(MailingState.MISSED, waiting, reason={"code": "missed"}, **later),
        mailings_in(MailingState.SENDING, done, done, waiting, sent=10_000),
        mailings_in(MailingState.PAUSED, done, waiting, waiting, sent=5000, reason={"code": "quota"}),
        mailings_in(MailingState.PAUSED, unknown, refused, waiting, unknown=5000, reason={"code": "unanswered"}),
        mailings_in(MailingState.UNKNOWN, done, done, unknown, sent=10_000, unknown=2000),
        mailings_in(MailingState.STOPPED, done, PartState.CANCELLED, sent=5000),
    ]:
        page.goto(f"/books/{book.slug}/mailings/{mailing.pk}/")
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), mailing
    page.goto(f"/books/{book.slug}/")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
