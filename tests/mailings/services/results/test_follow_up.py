"""A new draft to those not reached, their addresses out of the book, or in a group."""

from uuid import uuid4

import pytest

from addressbook.models import Address, Group, Membership
from addressbook.services import undo
from libraries.outbound_mailer.simulator import Outcome
from mailings import limits
from mailings.models import Mailing, Recipient, Suppression
from mailings.services import checks, drafts, forgetting
from mailings.services.recipients import counting, samples
from mailings.services.results import follow_up, reasons
from mailings.services.results.follow_up import NobodyChosenError, NotOverError
from mailings.services.rules import NotAllowedError
from tests.mailings.services.sending.delivered import mails_of
from workspace.services.history.audit import Actor

pytestmark = pytest.mark.django_db(transaction=True)

HARD, SOFT, BLOCKED = "failed:RECIPIENT_ADDRESS_ERROR", "failed:ETC_ERROR", "blocked:SEND_BLOCK_ADDRESS"


@pytest.fixture
def edition(book):
    return book.current_edition


@pytest.fixture
def ended(ready, work, practice) -> Mailing:
    """r0 and r1 do not exist, r2 failed for a reason that nobody knows, r3 is blocked; r4 to r6 got it."""
    for number, code in enumerate(["RECIPIENT_ADDRESS_ERROR"] * 2 + ["ETC_ERROR", "SEND_BLOCK_ADDRESS"]):
        practice.outcomes.set(Outcome(pattern=f"r{number}@*", status="F", code=code))
    mailing = work(ready(7, 7))
    assert (mailing.failed, mailing.blocked, mailing.sent) == (3, 1, 3)
    return mailing


def recipients_of(draft: Mailing, edition) -> set[str]:
    found = [samples.nth(draft, edition, number) for number in range(1, 10)]
    return {sample.email for sample in found if sample}


