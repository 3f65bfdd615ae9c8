"""Turns of a worker at a mailing, and what must hold of it after each (SAFETY: M1, M2, M3, M7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils import timezone

from mailings.models import COUNTERS, Mailing, MailingRun, Part, PartState, RecipientState
from mailings.services import drafts, senders
from mailings.services.recipients import sources
from mailings.services.sending import confirming, counters, running
from tests.mailings.services.sending.delivered import deliveries

if TYPE_CHECKING:
    from libraries.outbound_mailer.simulator import Simulator
    from workspace.models import AddressBook
    from workspace.services.history.audit import Actor


def confirm_in(
    book: AddressBook, count: int, by: Actor, *, attach: Callable[[Mailing], None] | None = None, **fields: object
) -> Mailing:
    """A mailing to r0, r1 … that was just confirmed; what the page would have checked is not checked."""
    sender = senders.add_sender(book=book, address="news@example.com", name="News", by=by)
    draft = drafts.begin(book=book, token=uuid4(), by=by)
    Mailing.objects.filter(pk=draft.pk).update(sender=sender, **{"subject": "Hello", "body": "<p>Hello</p>", **fields})
    text = "\n".join(f"r{number}@example.com" for number in range(count))
    sources.add_typed(book=book, mailing_id=draft.pk, text=text, token=uuid4(), by=by)
    if attach is not None:
        attach(draft)
    version = Mailing.objects.get(pk=draft.pk).version
    return confirming.confirm(
        book=book, mailing_id=draft.pk, seen_version=version, seen_count=count, token=uuid4(), by=by
    )


def take_turn(mailing: Mailing) -> bool:
    """One turn, whose waits are all taken to be over; False when nothing is left to do until a person acts."""
    run = MailingRun.objects.get(mailing=mailing)
    if run.next_at is None and run.lease_until is None:
        return False
    make_due(mailing)
    running.run(mailing.pk)
    return True


def make_due(mailing: Mailing) -> None:
    """Every wait is over, and whoever worked on it is taken for dead."""
    past = timezone.now() - timedelta(seconds=1)
    Part.objects.filter(mailing=mailing, next_look_at__isnull=False).update(next_look_at=past)
    Part.objects.filter(mailing=mailing, not_before__isnull=False).update(not_before=past)
    Mailing.objects.filter(pk=mailing.pk, held_until__isnull=False).update(held_until=past)
    MailingRun.objects.filter(mailing=mailing).update(next_at=past, lease_until=None)


def assert_sound(
    mailing: Mailing, simulator: Simulator, *, sent_again: Collection[str] = (), forgotten: Collection[str] = ()
) -> None:
    """`sent_again` are those of parts that a person had called again: they alone may have got it twice.

    `forgotten` are those whose rows have no address any more.
    """
    mailing.refresh_from_db()
    got = deliveries(simulator, mailing.book)
    # M1
    twice = {address for address, times in got.items() if times > 1}
    assert twice <= set(sent_again), f"{mailing}: more than once to {twice}"
    # M2
    stored = {name: getattr(mailing, name) for name in COUNTERS}
    assert sum(stored.values()) == mailing.planned, mailing
    # Rows are still being written then, or deleted.
    if mailing.state not in ("freezing", "draft"):
        assert stored == counters.recounted(mailing), mailing
    # M3: to nobody else
    recipients = dict(mailing.recipients.values_list("email", "state"))
    assert set(got) - set(forgotten) <= set(recipients), mailing
    # M7
    said = {email for email, state in recipients.items() if state == RecipientState.SENT} - {""}
    assert said <= set(got), f"{mailing}: said to be sent, and not delivered: {said - set(got)}"
    for part in mailing.parts.all():
        states = set(mailing.recipients.filter(counters.of_part(part)).values_list("state", flat=True))
        assert RecipientState.OPEN not in states or part.state not in (PartState.UNKNOWN, PartState.DONE), part
        # Nobody's outcome is lost: it is unknown as long as that of the part is.
        assert RecipientState.UNKNOWN not in states or part.state in (PartState.UNKNOWN, PartState.DONE), part


def states_of_parts(mailing: Mailing) -> Counter[str]:
    return Counter(mailing.parts.values_list("state", flat=True))
