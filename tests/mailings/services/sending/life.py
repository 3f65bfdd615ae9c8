"""A mailing in a book of its own, what happens to it, and what a tester wrote down of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import F
from django.utils import timezone

from libraries.outbound_mailer.simulator import Fault, Outcome, Simulator
from mailings import limits
from mailings.models import (
    Attachment,
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
from mailings.services import attachments, drafts, forgetting
from mailings.services.recipients import counting
from mailings.services.sending import confirming, counters, lease, running
from tests.mailings.services.sending.delivered import deliveries, mails_of
from tests.mailings.services.sending.drawn import DOUBLED, KILLED, Drawn
from tests.mailings.services.sending.lives import assert_sound, confirm_in, make_due, take_turn
from workspace.models import AddressBook, BookMember, Region, Role, Zone
from workspace.services.books import books
from workspace.services.work import crash_points

if TYPE_CHECKING:
    from workspace.services.history.audit import Actor

# What the page answers to a click that comes too late, or from the wrong person.
REFUSALS = (
    *(confirming.TooLateError, confirming.SamePersonError, confirming.MailingGoneError),
    *(confirming.ChangedMeanwhileError, drafts.DraftGoneError, drafts.StaleDraftError),
)
# Without the parts that nobody knows of, everything that can be undone has been by then.
TURNS_MOST = 90


class KilledError(BaseException):
    """The worker is gone; nothing of its code may notice."""


def live(drawn: Drawn, simulator: Simulator, by: Actor, colleague: Actor) -> None:
    """A whole life, looked at after every step. Raises AssertionError."""
    simulator.reset()
    limits_before, limits.PART_RECIPIENTS = limits.PART_RECIPIENTS, drawn.part
    try:
        life = Life(begin(drawn, by, colleague), simulator, [by, colleague])
        for name, *values in drawn.steps:
            getattr(life, name)(*values)
            life.check()
        life.end()
    finally:
        limits.PART_RECIPIENTS = limits_before


def begin(drawn: Drawn, by: Actor, colleague: Actor) -> Mailing:
    book = books.create_book(name="Life", zone=Zone.PUBLIC, region=Region.KR, by=by)
    BookMember.objects.create(book=book, user=colleague.user, role=Role.ADMIN)
    facts = {"company": "Example", "contact_email": "a@example.com", "telephone": "1", "postal_address": "Seoul"}
    MailRules.objects.create(book=book, second_person_from=1 if drawn.has_second_person else None, **facts)
    fields = {
        "kind": "advertising" if drawn.is_advertising else "general",
        "send_at": timezone.now() + timedelta(hours=1) if drawn.is_scheduled else None,
        "subject": "Hello ${who}",
        "common_values": {"who": "A&B"},
    }

    def attach(draft: Mailing) -> None:
        attachments.add(book=book, mailing_id=draft.pk, file=ContentFile(b"hello"), name="a.txt", by=by)

    return confirm_in(book, drawn.count, by, attach=attach if drawn.has_file else None, **fields)


@dataclass
class Life:
    mailing: Mailing
    simulator: Simulator
    people: list[Actor]
    sent_again: set[str] = field(default_factory=set)
    # Whom nobody may send to any more: M4.
    suppressed: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    # Calls that were made when Stop was answered: M6.
    calls_at_stop: int | None = None
    # Sender's name and company, as they were at the confirmation: M3.
    confirmed: tuple[str, str] = ("News", "Example")

    @property
    def book(self) -> AddressBook:
        return self.mailing.book

    def turn(self, interruption: str, point: int) -> None:
        before, calls = self.reached(), self.calls()
        self.mailing.refresh_from_db()
        is_early = self.mailing.state == MailingState.SCHEDULED and self.mailing.send_at > timezone.now()
        is_over = suppress(KilledError, lease.MailingLostError)
        with is_over, interrupted(interruption, point, lambda: self._interrupt(interruption)):
            take_turn(self.mailing)
        self.mailing.refresh_from_db()
        # M4: who was suppressed before this turn began is not among those whom it reached first.
        assert not (self.reached() - before) & (self.suppressed | self.forgotten)
        # M5
        assert not is_early or self.calls() == calls, "called before its time"
        if self.calls_at_stop is not None:
            assert self.calls() == self.calls_at_stop, "called after Stop"

    def _interrupt(self, interruption: str) -> None:
        if interruption == KILLED:
            raise KilledError
        if interruption != DOUBLED:
            make_due(self.mailing)
        running.run(self.mailing.pk)

    def reached(self) -> set[str]:
        return set(deliveries(self.simulator, self.book))

    def calls(self) -> int:
        return len(self.simulator.log.requests("createMailRequest"))

    def click(self, name: str, number: int, is_old: bool) -> None:
        values: dict[str, Any] = {"book": self.book, "mailing_id": self.mailing.pk, "by": self.people[number % 2]}
        now = Mailing.objects.get(pk=self.mailing.pk)
        part = self._part(number) if name in ("send_part", "leave_out", "look_again") else None
        if part is not None:
            values["part_id"] = part.pk
        elif name in ("send_part", "leave_out", "look_again"):
            return
        if part is not None and name != "look_again":
            values["seen_attempts"] = part.attempts - is_old
        if name in ("approve", "send_now", "confirm"):
            values["seen_version"] = now.version - is_old
        if name == "confirm":
            count = counting.count(now, self.book.current_edition).recipients
            values |= {"seen_count": count + (number == 3), "token": uuid4()}
        try:
            getattr(confirming, name)(**values)
        except REFUSALS:
            return
        is_decision = name in ("send_part", "leave_out", "approve", "send_now", "confirm")
        assert not (is_old and is_decision), "decided on an old page"
        self._note(name, part)

    def _part(self, number: int) -> Part | None:
        """A tester clicks where the page has a button, most of the time."""
        parts = list(Part.objects.filter(mailing=self.mailing).order_by("number"))
        decidable = [part for part in parts if part.state in (PartState.UNKNOWN, PartState.REFUSED)] or parts
        return decidable[number % len(decidable)] if decidable else None

    def _note(self, name: str, part: Part | None) -> None:
        if name == "stop":
            self.calls_at_stop = self.calls()
        if name == "confirm":
            rules = MailRules.objects.get(book=self.book)
            self.confirmed = (Sender.objects.get(book=self.book).name, rules.company)
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

    def forget(self, number: int) -> None:
        address = f"r{number}@example.com"
        forgetting.forget(book=self.book, keys=[address])
        self.forgotten.add(address)

    def outcome(self, number: int, code: str) -> None:
        self.simulator.outcomes.set(Outcome(pattern=f"r{number}@*", status="F", code=code))

    def listing(self, seconds: float | None) -> None:
        """Of requests that are made from now on."""
        self.simulator.settings = replace(self.simulator.settings, listing_delay_seconds=seconds)

    def lose_files(self) -> None:
        """The service has forgotten what was uploaded."""
        Attachment.objects.filter(mailing=self.mailing).exclude(file_id="").update(file_id="1" * 25)

    def late(self) -> None:
        """Nothing ran for an hour: M5."""
        long_ago = timezone.now() - timedelta(hours=1)
        Mailing.objects.filter(pk=self.mailing.pk, send_at__isnull=False).update(send_at=long_ago)

    def clock_back(self) -> None:
        """The server's clock was a day ahead until now: every moment that was kept is."""
        for model, own in ((Mailing, {"pk": self.mailing.pk}), (Part, {"mailing": self.mailing.pk})):
            names = [column.name for column in model._meta.fields if column.get_internal_type() == "DateTimeField"]
            model._default_manager.filter(**own).update(**{name: F(name) + timedelta(days=1) for name in names})
        later = {name: F(name) + timedelta(days=1) for name in ("lease_until", "next_at")}
        MailingRun.objects.filter(mailing=self.mailing).update(**later)
        # Whether or not anybody makes the waits short: it does not sleep for a day.
        is_waiting = MailingRun.objects.filter(mailing=self.mailing, next_at__isnull=False).exists()
        if is_waiting and self.mailing.state in ("freezing", "held", "sending", "unknown", "accepted"):
            assert lease.is_due(self.mailing.pk), "it sleeps until its worker's old tomorrow"

    def settings(self) -> None:
        """Somebody changes what the mailing was confirmed with: M3."""
        Sender.objects.filter(book=self.book).update(name="Other")
        MailRules.objects.filter(book=self.book).update(company="Other")

    def check(self) -> None:
        assert_sound(self.mailing, self.simulator, sent_again=self.sent_again, forgotten=self.forgotten)
        has_file = self.mailing.attachments.exists()
        name, company = self.confirmed
        for mail in mails_of(self.simulator, self.book):
            assert (mail.sender_address, mail.sender_name) == ("news@example.com", name)
            assert mail.subject.endswith("Hello A&B")
            assert (company in mail.body) == self.mailing.is_advertising
            assert {"Example", "Other"} & set(mail.body.split()) <= {company}
            assert bool(mail.attachments) == has_file
        before_sending = ("draft", "freezing", "awaiting", "held", "scheduled", "missed", "cancelled")
        if self.mailing.state in before_sending:
            assert not self.reached(), self.mailing

    def end(self) -> None:
        """Whoever is asked decides, the service works again, and nothing stays open."""
        self.simulator.faults.clear()
        for _ in range(TURNS_MOST):
            self.turn("", 0)
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
        else:
            assert not self.mailing.recipients.exists()

    def decide(self) -> bool:
        """What a person does who wants it over; False when nobody is asked anything."""
        click = {"awaiting": "approve", "paused": "resume", "missed": "send_now", "scheduled": "send_now"}
        asked = self.mailing.parts.filter(state__in=[PartState.UNKNOWN, PartState.REFUSED])
        if asked.exists():
            self.click("leave_out", 0, is_old=False)
        elif self.mailing.state in click:
            self.click(click[self.mailing.state], 1, is_old=False)
        else:
            return False
        return True


@contextmanager
def interrupted(how: str, point: int, act: Callable[[], None]) -> Iterator[None]:
    """Acts at the n-th crash point: of another worker at the first from there on that is outside of a transaction."""
    original, reached = crash_points.reached, 0

    def reach(name: str) -> None:
        nonlocal reached
        reached += 1
        if not how or reached < point or (connection.in_atomic_block and how != KILLED):
            return
        crash_points.reached = original
        act()

    crash_points.reached = reach
    try:
        yield
    finally:
        crash_points.reached = original
