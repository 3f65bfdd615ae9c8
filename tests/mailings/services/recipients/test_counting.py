"""The number of recipients of a draft, source by source."""

from uuid import uuid4

import pytest

from addressbook.models import Membership
from addressbook.services.addresses import groups
from mailings.models import MailKind
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


def test_in_all_of_some_groups_beside_another_line(draft, book, by, people) -> None:
    """SQLite takes UNION and INTERSECT in the order in which they stand, so the second line cut down the first."""
    acts = {"book": book, "mailing_id": draft.pk, "by": by}
    a, b, _c = people
    sources.add_groups(**acts, group_ids=[a.pk], in_all=False, without_ids=[], token=uuid4())
    sources.add_groups(**acts, group_ids=[a.pk, b.pk], in_all=True, without_ids=[], token=uuid4())

    numbers = counting.count(draft, book.current_edition)

    assert (numbers.recipients, numbers.doubled) == (4, 2)
