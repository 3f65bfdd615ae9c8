"""Unsubscribes: what the ledger holds, and what the service is told of it."""

from uuid import uuid4

import pytest

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings import actions, limits
from mailings.models import Suppression, Telling
from mailings.services.rules import NotAllowedError
from mailings.services.suppressions import telling, unsubscribes
from workspace.models import AuditEvent
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

pytestmark = pytest.mark.django_db(transaction=True)


def held() -> list[str]:
    return sorted(Suppression.objects.unsubscribed().values_list("key", flat=True))


def test_every_entry_is_counted_and_the_ledger_holds_at_once(refuse) -> None:
    refuse("old@example.com")

    report = refuse("Ann@Example.com\nann@example.com, old@example.com; bob@example.org broken@")

    assert (report.registered, report.already_there, report.doubled, report.invalid) == (2, 1, 1, 1)
    assert held() == ["ann@example.com", "bob@example.org", "old@example.com"]
    row = Suppression.objects.get(key="bob@example.org")
    assert (row.source, row.by_admin, row.added_by, row.told_at) == ("typed", True, "alice", None)


def test_the_service_is_told_in_calls_of_at_most_a_thousand(refuse, tell, at_service, monkeypatch) -> None:
    monkeypatch.setattr(limits, "TOLD_AT_ONCE", 3)
    refuse(" ".join(f"r{number}@example.com" for number in range(7)))

    row = tell()

    assert at_service() == held()
    assert not Suppression.objects.untold().exists()
    assert (row.asked_count, row.changed_count, row.ignored_count, row.problem) == (1, 1, 0, "")
    assert row.told_at is not None


def test_a_removal_needs_a_reason_which_stays_in_the_history(refuse, consent, tell, at_service) -> None:
    refuse("ann@example.com bob@example.com")
    tell()
    with pytest.raises(unsubscribes.NoReasonError):
        consent("ann@example.com", reason="  ")

    report = consent("ANN@example.com new@example.com", reason="Signed the form again")

    assert (report.removed, report.not_there) == (1, 1)
    assert held() == ["bob@example.com"]
    line = AuditEvent.objects.get(action=actions.REMOVE_UNSUBSCRIBES)
    assert (line.reason, line.detail["removed"]) == ("Signed the form again", 1)
    assert "ann@" not in str(line.detail).lower()
    tell()
    assert at_service() == ["bob@example.com"]
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("kind", ["endpoint_timeout", "cut_after", "internal_error", "rate_limited", "cut_before"])
def test_a_call_of_unknown_or_failed_outcome_is_made_again(kind, refuse, consent, tell, at_service, practice) -> None:
    refuse("ann@example.com bob@example.com")
    practice.faults.switch_on(Fault(kind=FaultKind(kind), operation="registerUnsubscribers", times=1))

    first = tell(turns=1)
    assert (first.failures, Suppression.objects.untold().count()) == (1, 2)
    assert first.problem
    second = tell()
    assert (second.failures, second.problem) == (0, "")
    assert at_service() == held()

    consent("ann@example.com")
    practice.faults.switch_on(Fault(kind=FaultKind(kind), operation="deleteUnsubscribers", times=1))
    tell()
    assert at_service() == held() == ["bob@example.com"]


def test_registered_again_before_the_removal_was_told_it_holds(refuse, consent, tell, at_service) -> None:
    refuse("ann@example.com")
    tell()
    consent("ann@example.com")
    assert refuse("ann@example.com").registered == 1

    tell()

    assert at_service() == held() == ["ann@example.com"]


@pytest.mark.parametrize("removes", [True, False])
def test_what_changes_during_a_call_is_told_afterwards(removes, refuse, consent, tell, at_service, monkeypatch) -> None:
    refuse("ann@example.com")
    if not removes:
        tell()
        consent("ann@example.com")
    waiting = [consent if removes else refuse]

    def meanwhile(point: str) -> None:
        if waiting and point == "unsubscribes: told":
            waiting.pop()("ann@example.com")

    monkeypatch.setattr(crash_points, "reached", meanwhile)
    tell()

    assert at_service() == held() == ([] if removes else ["ann@example.com"])
    assert not Suppression.objects.untold().exists()


