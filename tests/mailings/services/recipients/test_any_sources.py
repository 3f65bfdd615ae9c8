"""Any sources of recipients against a slow oracle: the number, the addresses behind it, and who is written down."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addressbook.models import Address
from addressbook.services.addresses import selection
from mailings.models import Mailing, MailingState, MailKind, RecipientFile, Suppression
from mailings.services import drafts
from mailings.services.recipients import behind, counting, files, reading, sources
from mailings.services.recipients.behind import Behind
from mailings.services.sending import confirming
from tests.mailings.services.sending.lives import take_turn

# What a freeze reads is read in one moment, and that is no part of another transaction.
pytestmark = pytest.mark.django_db(transaction=True)

KEYS = [f"p{number}@example.com" for number in range(8)]
EVERY = [*KEYS, "t8@example.com", "t9@example.com"]
BROKEN = "broken@"

INDEXES = st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)
CHOICES = st.one_of(
    st.tuples(st.just("groups"), INDEXES, st.booleans(), st.lists(st.integers(0, 2), max_size=2, unique=True)),
    st.tuples(st.just("selection"), st.integers(0, 2)),
    st.tuples(st.just("typed"), st.lists(st.integers(0, 9), min_size=1, max_size=5)),
    # 10 stands for an entry that is no address; one at least is.
    st.tuples(st.just("file"), st.integers(0, 9), st.lists(st.integers(0, 10), max_size=5)),
)


class Oracle:
    """What each source chooses, entry by entry: (key, value of `city`, whether the source has it already)."""

    def __init__(self) -> None:
        self.chosen: list[tuple[str, str | None]] = []
        self.invalid = 0

    def doubled(self) -> list[str]:
        keys = [key for key, _city in self.chosen]
        return [key for place, key in enumerate(keys) if key in keys[:place]]

    def people(self) -> dict[str, str | None]:
        first: dict[str, str | None] = {}
        for key, city in self.chosen:
            first.setdefault(key, city)
        return first


@pytest.fixture
def people(register, make_group):
    """Eight addresses in three groups that overlap."""
    made = [make_group(name) for name in ("a", "b", "c")]
    register("\n".join(KEYS))
    for group, keys in zip(made, (KEYS[:4], KEYS[2:6], KEYS[5:]), strict=True):
        register("\n".join(keys), group)
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    choices=st.lists(CHOICES, max_size=4),
    unsubscribed=st.sets(st.integers(0, 9), max_size=4),
    blocked=st.sets(st.integers(0, 9), max_size=4),
    is_advertising=st.booleans(),
)
def test_any_sources_against_an_oracle(
    sender, book, by, people, write, suppress, practice, choices, unsubscribed, blocked, is_advertising
) -> None:
    Suppression.objects.all().delete()
    draft = drafts.begin(book=book, token=uuid4(), by=by)
    kind = MailKind.ADVERTISING if is_advertising else MailKind.GENERAL
    draft = write(draft, kind=kind, subject="Hello", body="<p>Hello</p>")
    for suppressed, numbers in (("unsubscribed", unsubscribed), ("blocked", blocked)):
        for number in numbers:
            suppress(suppressed, EVERY[number])
    oracle = Oracle()
    for choice in choices:
        _choose(choice, draft, book, by, people, oracle)

    found = counting.count(draft, book.current_edition)

    everybody = oracle.people()
    refused = {EVERY[number] for number in unsubscribed} & set(everybody) if is_advertising else set()
    stopped = ({EVERY[number] for number in blocked} & set(everybody)) - refused
    recipients = {key: city for key, city in everybody.items() if key not in refused | stopped}
    expected = {
        Behind.RECIPIENTS: list(recipients),
        Behind.CHOSEN: [key for key, _city in oracle.chosen] + [BROKEN] * oracle.invalid,
        Behind.DOUBLED: oracle.doubled(),
        Behind.UNSUBSCRIBED: list(refused),
        Behind.BLOCKED: list(stopped),
        Behind.INVALID: [BROKEN] * oracle.invalid,
    }
    for which, texts in expected.items():
        assert getattr(found, which) == len(texts), which
        assert sorted(_behind(draft, book, which)) == sorted(texts), which
    assert found.recipients == found.chosen - found.doubled - found.unsubscribed - found.blocked - found.invalid
    if recipients:
        _assert_frozen(draft, book, by, recipients)


def _assert_frozen(draft, book, by, recipients) -> None:
    """Confirmed, exactly these are written down, once each, with the values of the first source that has them."""
    now = Mailing.objects.get(pk=draft.pk)
    seen = {"seen_version": now.version, "seen_count": len(recipients)}
    mailing = confirming.confirm(book=book, mailing_id=draft.pk, **seen, token=uuid4(), by=by)
    take_turn(mailing)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.planned, mailing.open) == (MailingState.HELD, len(recipients), len(recipients))
    rows = list(mailing.recipients.order_by("number").values_list("number", "key", "values"))
    assert [number for number, _key, _values in rows] == list(range(1, len(rows) + 1))
    cities = {key: (values or {}).get("city") for _number, key, values in rows}
    assert cities == recipients
    assert len(rows) == len(recipients)


def _behind(draft, book, which) -> Iterator[str]:
    page = 1
    while rows := behind.entries(draft, book.current_edition, which, page=page):
        yield from (row.text for row in rows)
        page += 1


def _choose(choice, draft, book, by, people, oracle) -> None:
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
            oracle.chosen += [(key, None) for key in keys - set().union(*(held[pk] for pk in others))]
        case ("selection", number):
            group = people[number]
            sources.add_selection(**acts, selection=selection.everything(book=book, group_id=group.pk))
            oracle.chosen += [(key, None) for key in held[group.pk]]
        case ("typed", numbers):
            sources.add_typed(**acts, text="\n".join(EVERY[number] for number in numbers))
            oracle.chosen += [(EVERY[number], None) for number in numbers]
        case ("file", first, more):
            entries = [(first, "c0"), *((number, f"c{place}") for place, number in enumerate(more, start=1))]
            lines = [f"{[*EVERY, BROKEN][number]},{city}" for number, city in entries]
            content = ContentFile("\n".join(["email,city", *lines]).encode())
            files.add(**acts, file=content, name="guests.csv")
            reading.read_file(RecipientFile.objects.latest("pk").pk)
            oracle.chosen += [(EVERY[number], city) for number, city in entries if number < 10]
            oracle.invalid += sum(number == 10 for number, _city in entries)


def test_the_pages_hold_everybody_once_in_order(draft, book, by, people, monkeypatch) -> None:
    monkeypatch.setattr(behind, "PAGE_ROWS", 3)
    acts = {"book": book, "mailing_id": draft.pk, "by": by}
    for group in people:
        sources.add_groups(**acts, group_ids=[group.pk], in_all=False, without_ids=[], token=uuid4())
    pages = [behind.entries(draft, book.current_edition, Behind.RECIPIENTS, page=page) for page in range(1, 5)]
    assert [len(page) for page in pages] == [3, 3, 2, 0]
    assert sorted(row.text for page in pages for row in page) == KEYS
    again = {row.text for row in behind.entries(draft, book.current_edition, Behind.DOUBLED, page=1)}
    assert again == {KEYS[2], KEYS[3], KEYS[5]}
