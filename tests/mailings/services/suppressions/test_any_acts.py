"""Any acts, resets and sends in any order: who refused stays refused, and gets no advertising (SAFETY, M4).

REFUSAL_LIVES says how many are drawn.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addressbook import actions as addressbook_actions
from addressbook.models import Address, Upload
from addressbook.services import undo, uploads
from addressbook.services.addresses import registration
from addressbook.services.reset import editions, reset, restoring
from libraries.outbound_mailer.simulator import Simulator
from mailings import actions
from mailings.models import Mailing, Suppression
from mailings.services import drafts, senders
from mailings.services.recipients import sources
from mailings.services.recipients.counting import count
from mailings.services.sending import confirming
from mailings.services.suppressions import reading, unsubscribes
from tests.mailings.services.sending.delivered import deliveries
from tests.mailings.services.sending.lives import take_turn
from tests.support.sizes import size
from tests.support.undo import work_on_jobs
from tests.support.uploads import work
from workspace.models import Act, AddressBook, Edition, Region, Zone
from workspace.services.books import books

if TYPE_CHECKING:
    from workspace.services.history.audit import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

LIVES = int(os.environ.get("REFUSAL_LIVES") or size(12, 200))
PEOPLE = [f"r{number}@example.com" for number in range(5)]

some = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True)
steps = st.one_of(
    st.tuples(st.sampled_from(["register", "refuse", "consent", "refuse_by_list", "delete_by_list"]), some),
    st.tuples(st.sampled_from(["reset", "bring_back", "undo", "begin_to_send"])),
    st.just(("turn",)),
    st.just(("turn",)),
)


@dataclass
class Life:
    """A book, and what a tester wrote down of who refuses."""

    book: AddressBook
    by: Actor
    simulator: Simulator
    refused: set[str] = field(default_factory=set)
    mailing: Mailing | None = None

    @property
    def edition(self) -> Edition:
        return Edition.objects.get(current_of=self.book)

    def register(self, people: list[str]) -> None:
        values = {"group_id": None, "text": " ".join(people), "token": uuid4(), "by": self.by}
        registration.register_typed(book=self.book, **values)

    def refuse(self, people: list[str]) -> None:
        unsubscribes.register_typed(book=self.book, text=" ".join(people), token=uuid4(), by=self.by)
        self.refused |= set(people)

    def consent(self, people: list[str]) -> None:
        values = {"text": " ".join(people), "reason": "Form", "token": uuid4(), "by": self.by}
        unsubscribes.remove_typed(book=self.book, **values)
        self.refused -= set(people)

    def refuse_by_list(self, people: list[str]) -> None:
        self._by_list(people, actions.REGISTER_UNSUBSCRIBES)
        self.refused |= set(people)

    def delete_by_list(self, people: list[str]) -> None:
        self._by_list(people, addressbook_actions.DELETE_ADDRESS)
        assert not Address.objects.filter(edition=self.edition, key__in=people).exists()

    def _by_list(self, people: list[str], action: str) -> None:
        file = ContentFile("\n".join(["Email", *people]).encode())
        values = {"group_id": None, "file": file, "name": "list.csv", "token": uuid4(), "by": self.by}
        upload = work(uploads.receive(book=self.book, purpose=Upload.Purpose.LIST, action="", **values))
        chosen = {"action": action, "group_id": None, "reason": "", "seen": upload.attempt, "by": self.by}
        uploads.apply_list(book=self.book, upload_id=upload.pk, **chosen)
        work(upload)

    def reset(self) -> None:
        if self.edition.address_count:
            seen = editions.contents(self.edition)
            reset.reset(book=self.book, seen=seen, keep_copy=True, token=uuid4(), by=self.by)

    def bring_back(self) -> None:
        closed = Edition.objects.restorable().filter(book=self.book).order_by("-number").first()
        if closed is not None:
            values = {"seen": editions.contents(self.edition), "newcomers": restoring.Newcomers.MERGE}
            restoring.undo_reset(book=self.book, number=closed.number, token=uuid4(), by=self.by, **values)
            work_on_jobs()

    def undo(self) -> None:
        act = Act.objects.filter(edition=self.edition, done_at__isnull=False, undone_at=None).order_by("-pk").first()
        if act is not None:
            undo.undo(book=self.book, act_id=act.pk, token=uuid4(), by=self.by)

    def begin_to_send(self) -> None:
        """An advertising mailing to all of them is confirmed."""
        draft = drafts.begin(book=self.book, token=uuid4(), by=self.by)
        values = {"subject": "Hello", "body": "<p>Hello</p>", "kind": "advertising"}
        sender = self.book.senders.get()
        Mailing.objects.filter(pk=draft.pk).update(sender=sender, **values)
        sources.add_typed(book=self.book, mailing_id=draft.pk, text=" ".join(PEOPLE), token=uuid4(), by=self.by)
        draft.refresh_from_db()
        planned = count(draft, self.edition).recipients
        assert planned == len(PEOPLE) - len(self.refused)
        if planned:
            seen = {"seen_version": draft.version, "seen_count": planned}
            self.mailing = confirming.confirm(book=self.book, mailing_id=draft.pk, token=uuid4(), by=self.by, **seen)

    def turn(self) -> None:
        if self.mailing is not None:
            before, refused = deliveries(self.simulator, self.book), set(self.refused)
            take_turn(self.mailing)
            reached = deliveries(self.simulator, self.book) - before
            assert not set(reached) & refused, "M4"

    def check(self) -> None:
        held = Suppression.objects.unsubscribed().filter(book=self.book)
        assert set(held.values_list("key", flat=True)) == self.refused
        assert {key for key, kinds in reading.suppressed(self.book, PEOPLE).items() if kinds} == self.refused


@pytest.fixture
def new_life(by, practice, file_store, no_other_worker, reading_in_this_process) -> Callable[[], Life]:
    def new_life() -> Life:
        practice.reset()
        book = books.create_book(name="Any", zone=Zone.PUBLIC, region=Region.KR, by=by)
        senders.add_sender(book=book, address="news@example.com", name="News", by=by)
        return Life(book, by, practice)

    return new_life


@settings(max_examples=LIVES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(acts=st.lists(steps, min_size=1, max_size=14))
def test_who_refuses_stays_refused_whatever_happens(new_life, acts) -> None:
    life = new_life()
    life.register(PEOPLE)
    for name, *values in acts:
        getattr(life, name)(*values)
        life.check()
    for _ in range(6):
        life.turn()
    life.check()


def test_a_refusal_between_confirming_and_the_call_is_heard(new_life) -> None:
    life = new_life()
    life.begin_to_send()
    life.turn()
    life.refuse_by_list(PEOPLE[:2])
    for _ in range(4):
        life.turn()
    assert set(deliveries(life.simulator, life.book)) == set(PEOPLE[2:])
