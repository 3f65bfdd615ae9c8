"""Send blocks: what the service says of single addresses, and the ledger of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator import Outcome
from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings import actions, limits
from mailings.models import Suppression
from mailings.services.rules import NotAllowedError
from mailings.services.suppressions import blocks, reading
from workspace.models import AuditEvent
from workspace.services.history.audit import Actor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bounced(book, practice) -> str:
    """An address that the service blocks after a hard bounce."""
    from libraries.outbound_mailer import MailRequest, Recipient
    from workspace.services.books.connection import client_for

    practice.outcomes.set(Outcome(pattern="gone@example.com", status="F", code="MAILBOX_ERROR", message="550 gone"))
    with client_for(book) as client:
        client.mail.create_request(
            MailRequest(
                sender_address="news@example.com",
                title="Hello",
                body="Hello",
                recipients=[Recipient("gone@example.com")],
            )
        )
    return "gone@example.com"


def test_a_blocked_address_is_told_with_its_code_and_goes_into_the_ledger(book, by, bounced) -> None:
    found = blocks.look_up(book=book, text=f"{bounced} ann@example.com broken@", by=by)

    gone, ann = found.answers
    assert (gone.code, ann.until, len(found.invalid)) == ("MAILBOX_ERROR", None, 1)
    assert timedelta(days=6) < gone.until - timezone.now() < timedelta(days=8)
    assert gone.events[0].is_block
    (row,) = reading.blocked(book).rows
    assert (row.key, row.result_code, row.source, row.until) == (bounced, "MAILBOX_ERROR", "looked_up", gone.until)
    line = AuditEvent.objects.get(action=actions.LOOK_UP_BLOCKS)
    assert line.detail == {"asked": 2, "blocked": 1}
    assert reading.codes(book) == ["MAILBOX_ERROR"]
    assert not reading.blocked(book, code="SMTP_ERROR").rows


def test_what_the_service_has_released_is_released_here(book, by, suppress, practice) -> None:
    suppress("blocked", "ann@example.com")
    Suppression.objects.update(until=timezone.now() + timedelta(days=3))

    blocks.look_up(book=book, text="ann@example.com", by=by)

    assert not reading.blocked(book).rows


def test_a_fault_on_the_way_keeps_what_was_answered(book, by, practice) -> None:
    practice.faults.switch_on(Fault(kind=FaultKind.ENDPOINT_TIMEOUT, operation="getSendBlockList", times=1, skip=1))

    found = blocks.look_up(book=book, text="a@example.com b@example.com c@example.com", by=by)

    assert [answer.key for answer in found.answers] == ["a@example.com"]
    assert found.unasked == ("b@example.com", "c@example.com")
    assert found.problem is not None


def test_without_a_connection_it_says_so(book, by) -> None:
    assert blocks.look_up(book=book, text="a@example.com", by=by).problem is not None


def test_none_and_too_many_are_refused(book, by) -> None:
    with pytest.raises(blocks.NoAddressesError):
        blocks.look_up(book=book, text=" ", by=by)
    with pytest.raises(blocks.TooManyAtOnceError):
        blocks.look_up(book=book, text=" ".join(f"r{n}@example.com" for n in range(11)), by=by)


def test_viewers_look_nothing_up(book, vera, practice) -> None:
    with pytest.raises(NotAllowedError):
        blocks.look_up(book=book, text="a@example.com", by=Actor(vera))


def test_pages_follow_each_other_without_a_gap(book, suppress, monkeypatch) -> None:
    monkeypatch.setattr(limits, "SUPPRESSIONS_A_PAGE", 2)
    for number in range(5):
        suppress("unsubscribed", f"r{number}@example.com")
    Suppression.objects.filter(key__in=["r1@example.com", "r2@example.com"]).update(since=timezone.now())

    seen, before = [], None
    for _ in range(4):
        page = reading.unsubscribed(book, before=before)
        seen += [row.key for row in page.rows]
        if (before := page.before) is None:
            break

    assert len(seen) == len(set(seen)) == 5
    assert [row.key for row in reading.unsubscribed(book, query="r3@").rows] == ["r3@example.com"]
    assert [row.key for row in reading.unsubscribed(book, query=" R3@Example.com").rows] == ["r3@example.com"]


def test_the_standing_tells_how_far_the_service_knows(book, suppress) -> None:
    for number in range(3):
        suppress("unsubscribed", f"r{number}@example.com")
    Suppression.objects.filter(key="r0@example.com").update(told_at=timezone.now())
    Suppression.objects.filter(key="r1@example.com").update(until=timezone.now())

    state = reading.standing(book)

    assert (state.count, state.untold, state.removals_untold, state.refused) == (2, 1, 1, 0)
