"""The number of recipients against a slow oracle, for any sources."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addressbook.models import Address, Membership
from addressbook.services.addresses import groups, selection
from mailings.models import MailKind, Suppression
from mailings.services.recipients import counting, sources

pytestmark = pytest.mark.django_db

KEYS = [f"p{number}@example.com" for number in range(8)]


@pytest.fixture
def people(register, make_group):
    """Eight addresses in three groups that overlap."""
    made = [make_group(name) for name in ("a", "b", "c")]
    register("\n".join(KEYS))
    for group, keys in zip(made, (KEYS[:4], KEYS[2:6], KEYS[5:]), strict=True):
        register("\n".join(keys), group)
    return made


def test_a_new_draft_has_no_recipients(draft, book) -> None:
    assert counting.count(draft, book.current_edition).recipients == 0


def test_every_choice_is_accounted_for(draft, book, by, people, suppress, write) -> None:
    draft = write(draft, kind=MailKind.ADVERTISING)
    acts = {"book": book, "mailing_id": draft.pk, "by": by}
    a, b, _c = people
    sources.add_groups(**acts, group_ids=[a.pk], in_all=False, without_ids=[], token=uuid4())
    sources.add_groups(**acts, group_ids=[b.pk], in_all=False, without_ids=[], token=uuid4())
    text = f"{KEYS[0]} new@example.com new@example.com broken@"
    added = sources.add_typed(**acts, text=text, token=uuid4())
    suppress("unsubscribed", KEYS[0])
    suppress("blocked", KEYS[0])
    suppress("blocked", KEYS[3])
    suppress("blocked", "nobody@example.com")

    numbers = counting.count(draft, book.current_edition)

    assert (added.added, added.doubled, len(added.invalid)) == (2, 1, 1)
    assert [line.chosen for line in numbers.lines] == [4, 4, 3]
    assert (numbers.chosen, numbers.doubled, numbers.unsubscribed, numbers.blocked) == (11, 4, 1, 1)
    assert numbers.recipients == 5


def test_unsubscribing_concerns_advertising_only(draft, book, by, people, suppress) -> None:
    a = people[0]
    sources.add_groups(
        book=book, mailing_id=draft.pk, group_ids=[a.pk], in_all=False, without_ids=[], token=uuid4(), by=by
    )
    suppress("unsubscribed", KEYS[0])

    assert counting.count(draft, book.current_edition).recipients == 4


def test_a_group_that_is_gone_holds_nobody(draft, book, by, people) -> None:
    acts = {"book": book, "mailing_id": draft.pk, "by": by}
    a, b, _c = people
    sources.add_groups(**acts, group_ids=[a.pk, b.pk], in_all=False, without_ids=[], token=uuid4())
    sources.add_groups(**acts, group_ids=[a.pk, b.pk], in_all=True, without_ids=[], token=uuid4())
    Membership.objects.filter(group=a).delete()
    a.delete()

    assert [line.chosen for line in counting.count(draft, book.current_edition).lines] == [4, 0]


def test_the_same_form_twice_adds_one_line(draft, book, by, people) -> None:
    token = uuid4()
    for _ in range(2):
        sources.add_groups(
            book=book,
            mailing_id=draft.pk,
            group_ids=[people[0].pk],
            in_all=False,
            without_ids=[],
            token=token,
            by=by,
        )

    assert draft.sources.count() == 1


def test_a_group_of_another_book_cannot_be_chosen(draft, book, by, make_group) -> None:
    from addressbook.models import Group
    from workspace.models import Edition

    other = Edition.objects.create(book=book, number=77, opened_at="2026-01-01T00:00Z")
    group = Group.objects.create(edition=other, name="x")
    with pytest.raises(groups.GroupGoneError):
        sources.add_groups(
            book=book, mailing_id=draft.pk, group_ids=[group.pk], in_all=False, without_ids=[], token=uuid4(), by=by
        )


INDEXES = st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)
CHOICES = st.one_of(
    st.tuples(st.just("groups"), INDEXES, st.booleans(), st.lists(st.integers(0, 2), max_size=2, unique=True)),
    st.tuples(st.just("selection"), st.integers(0, 2)),
    st.tuples(st.just("typed"), st.lists(st.integers(0, 9), min_size=1, max_size=5)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    choices=st.lists(CHOICES, max_size=4),
    unsubscribed=st.sets(st.integers(0, 9), max_size=4),
    blocked=st.sets(st.integers(0, 9), max_size=4),
    is_advertising=st.booleans(),
)
def test_any_sources_against_an_oracle(
    draft, book, by, people, write, suppress, choices, unsubscribed, blocked, is_advertising
) -> None:
    draft.sources.all().delete()
    Suppression.objects.all().delete()
    draft = write(draft, kind=MailKind.ADVERTISING if is_advertising else MailKind.GENERAL)
    every = [*KEYS, "t8@example.com", "t9@example.com"]
    for kind, numbers in (("unsubscribed", unsubscribed), ("blocked", blocked)):
        for number in numbers:
            suppress(kind, every[number])
    chosen: list[list[str]] = []
    doubled_at_once = 0
    for choice in choices:
        keys, doubled = _choose(choice, draft, book, by, people, every)
        chosen.append(keys)
        doubled_at_once += doubled

    numbers = counting.count(draft, book.current_edition)

    people_chosen = {key for keys in chosen for key in keys}
    refused = {every[number] for number in unsubscribed} & people_chosen if is_advertising else set()
    stopped = {every[number] for number in blocked} & people_chosen - refused
    assert numbers.recipients == len(people_chosen - refused - stopped)
    assert numbers.unsubscribed == len(refused)
    assert numbers.blocked == len(stopped)
    assert numbers.chosen == sum(map(len, chosen)) + doubled_at_once


def _choose(choice, draft, book, by, people, every) -> tuple[list[str], int]:
    acts = {"book": book, "mailing_id": draft.pk, "token": uuid4(), "by": by}
    held = {
        group.pk: set(Address.objects.filter(memberships__group=group).values_list("key", flat=True))
        for group in people
    }
    match choice:
        case ("groups", wanted, in_all, without):
            ids = [people[number].pk for number in wanted]
            others = [people[number].pk for number in without]
            sources.add_groups(**acts, group_ids=ids, in_all=in_all, without_ids=others)
            sets = [held[pk] for pk in ids]
            keys = set.intersection(*sets) if in_all else set.union(*sets)
            return sorted(keys - set().union(*(held[pk] for pk in others))), 0
        case ("selection", number):
            group = people[number]
            pinned = selection.everything(book=book, group_id=group.pk)
            sources.add_selection(**acts, selection=pinned)
            return sorted(held[group.pk]), 0
        case ("typed", numbers):
            text = "\n".join(every[number] for number in numbers)
            sources.add_typed(**acts, text=text)
            return sorted({every[number] for number in numbers}), len(numbers) - len(set(numbers))
    raise AssertionError(choice)