def test_the_reasons_are_counted(ended, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        found = reasons.reasons_of(ended)
    assert [(reason.name, reason.count, reason.is_hard_bounce) for reason in found] == [
        (HARD, 2, True),
        (SOFT, 1, False),
        (BLOCKED, 1, False),
    ]


def test_a_new_draft_goes_to_exactly_those(ended, book, edition, by) -> None:
    token = uuid4()
    draft, again = (
        follow_up.send_to(book=book, mailing_id=ended.pk, names=[HARD, SOFT], token=token, by=by) for _ in range(2)
    )
    assert draft == again
    assert (draft.subject, draft.body, draft.copied_from) == (ended.subject, ended.body, ended)
    assert recipients_of(draft, edition) == {"r0@example.com", "r1@example.com", "r2@example.com"}
    # Those whom the service blocks are not sent to while it does, whatever was chosen.
    numbers = counting.count(draft, edition)
    assert (numbers.chosen, numbers.blocked, numbers.recipients) == (3, 2, 1)
    copied = drafts.copy(book=book, mailing_id=draft.pk, token=uuid4(), by=by)
    assert counting.count(copied, edition).chosen == 3


def test_the_new_draft_is_sent_with_the_values_of_each(book, edition, by, draft, write, practice, work) -> None:
    from mailings.models import RecipientSource, SourceRow
    from mailings.services.sending import confirming

    own = {"columns": ["who"], "longest": {"who": "Annabelle"}, "empty": {"who": 1}}
    source = RecipientSource.objects.create(mailing=draft, kind=RecipientSource.Kind.FILE, parameters=own)
    for number, values in enumerate([{"who": "Annabelle"}, {"who": ""}, None]):
        email = f"r{number}@example.com"
        SourceRow.objects.create(source=source, number=number + 1, email=email, key=email, values=values)
        practice.outcomes.set(Outcome(pattern=f"r{number}@*", status="F", code="ETC_ERROR"))
    written = write(draft, subject="Hello ${who}", body="<p>Hello</p>", fallbacks={"who": "you"})
    sent = confirming.confirm(
        book=book, mailing_id=draft.pk, seen_version=written.version, seen_count=3, token=uuid4(), by=by
    )
    ended = work(sent)
    assert ended.failed == 3

    new = follow_up.send_to(book=book, mailing_id=ended.pk, names=[SOFT], token=uuid4(), by=by)

    state = checks.check(new, edition).placeholders[0]
    assert (state.name, state.from_files, state.missing) == ("who", True, 2)
    assert samples.longest(new).email == "r0@example.com"
    practice.outcomes.clear()
    confirming.confirm(book=book, mailing_id=new.pk, seen_version=new.version, seen_count=3, token=uuid4(), by=by)
    assert work(new).sent == 3
    assert {mail.address: mail.subject for mail in mails_of(practice, book)} == {
        "r0@example.com": "Hello Annabelle",
        "r1@example.com": "Hello you",
        "r2@example.com": "Hello you",
    }


def test_nobody_is_sent_to_who_was_forgotten_or_refused(ended, book, edition, by) -> None:
    forgetting.forget(book=book, keys=["r2@example.com"])
    Recipient.objects.filter(mailing=ended, key="r0@example.com").update(state="unsubscribed", result_code="")
    assert not reasons.may_be_sent_to(reasons.Reason("unsubscribed", ""))
    with pytest.raises(NobodyChosenError):
        follow_up.send_to(book=book, mailing_id=ended.pk, names=["unsubscribed:"], token=uuid4(), by=by)
    draft = follow_up.send_to(book=book, mailing_id=ended.pk, names=[HARD, SOFT], token=uuid4(), by=by)
    assert recipients_of(draft, edition) == {"r1@example.com"}


def test_while_it_is_under_way_nobody_is_said_to_be_missed(ready, book, by) -> None:
    mailing = ready(3)
    with pytest.raises(NotOverError):
        follow_up.send_to(book=book, mailing_id=mailing.pk, names=[HARD], token=uuid4(), by=by)


def test_failed_addresses_are_taken_out_and_come_back(ended, book, edition, by, make_group, register) -> None:
    group = make_group("VIP")
    register("r0@example.com r2@example.com r5@example.com", group)
    token = uuid4()
    first, second = (
        follow_up.take_out(book=book, mailing_id=ended.pk, names=[HARD, SOFT], token=token, by=by) for _ in range(2)
    )
    assert first == second
    assert (first.chosen, first.done.selected, first.done.changes, first.is_part) == (3, 2, {"deleted": 2}, False)
    assert [address.email for address in Address.objects.filter(edition=edition)] == ["r5@example.com"]
    undo.undo(book=book, act_id=first.done.act_id, token=uuid4(), by=by)
    assert Membership.objects.filter(group=group).count() == 3


def test_more_than_an_act_takes_are_left_for_the_next(ended, book, by, register, monkeypatch) -> None:
    monkeypatch.setattr(limits, "FOLLOW_UP_ADDRESSES", 1)
    register("r0@example.com r1@example.com")
    done = [follow_up.take_out(book=book, mailing_id=ended.pk, names=[HARD], token=uuid4(), by=by) for _ in range(2)]
    assert [(followed.done.selected, followed.is_part) for followed in done] == [(1, True), (1, False)]
    with pytest.raises(NobodyChosenError):
        follow_up.take_out(book=book, mailing_id=ended.pk, names=[HARD], token=uuid4(), by=by)


def test_they_are_put_into_a_group_that_is_there_or_new(ended, book, edition, by, make_group, register) -> None:
    register("r0@example.com r1@example.com r4@example.com")
    token, names = uuid4(), [HARD]
    for _ in range(2):
        followed = follow_up.put_into_group(
            book=book, mailing_id=ended.pk, names=names, group="Gone", token=token, by=by
        )
    assert (followed.done.selected, followed.done.changes) == (2, {"added": 2, "removed": 0})
    group = Group.objects.get(edition=edition, name="Gone")
    assert group.address_count == 2
    with pytest.raises(NobodyChosenError):
        follow_up.put_into_group(book=book, mailing_id=ended.pk, names=names, group=group.pk, token=uuid4(), by=by)


def test_a_viewer_and_a_stranger_do_none_of_it(ended, book, vera, charlie, register) -> None:
    register("r0@example.com")
    for user in (vera, charlie):
        with pytest.raises(NotAllowedError):
            follow_up.take_out(book=book, mailing_id=ended.pk, names=[HARD], token=uuid4(), by=Actor(user))
        with pytest.raises(NotAllowedError):
            follow_up.send_to(book=book, mailing_id=ended.pk, names=[HARD], token=uuid4(), by=Actor(user))
    assert Suppression.objects.filter(book=book).exists()
