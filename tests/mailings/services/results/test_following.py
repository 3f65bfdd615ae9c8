"""Following against the simulator with its failures switched on: what is said of everybody is what the service says.

MAILING_LIVES says how many mailings are drawn. A failure names the mailing that shows it again.
"""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libraries.outbound_mailer.simulator import Fault, FaultKind, ListOrder, Outcome
from mailings import limits
from mailings.models import COUNTERS, Mailing, MailingState, Part, PartState, RecipientState
from mailings.services.results import reasons
from mailings.services.sending import counters, following
from mailings.views.follow import sentences
from tests.mailings.services.sending.lives import assert_sound, confirm_in, take_turn
from workspace.models import Region, Zone
from workspace.services.books import books
from workspace.services.books.connection import client_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

MAILINGS = int(os.environ.get("MAILING_LIVES") or "12")
CODES = [*sorted(following.HARD_BOUNCES), following.BLOCKED_CODE, "A_NEW_CODE"]
OPERATIONS = ["getMailRequestStatus", "getMailList", "getMail"]
PASSING = [
    FaultKind.THROTTLE_LIMITED,
    FaultKind.RATE_LIMITED,
    FaultKind.ENDPOINT_ERROR,
    FaultKind.INTERNAL_ERROR,
    FaultKind.ENDPOINT_TIMEOUT,
    FaultKind.HTML_ERROR,
    FaultKind.RUBBISH,
    FaultKind.CUT_BEFORE,
    FaultKind.CUT_IN_ANSWER,
]
# What a recipient is, by the service's code of the mail and its code of the result.
STATES = {"S": RecipientState.SENT, "F": RecipientState.FAILED, "C": RecipientState.CANCELLED}

outcomes = st.dictionaries(
    st.integers(0, 8),
    st.one_of(st.tuples(st.just("F"), st.sampled_from(CODES)), st.tuples(st.just("C"), st.just(""))),
    max_size=9,
)
faults = st.lists(
    st.builds(
        Fault,
        kind=st.sampled_from(PASSING),
        operation=st.sampled_from(OPERATIONS),
        times=st.integers(1, 3),
        skip=st.integers(0, 3),
    ),
    max_size=4,
)


@settings(max_examples=MAILINGS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    count=st.integers(1, 9),
    part=st.integers(1, 5),
    page=st.integers(1, 4),
    order=st.sampled_from(ListOrder),
    become=outcomes,
    broken=faults,
)
def test_everybody_is_what_the_service_says(practice, by, count, part, page, order, become, broken) -> None:
    practice.reset()
    practice.settings = replace(practice.settings, list_order=order)
    before = limits.PART_RECIPIENTS, limits.RESULTS_PAGE_ROWS
    limits.PART_RECIPIENTS, limits.RESULTS_PAGE_ROWS = part, page
    try:
        for number, (status, code) in become.items():
            practice.outcomes.set(Outcome(pattern=f"r{number}@*", status=status, code=code or None))
        book = books.create_book(name="Followed", zone=Zone.PUBLIC, region=Region.KR, by=by)
        mailing = confirm_in(book, count, by)
        for fault in broken:
            practice.faults.switch_on(fault)
        for _ in range(40):
            add_up(mailing)
            if not take_turn(mailing):
                break
        assert_sound(mailing, practice)
        assert (mailing.state, mailing.open) == (MailingState.SENT, 0)
        practice.faults.clear()
        assert {row.email: row.state for row in mailing.recipients.all()} == said_by_the_service(mailing)
        for row in mailing.recipients.filter(state=RecipientState.FAILED):
            assert row.result_code == become[int(row.email[1 : row.email.index("@")])][1]
        missed = sum(reason.count for reason in reasons.reasons_of(mailing))
        assert missed == mailing.planned - mailing.sent
    finally:
        limits.PART_RECIPIENTS, limits.RESULTS_PAGE_ROWS = before


def add_up(mailing: Mailing) -> None:
    """M2, at every moment."""
    mailing.refresh_from_db()
    stored = {name: getattr(mailing, name) for name in COUNTERS}
    assert sum(stored.values()) == mailing.planned
    if mailing.state != MailingState.FREEZING:
        assert stored == counters.recounted(mailing)


def said_by_the_service(mailing: Mailing) -> dict[str, RecipientState]:
    found: dict[str, RecipientState] = {}
    with client_for(mailing.book) as client:
        for part in mailing.parts.exclude(request_id=""):
            for row in client.mail.get_list(part.request_id, size=100).content:
                for one in client.mail.get(row.mail_id).recipients:
                    is_blocked = one.send_result_code == following.BLOCKED_CODE
                    found[one.address] = RecipientState.BLOCKED if is_blocked else STATES[one.status.code]
    return found


def test_a_request_that_the_service_does_not_know_is_asked_for_and_said(ready, work, practice) -> None:
    mailing = work(ready(3), stop_at=(MailingState.ACCEPTED,))
    Part.objects.filter(mailing=mailing).update(request_id="20260101000000000000")
    part = mailing.parts.get()
    for _ in range(3):
        take_turn(mailing)
    part.refresh_from_db()
    assert (part.state, bool(part.status["problem"])) == (PartState.ACCEPTED, True)
    assert sentences.part(part) == ""
    long_ago = timezone.now() - timedelta(hours=limits.UNFINISHED_HOURS + 1)
    Part.objects.filter(pk=part.pk).update(answered_at=long_ago, status={"counts": {"S": 2, "I": 1}})
    said = sentences.part(Part.objects.get(pk=part.pk))
    assert "has not finished this part for more than 24 hours" in said
    assert "Sent successfully: 2, Sending: 1" in said


def test_after_two_months_what_is_not_known_is_said_to_be_unknown(ready, work, practice) -> None:
    mailing = work(ready(3), stop_at=(MailingState.ACCEPTED,))
    over = timezone.now() - timedelta(days=limits.OUTSIDE_KEPT_DAYS + 1)
    Part.objects.filter(mailing=mailing).update(request_id="20260101000000000000", answered_at=over)
    mailing = work(mailing)
    assert (mailing.state, mailing.unknown, mailing.open, mailing.sent) == (MailingState.SENT, 3, 0, 0)
    assert set(mailing.recipients.values_list("result_code", flat=True)) == {"not_listed"}


def test_nobody_is_counted_twice_when_a_page_comes_again(ready, work, practice, monkeypatch) -> None:
    """The rows of an earlier page move into the next one."""
    monkeypatch.setattr(limits, "RESULTS_PAGE_ROWS", 2)
    for number in range(5):
        practice.outcomes.set(Outcome(pattern=f"r{number}@*", status="F", code="SMTP_ERROR"))
    mailing = work(ready(6, 6), stop_at=(MailingState.ACCEPTED,))
    kept = following._keep_results

    def keep_twice(*arguments: object) -> None:
        kept(*arguments)
        kept(*arguments)

    monkeypatch.setattr(following, "_keep_results", keep_twice)
    mailing = work(mailing)
    assert (mailing.failed, mailing.sent) == (5, 1)
    assert_sound(mailing, practice)
