"""Any mailing, with any clicks and faults in any order: M1 to M7 hold after every step of its life.

MAILING_LIVES says how many lives are drawn. A failure names the life that shows it again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from libraries.outbound_mailer.simulator import Fault, FaultKind, Outcome, Simulator
from mailings import limits
from mailings.models import (
    Mailing,
    MailingRun,
    MailingState,
    MailRules,
    Part,
    PartState,
    RecipientState,
    Sender,
    Suppression,
)
from mailings.services.sending import confirming, counters
from tests.mailings.services.sending.delivered import deliveries, mails_of
from tests.mailings.services.sending.lives import assert_sound, confirm_in, take_turn
from workspace.models import AddressBook, BookMember, Region, Role, Zone
from workspace.services.books import books

if TYPE_CHECKING:
    from workspace.services.history.audit import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

LIVES = int(os.environ.get("MAILING_LIVES") or "25")
OPERATIONS = ["createMailRequest", "getMailRequestStatus", "getMailList", "getMail", "getMailRequestList"]
CLICKS = ["undo", "stop", "pause", "resume", "send_part", "leave_out", "approve", "look_again", "send_now"]
# What the page answers to a click that comes too late, or from the wrong person.
REFUSALS = (confirming.TooLateError, confirming.SamePersonError, confirming.MailingGoneError)
# Without the parts that nobody knows of, everything that can be undone has been by then.
TURNS_MOST = 60

numbers = st.integers(0, 6)


def _fault(kind: FaultKind, **fields: Any) -> Fault:
    return Fault(kind=kind, seconds=7200.0 if kind is FaultKind.CLOCK_SKEW else 0.0, **fields)


faults = st.builds(
    _fault,
    kind=st.sampled_from(FaultKind),
    operation=st.sampled_from(OPERATIONS),
    times=st.integers(1, 3),
    skip=st.integers(0, 2),
)
steps = st.one_of(
    st.just(("turn",)),
    st.just(("turn",)),
    st.tuples(st.just("click"), st.sampled_from(CLICKS), st.integers(0, 3)),
    st.tuples(st.just("fault"), faults),
    st.tuples(st.just("suppress"), st.sampled_from(Suppression.Kind.values), numbers),
    st.tuples(st.just("outcome"), numbers, st.sampled_from(["ETC_ERROR", "SEND_BLOCK_ADDRESS", "SMTP_ERROR"])),
    st.just(("late",)),
    st.just(("settings",)),
)


@dataclass
class Life:
    """A mailing in a book of its own, and what a tester wrote down of it."""

    mailing: Mailing
    simulator: Simulator
    people: list[Actor]
    sent_again: set[str] = field(default_factory=set)
    # Whom nobody may send to any more: M4.
    suppressed: set[str] = field(default_factory=set)
    # Calls that were made when Stop was answered: M6.
    calls_at_stop: int | None = None

    @property
    def book(self) -> AddressBook:
        return self.mailing.book

    def turn(self) -> None:
        before, calls = self.reached(), self.calls()
        self.mailing.refresh_from_db()
        is_early = self.mailing.state == MailingState.SCHEDULED and self.mailing.send_at > timezone.now()
        take_turn(self.mailing)
        self.mailing.refresh_from_db()
        # M4: who was suppressed before this turn began is not among those whom it reached first.
        assert not (self.reached() - before) & self.suppressed
        # M5
        assert not is_early or self.calls() == calls, "called before its time"
        if self.calls_at_stop is not None:
            assert self.calls() == self.calls_at_stop, "called after Stop"

    def reached(self) -> set[str]:
        return set(deliveries(self.simulator, self.book))

    def calls(self) -> int:
        return len(self.simulator.log.requests("createMailRequest"))

    def click(self, name: str, number: int) -> None:
        by = self.people[number % 2]
        values: dict[str, Any] = {"book": self.book, "mailing_id": self.mailing.pk, "by": by}
        part = None
        if name in ("send_part", "leave_out", "look_again"):
            parts = list(Part.objects.filter(mailing=self.mailing).order_by("number"))
            if not parts:
                return
            # A tester clicks where the page has a button, most of the time.
            decidable = [part for part in parts if part.state in (PartState.UNKNOWN, PartState.REFUSED)]
            part = (decidable or parts)[number % len(decidable or parts)]
            values["part_id"] = part.pk
            if name != "look_again":
                values["seen_attempts"] = part.attempts
        elif name in ("approve", "send_now"):
            values["seen_version"] = Mailing.objects.get(pk=self.mailing.pk).version
        try:
            getattr(confirming, name)(**values)
        except REFUSALS:
            return
        if name == "stop":
            self.calls_at_stop = self.calls()
        if name == "send_part" and part is not None:
            self.calls_at_stop = None
            if part.state == PartState.UNKNOWN:
                own = self.mailing.recipients.filter(counters.of_part(part))
                self.sent_again |= set(own.values_list("email", flat=True))

    def fault(self, fault: Fault) -> None:
        self.simulator.faults.switch_on(fault)

    def suppress(self, kind: str, number: int) -> None:
        address = f"r{number}@example.com"
        values = {"email": address, "source": Suppression.Source.TYPED, "since": timezone.now()}
        Suppression.objects.get_or_create(book=self.book, kind=kind, key=address, defaults=values)
        if kind == Suppression.Kind.BLOCKED or self.mailing.is_advertising:
            self.suppressed.add(address)

    def outcome(self, number: int, code: str) -> None:
        self.simulator.outcomes.set(Outcome(pattern=f"r{number}@*", status="F", code=code))

    def late(self) -> None:
        """Nothing ran for an hour: M5."""
        long_ago = timezone.now() - timedelta(hours=1)
        Mailing.objects.filter(pk=self.mailing.pk, send_at__isnull=False).update(send_at=long_ago)

    def settings(self) -> None:
        """Somebody changes what the mailing was confirmed with: M3."""
        Sender.objects.filter(book=self.book).update(name="Other")
        MailRules.objects.filter(book=self.book).update(company="Other")

    def check(self) -> None:
        assert_sound(self.mailing, self.simulator, sent_again=self.sent_again)
        for mail in mails_of(self.simulator, self.book):
            assert (mail.sender_address, mail.sender_name) == ("news@example.com", "News")
            assert mail.subject.endswith("Hello A&B")
            assert ("Example" in mail.body) == self.mailing.is_advertising
            assert "Other" not in mail.body
        before_sending = ("draft", "freezing", "awaiting", "held", "scheduled", "missed", "cancelled")
        if self.mailing.state in before_sending:
            assert not self.reached(), self.mailing

    def end(self) -> None:
        """Whoever is asked decides, the service works again, and nothing stays open."""
        self.simulator.faults.clear()
        for _ in range(TURNS_MOST):
            self.turn()
            self.check()
            waits_for_nobody = MailingRun.objects.get(mailing=self.mailing).next_at is not None
            if self.mailing.state != "scheduled" and waits_for_nobody:
                continue
            if not self.decide():
                break
        assert self.mailing.state in ("draft", "sent", "stopped"), self.mailing
        if self.mailing.state != "draft":
            assert self.mailing.open == 0, self.mailing
            assert not self.mailing.recipients.filter(state=RecipientState.UNKNOWN).exists()

    def decide(self) -> bool:
        """What a person does who wants it over; False when nobody is asked anything."""
        click = {"awaiting": "approve", "paused": "resume", "missed": "send_now", "scheduled": "send_now"}
        asked = self.mailing.parts.filter(state__in=[PartState.UNKNOWN, PartState.REFUSED])
        if asked.exists():
            self.click("leave_out", 0)
        elif self.mailing.state in click:
            self.click(click[self.mailing.state], 1)
        else:
            return False
        return True


@pytest.fixture
def colleague(bob) -> Actor:
    from workspace.services.history.audit import Actor

    return Actor(bob)


@settings(max_examples=LIVES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    count=st.integers(1, 7),
    part=st.integers(1, 4),
    is_advertising=st.booleans(),
    is_scheduled=st.booleans(),
    second_person=st.booleans(),
    acts=st.lists(steps, max_size=14),
)
# Taken without an answer: few draws hit the call itself.
@example(
    count=3,
    part=2,
    is_advertising=False,
    is_scheduled=False,
    second_person=False,
    acts=[("fault", _fault(FaultKind.ENDPOINT_TIMEOUT, operation="createMailRequest")), ("turn",), ("turn",)],
)
def test_any_life_of_a_mailing(
    practice, by, colleague, count, part, is_advertising, is_scheduled, second_person, acts
) -> None:
    practice.reset()
    limits_before, limits.PART_RECIPIENTS = limits.PART_RECIPIENTS, part
    try:
        life = Life(begin(by, colleague, count, is_advertising, is_scheduled, second_person), practice, [by, colleague])
        for name, *values in acts:
            getattr(life, name)(*values)
            life.check()
        life.end()
    finally:
        limits.PART_RECIPIENTS = limits_before


def begin(by: Actor, colleague: Actor, count: int, is_advertising: bool, is_scheduled: bool, second: bool) -> Mailing:
    book = books.create_book(name="Life", zone=Zone.PUBLIC, region=Region.KR, by=by)
    BookMember.objects.create(book=book, user=colleague.user, role=Role.ADMIN)
    facts = {"company": "Example", "contact_email": "a@example.com", "telephone": "1", "postal_address": "Seoul"}
    MailRules.objects.create(book=book, second_person_from=1 if second else None, **facts)
    fields = {
        "kind": "advertising" if is_advertising else "general",
        "send_at": timezone.now() + timedelta(hours=1) if is_scheduled else None,
        "subject": "Hello ${who}",
        "common_values": {"who": "A&B"},
    }
    return confirm_in(book, count, by, **fields)
