"""The order of the list, its filters, and the addresses that are in no group."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from addressbook import limits
from addressbook.models import Address, Upload
from addressbook.models.searching import Filters
from addressbook.services.addresses.selection import Selection
from tests.support.html import hidden_fields, read, text_of
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import work
from workspace.models import AddressBook

HTMX = {"HX-Request": "true"}
NAMES = [f"u{number * 7 % 120:03}@example.com" for number in range(120)]


@pytest.fixture
def url(book) -> str:
    return reverse("console", args=[book.slug])


@pytest.fixture
def manager(bob, client_of):
    return client_of(bob)


@pytest.fixture
def on_days(register):
    """Some addresses registered on the days of October."""

    def on_days(**days: int) -> None:
        register(" ".join(f"{name}@example.com" for name in days))
        for name, day in days.items():
            moment = datetime(2026, 10, day, 12, tzinfo=UTC)
            Address.objects.filter(email=f"{name}@example.com").update(registered_at=moment)

    return on_days


def emails(answer) -> list[str]:
    return [text for text in read(answer).texts if text.endswith("@example.com")]


@pytest.mark.parametrize("few", [5_000, 30])
@pytest.mark.parametrize("place", ["all", "group", "filtered", "none"])
def test_the_pages_together_are_the_list_in_each_order(
    manager, url, register, make_group, monkeypatch, few, place
) -> None:
    monkeypatch.setattr(limits, "SEARCH_FINDS_FEW", few)
    group = make_group("VIP")
    register(" ".join(NAMES), group if place != "none" else None)
    within = {"all": {}, "group": {"group": group.pk}, "filtered": {"since": "2020-01-01"}, "none": {"group": 0}}[place]
    for sort, expected in (
        ("newest", NAMES),
        ("oldest", NAMES[::-1]),
        ("a-z", sorted(NAMES)),
        ("z-a", sorted(NAMES, reverse=True)),
    ):
        pages = [emails(manager.get(url, {"size": 50, "page": n, "sort": sort, **within})) for n in (1, 2, 3)]
        assert [email for page in pages for email in page] == expected, sort


def test_masked_addresses_are_not_sorted_by_what_is_masked(book, vera, client_of, url, register) -> None:
    register("zoe@example.com anna@example.com")
    AddressBook.objects.filter(pk=book.pk).update(masking="viewers")
    in_order, newest = (text_of(client_of(vera).get(url, {"sort": sort})) for sort in ("a-z", "newest"))
    assert in_order == newest
    assert "Address, A to Z" not in in_order


def test_days_are_included_and_hold_in_a_search_and_a_group(manager, url, on_days, register, make_group) -> None:
    on_days(a=1, b=2, c=3)
    assert emails(manager.get(url, {"since": "2026-10-02"})) == ["b@example.com", "c@example.com"]
    assert emails(manager.get(url, {"since": "2026-10-02", "until": "2026-10-02"})) == ["b@example.com"]
    register("c@example.com", make_group("VIP"))
    within = {"until": "2026-10-03", "group": make_group("Other").pk}
    assert "No address of this list was registered then" in text_of(manager.get(url, within))
    answer = manager.post(url, {"q": "c", "since": "2026-10-03"})
    assert emails(answer) == ["c@example.com"]
    assert hidden_fields(answer, "since") == {"since": "2026-10-03"}
    assert "Registered since 2026-10-03" in text_of(answer)


@pytest.mark.parametrize("state", [{"since": "x"}, {"upload": "-1"}, {"upload": "999999"}, {"sort": "rowid"}])
def test_a_filter_that_cannot_be_read_does_no_harm(manager, url, register, state) -> None:
    register("a@example.com")
    assert manager.get(url, state).status_code == 200


def test_the_addresses_of_an_upload_are_one_click_away(
    manager, url, book, register, file_store, no_other_worker, vera, client_of
) -> None:
    register("old@example.com")
    file = SimpleUploadedFile("fair.csv", b"Email\nold@example.com\nnew@example.com\n")
    manager.post(reverse("send_upload", args=[book.slug]), {"token": uuid4(), "file": file})
    upload = work(Upload.objects.get())
    manager.post(reverse("apply_upload", args=[book.slug, upload.pk]), {"seen": upload.attempt, "into": ""})
    work(upload)
    assert f"{url}?upload={upload.pk}" in manager.get(url).content.decode()
    answer = manager.get(url, {"upload": upload.pk})
    assert emails(answer) == ["new@example.com"]
    assert "Addresses that the file “fair.csv” brought" in text_of(answer)
    # The name of a file may name a person.
    Upload.objects.update(name="canary@example.com.csv")
    AddressBook.objects.filter(pk=book.pk).update(masking="viewers")
    assert "canary@" not in text_of(client_of(vera).get(url, {"upload": upload.pk}))


def test_no_group_in_the_tree_lists_who_is_in_none(manager, url, book, register, make_group) -> None:
    group = make_group("VIP")
    register("a@example.com", group)
    register("b@example.com")
    assert "No group" in text_of(manager.get(url))
    answer = manager.get(url, {"group": 0})
    assert emails(answer) == ["b@example.com"]
    assert "Remove from group" not in text_of(answer)
    register("b@example.com", group)
    assert "Every address is in a group" in text_of(manager.get(url, {"group": 0}))
    assert manager.get(reverse("register", args=[book.slug]), {"group": 0}).status_code == 200


def test_select_everything_takes_no_more_than_the_filter_finds(manager, url, book, on_days) -> None:
    on_days(a=1, b=2, c=3)
    state = {"since": "2026-10-02"}
    pinned = hidden_fields(
        manager.post(reverse("select_everything", args=[book.slug]), state, headers=HTMX),
        "everything",
        "through",
        "seen",
    )
    assert pinned["seen"] == "2"
    question = manager.post(reverse("ask_delete", args=[book.slug]), {**state, **pinned}, headers=HTMX)
    sent = hidden_fields(question, "everything", "through", "seen", "since", "token")
    manager.post(reverse("delete_addresses", args=[book.slug]), sent, headers=HTMX)
    assert set(contents(book)) == {"a@example.com"}
    assert_consistent(book)


def test_addresses_without_a_group_are_never_selected_all_at_once(manager, book, register) -> None:
    # A colleague who takes an address out of its last group would put it among them.
    register("a@example.com")
    assert manager.post(reverse("select_everything", args=[book.slug]), {"group": 0}).status_code == 404
    everything = {"group": 0, "everything": "1", "through": 10**9, "seen": 1, "token": uuid4()}
    answer = manager.post(reverse("delete_addresses", args=[book.slug]), everything, headers=HTMX)
    assert "only be selected page by page" in text_of(answer)
    assert contents(book)


def test_a_selection_survives_json_as_those_of_older_versions_do() -> None:
    day = datetime(2026, 10, 2, tzinfo=UTC).date()
    selected = Selection(group_id=3, through_id=9, seen_count=2, filters=Filters(day, None, 4))
    assert Selection.from_json(selected.as_json()) == selected
    older = {"group_id": None, "query": "a", "address_ids": None, "through_id": 9, "seen_count": 2}
    assert Selection.from_json(older) == Selection(None, "a", None, 9, 2)
