"""Undo on the screen: offered after every bulk act, asked for with its numbers, refused with a reason."""

from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook import limits
from addressbook.models import Address
from addressbook.services.addresses import bulk, selection
from tests.support.html import hidden_fields, read, text_of
from tests.support.invariants import contents
from tests.support.undo import last_act, work_on_jobs
from workspace.models import Act

pytestmark = pytest.mark.usefixtures("no_other_worker")


@pytest.fixture
def client(client_of, bob):
    return client_of(bob)


def ask(client, book, act: Act, **options):
    return client.get(reverse("ask_undo", args=[book.slug, act.pk]), **options)


def apply(client, book, act: Act, token: str = "", **options):
    url = reverse("apply_undo", args=[book.slug, act.pk])
    return client.post(url, {"token": token or str(uuid4())}, **options)


def delete_everything(book, by) -> Act:
    everyone = selection.everything(book=book, group_id=None)
    bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by)
    return last_act()


def test_the_notification_of_an_act_offers_its_undo(client, book, register) -> None:
    register("a@example.com b@example.com")
    chosen = Address.objects.get(key="a@example.com")
    answer = client.post(
        reverse("delete_addresses", args=[book.slug]),
        {"token": str(uuid4()), "address": chosen.pk},
        headers={"HX-Request": "true"},
    )
    assert f"undo-{last_act().pk}" in read(answer).ids
    assert "Undo" in text_of(answer)


def test_the_notification_of_a_registration_offers_its_undo_where_it_changed_something(client, book) -> None:
    url = reverse("register", args=[book.slug])
    for expected in (True, False):
        answer = client.post(url, {"token": str(uuid4()), "text": "a@example.com"})
        assert (f"undo-{last_act().pk}" in read(answer).ids) is expected


def test_undo_asks_with_what_it_would_change_and_does_it(client, book, by, make_group, register) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    act = delete_everything(book, by)
    register("b@example.com")
    question = ask(client, book, act)
    text = text_of(question)
    assert "Undo “Delete addresses”" in text
    assert "2 addresses were deleted. alice" in text
    assert "Addresses that come back 1 Back into groups 1" in text
    assert "1 address has been registered again since and stays as it is now." in text
    token = hidden_fields(question, "token")["token"]
    for _ in range(2):
        done = text_of(apply(client, book, act, token))
        assert "“Delete addresses” is undone, as far as nobody has changed the same since." in done
    assert contents(book) == {"a@example.com": {"VIP"}, "b@example.com": set()}


def test_a_question_for_htmx_is_the_dialog_alone(client, book, register) -> None:
    register("a@example.com")
    answer = ask(client, book, last_act(), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="dialog">')
    assert "groups" not in read(answer).ids


def test_what_is_undone_says_so(client, book, register) -> None:
    register("a@example.com")
    act = last_act()
    apply(client, book, act)
    for answer in (ask(client, book, act), apply(client, book, act)):
        assert "This has been undone already. Nothing was changed." in text_of(answer)
    assert contents(book) == {}


def test_nothing_left_to_undo_is_said_and_not_offered(client, book, by, register) -> None:
    register("a@example.com")
    act = last_act()
    delete_everything(book, by)
    text = text_of(ask(client, book, act))
    assert "Nothing of this is left to be undone." in text


def test_a_large_undo_goes_on_as_a_job_with_its_own_line(client, book, by, register, monkeypatch) -> None:
    register("a@example.com b@example.com")
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 0)
    delete_everything(book, by)
    work_on_jobs()
    answer = apply(client, book, last_act())
    assert "Undo – Delete addresses: 0 of 2" in text_of(answer)
    second = ask(client, book, last_act().undoes)
    assert "Another act is still going on" in text_of(second)
    work_on_jobs()
    page = client.get(reverse("console", args=[book.slug]))
    assert "Undo – Delete addresses: Addresses that come back: 2" in text_of(page)
    assert f"undo-{last_act().pk}" in read(page).ids


def test_a_large_act_during_an_undo_is_refused_with_a_sentence(client, book, by, register, monkeypatch) -> None:
    register("a@example.com b@example.com")
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 0)
    apply(client, book, last_act())
    rows = list(Address.objects.values_list("pk", flat=True))
    url = reverse("delete_addresses", args=[book.slug])
    answer = client.post(url, {"token": str(uuid4()), "address": rows})
    assert "An undo is going on in this address book." in text_of(answer)
    assert len(contents(book)) == 2


def test_a_viewer_is_offered_no_undo(client_of, vera, book, by, register, monkeypatch) -> None:
    register("a@example.com b@example.com")
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 0)
    delete_everything(book, by)
    page = client_of(vera).get(reverse("console", args=[book.slug]))
    assert not [name for name in read(page).ids if name.startswith("undo-")]