def test_a_worker_that_dies_after_the_call_leaves_it_to_be_told_again(refuse, tell, at_service, monkeypatch) -> None:
    refuse("ann@example.com")

    def die(point: str) -> None:
        raise SystemExit(point)

    with monkeypatch.context() as patched:
        patched.setattr(crash_points, "reached", die)
        with pytest.raises(SystemExit):
            tell()
    assert at_service() == ["ann@example.com"]
    assert Suppression.objects.untold().count() == 1

    row = tell()
    assert not Suppression.objects.untold().exists()
    assert (row.asked_count, row.changed_count, row.ignored_count) == (1, 0, 1)


def test_one_worker_at_a_time(book, refuse, practice) -> None:
    refuse("ann@example.com")
    assert telling._claim(book.pk) is not None
    assert telling._claim(book.pk) is None


def test_a_worker_that_lost_its_lease_writes_nothing(book, refuse, tell, monkeypatch, practice) -> None:
    refuse("ann@example.com")
    monkeypatch.setattr(crash_points, "reached", lambda point: Telling.objects.update(attempt=77))

    with pytest.raises(telling.TellingLostError):
        tell()

    assert Suppression.objects.untold().count() == 1


def test_without_a_connection_it_waits_and_says_so(refuse, tell) -> None:
    refuse("ann@example.com")

    row = tell(turns=1)

    assert row.problem == "no_keys"
    assert row.next_at is not None
    assert held() == ["ann@example.com"]


def test_one_address_that_the_service_refuses_does_not_hold_up_the_others(book, refuse, tell, at_service) -> None:
    refuse(" ".join(f"r{number}@example.com" for number in range(9)))
    Suppression.objects.filter(key="r4@example.com").update(email="no address")

    tell()

    assert len(at_service()) == 8
    assert Suppression.objects.get(key="r4@example.com").result_code == Suppression.REFUSED
    assert "r4@example.com" in held()


def test_a_person_has_the_service_asked_again_about_what_it_refused(book, by, refuse, tell, at_service) -> None:
    refuse("ann@example.com bob@example.com")
    Suppression.objects.filter(key="ann@example.com").update(email="no address")
    tell()
    Suppression.objects.filter(key="ann@example.com").update(email="ann@example.com")

    telling.tell_now(book=book, by=by)
    tell()

    assert at_service() == held() == ["ann@example.com", "bob@example.com"]


def test_another_account_is_told_everything(book, by, refuse, tell, practice) -> None:
    from workspace.services.work.changing import Fact, changing

    refuse("ann@example.com bob@example.com")
    tell()
    with changing(book, by=by) as change:
        change.facts.add(Fact.LEADS_ELSEWHERE)

    assert Suppression.objects.untold().count() == 2
    assert tell().asked_count == 2


def test_a_form_sent_twice_has_one_effect(refuse, consent) -> None:
    token = uuid4()
    assert refuse("ann@example.com", token=token) == refuse("ann@example.com", token=token)
    assert consent("ann@example.com", token=token) == consent("ann@example.com", token=token)
    assert AuditEvent.objects.filter(action__endswith="unsubscribes").count() == 2


def test_viewers_change_nothing(refuse, consent, vera) -> None:
    for act in (refuse, consent):
        with pytest.raises(NotAllowedError):
            act("ann@example.com", by=Actor(vera))
    assert not Suppression.objects.exists()


def test_too_many_and_none_are_refused_before_anything_is_done(refuse) -> None:
    with pytest.raises(unsubscribes.NoAddressesError):
        refuse(" \n ")
    with pytest.raises(unsubscribes.TooManyAddressesError):
        refuse(" ".join(f"r{number}@example.com" for number in range(1_001)))
    assert not Suppression.objects.exists()


def test_a_reset_does_not_take_it_away(do_reset, register, refuse) -> None:
    register("ann@example.com")
    refuse("ann@example.com")
    do_reset()
    assert held() == ["ann@example.com"]
