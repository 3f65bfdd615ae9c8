"""The line of the sync, its page, and what people may do there; the simulator and the engine are the real ones."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from addressbook import actions
from addressbook.models import Address, BookSync, Group, ParkedEntry, Pause
from addressbook.services import sync
from addressbook.services.sync import lease
from addressbook.services.sync import practice as practising
from addressbook.services.sync.engine import Engine
from libraries.outbound_mailer import GroupAddresses
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT
from tests.support.html import text_of
from workspace.models import AuditEvent
from workspace.services.books import keys
from workspace.services.books.connection import client_for

ACCESS, SECRET = DEFAULT_ACCOUNT.credentials.access_key, DEFAULT_ACCOUNT.credentials.secret_key


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"


@pytest.fixture
def admin(alice, client_of):
    return client_of(alice)


@pytest.fixture
def manager(bob, client_of):
    return client_of(bob)


@pytest.fixture
def viewer(vera, client_of):
    return client_of(vera)


@pytest.fixture
def url(book):
    return lambda name: reverse(name, args=[book.slug])


@pytest.fixture
def on(book, by, practice):
    """Turns the sync of the book on."""
    return lambda **values: sync.turn_on(book=book, by=by, **values)


@pytest.fixture
def work(book):
    """Lets a worker do all there is to do."""

    def work() -> sync.State:
        for _ in range(20):
            sync.run(book.pk)
            state = sync.status(book).state
            if state not in {sync.State.SENDING, sync.State.LANDING}:
                return state
        pytest.fail(f"still {state}")

    return work


def line(client, url) -> str:
    return text_of(client.get(url("sync_line"), headers={"HX-Request": "true"}))


def polls(client, url) -> bool:
    body = client.get(url("sync_line"), headers={"HX-Request": "true"}).content.decode()
    return "hx-get" in body.partition(">")[0]


def test_a_book_without_sync_says_so_and_asks_for_nothing_more(viewer, url) -> None:
    assert line(viewer, url).startswith("Sync is off")
    assert not polls(viewer, url)
    assert "Nothing is synced." in text_of(viewer.get(url("sync")))


def test_the_line_moves_while_something_is_sent_and_then_rests(viewer, url, on, work, register) -> None:
    on()
    register("a@example.com b@example.com")
    assert "Syncing" in line(viewer, url)
    assert polls(viewer, url)
    assert work() == sync.State.IN_SYNC
    assert re.match(r"In sync, \d\d:\d\d Sync details", line(viewer, url))
    assert not polls(viewer, url)
    assert "Syncing" not in text_of(viewer.get(url("console")))


def test_a_worker_that_has_just_taken_the_book_moves_the_line(viewer, url, on, work, book, register) -> None:
    """It has not written yet that there is something to do; a line at rest would not be asked for again."""
    on()
    work()
    register("a@example.com")
    lease.claim(book.pk, timezone.now())
    assert "Syncing" in line(viewer, url)
    assert polls(viewer, url)


def test_how_far_it_is_is_said_with_a_bar(viewer, url, on, book) -> None:
    on()
    BookSync.objects.update(rows_sent=12_000, rows_total=363_000)
    body = viewer.get(url("sync_line"), headers={"HX-Request": "true"}).content.decode()
    assert "Syncing 12,000 of 363,000" in body
    assert '<progress max="363000" value="12000"' in body


def test_an_act_brings_the_line_along(manager, url, on, work, practice) -> None:
    on()
    work()
    answer = manager.post(
        url("create_group"), {"name": "VIP", "token": uuid4()}, headers={"HX-Request": "true", "HX-Target": "console"}
    )
    body = answer.content.decode()
    assert re.search(r'id="sync-line"[^>]*hx-swap-oob="true"', body)
    assert "Syncing changes" in body


def test_refresh_brings_the_line_along(viewer, url, on) -> None:
    on()
    answer = viewer.post(url("console"), headers={"HX-Request": "true", "HX-Target": "console"})
    assert re.search(r'id="sync-line"[^>]*hx-swap-oob="true"', answer.content.decode())


def test_a_group_has_a_badge_until_it_is_there(viewer, url, on, work, make_group, register) -> None:
    on()
    early = make_group("Early")
    work()
    late = make_group("Late")
    rows = viewer.get(url("console")).content.decode().split("<li ")
    marked = {re.search(r'data-group="(\d+)"', row)[1] for row in rows if 'class="late"' in row.partition("</li>")[0]}
    assert marked == {str(late.pk)}
    assert f'data-late="{late.pk} "' in viewer.get(url("sync_line"), headers={"HX-Request": "true"}).content.decode()
    register("a@example.com", early)
    assert sync.groups_on_their_way(book_edition(late)) == {early.pk, late.pk}
    work()
    assert 'data-late=""' in viewer.get(url("console")).content.decode()


def book_edition(group):
    return Group.objects.select_related("edition").get(pk=group.pk).edition


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
@pytest.mark.parametrize("pause", Pause)
def test_each_pause_has_its_words(admin, url, on, work, pause, language) -> None:
    on()
    work()
    BookSync.objects.update(pause=pause)
    admin.cookies["django_language"] = language
    said = line(admin, url)
    assert admin.get(url("sync")).status_code == 200
    assert bool(re.search(r"\b(?:the|Paused|service)\b", said)) is (language == "en")
    assert not polls(admin, url)


def test_refused_keys_are_said_in_the_line(viewer, url, book, by, service, work, register) -> None:
    keys.change_keys(
        book=book, access_key=ACCESS, secret_key="mistyped", base_url=service.base_url, token=uuid4(), by=by
    )
    sync.turn_on(book=book, by=by)
    register("a@example.com")
    assert work() == sync.State.PAUSED
    assert line(viewer, url).startswith("Paused: the keys were refused")


def test_a_service_that_does_not_answer_is_waited_for(viewer, url, on, work, practice, register) -> None:
    on()
    practice.stop()
    register("a@example.com")
    assert work() == sync.State.WAITING
    assert line(viewer, url).startswith("Waiting for the service")
    assert polls(viewer, url)


def test_both_counts_stand_side_by_side(viewer, manager, url, on, work, book, make_group, register) -> None:
    on()
    register("a@example.com b@example.com", make_group("VIP"))
    assert work() == sync.State.IN_SYNC
    assert "All addresses 2 2 VIP 2 2" in text_of(viewer.get(url("sync")))
    with client_for(book) as client:
        client.address_book.delete_addresses(["a@example.com"])
        client.address_book.create([GroupAddresses("Foreign", ("x@example.com",))])
    found = text_of(manager.post(url("compare_remote")))
    assert "All addresses 2 2 Foreign differs none 1 VIP differs 2 1" in found


def test_a_book_that_differs_says_what(viewer, url, on, work, book, make_group, register) -> None:
    on()
    register("a@example.com b@example.com", make_group("VIP"))
    work()
    with client_for(book) as client:
        client.address_book.create([GroupAddresses("Foreign", ("x@example.com",))])
    hours_ago = timezone.now() - timedelta(hours=2)
    BookSync.objects.update(verified_at=hours_ago, next_look_at=hours_ago)
    assert work() == sync.State.DIFFERS
    assert line(viewer, url).startswith("Differs, ")
    page = text_of(viewer.get(url("sync")))
    assert "All addresses differs 2 3 Foreign differs none 1 VIP 2 2" in page


def test_what_was_not_accepted_is_counted_apart(manager, url, on, work, book, make_group, register) -> None:
    """The table says what the service has, never what it should have."""
    on()
    register("हि@example.com a@example.com b@example.com", make_group("VIP"))
    assert work() == sync.State.IN_SYNC
    assert re.match(r"Everything else is in sync, \d\d:\d\d 1 was not accepted", line(manager, url))
    assert "sync-waiting" in manager.get(url("sync_line"), headers={"HX-Request": "true"}).content.decode()
    page = text_of(manager.get(url("sync")))
    assert "At the service Not accepted All addresses 3 2 1 VIP 3 2 1" in page
    assert "हि@example.com VIP The service does not accept this address." in page
    assert "Waiting to sync" not in page
    with client_for(book) as client:
        client.address_book.delete_addresses(["a@example.com"])
    compared = text_of(manager.post(url("compare_remote")))
    assert "All addresses differs 3 1 1 VIP differs 3 1 1" in compared
    assert "Differs, " in compared
    assert work() == sync.State.DIFFERS


def test_what_was_not_accepted_can_be_shown_and_deleted_from_there(manager, url, on, work, register) -> None:
    on()
    register("हि@example.com a@example.com")
    work()
    form = manager.get(url("sync")).content.decode().partition('name="q"')[2].partition("</form>")[0]
    address = Address.objects.get(email="हि@example.com")
    assert f'name="address" value="{address.pk}"' in form
    assert "हि@example.com is deleted from the address book" in text_of(
        manager.post(url("ask_delete"), {"address": address.pk})
    )


def test_a_long_list_of_groups_is_cut(viewer, url, on, make_group) -> None:
    on()
    edition = book_edition(make_group("g"))
    Group.objects.bulk_create(Group(edition=edition, name=f"g{number}") for number in range(150))
    assert "and 51 more groups" in text_of(viewer.get(url("sync")))


@pytest.fixture
def holding(book, practice):
    """The remote book holds three addresses that we know nothing of."""
    with client_for(book) as client:
        client.address_book.create([GroupAddresses("Old", ("x@example.com", "y@example.com", "z@example.com"))])
    return practice


@pytest.mark.parametrize(("choice", "theirs"), [("keep", {"a", "x", "y", "z"}), ("rebuild", {"a"})])
def test_a_first_connection_that_is_not_empty_asks(
    admin, url, holding, on, work, register, book, choice, theirs
) -> None:
    register("a@example.com")
    on()
    assert work() == sync.State.PAUSED
    assert line(admin, url).startswith("Paused: the service already holds addresses Decide")
    dialog = text_of(admin.get(url("choose_existing"), headers={"HX-Request": "true"}))
    assert "Here At the service All addresses differs 1 3" in dialog
    assert "Old differs none 3" in dialog
    answer = admin.post(url("choose_existing"), {"existing": choice}, follow=True)
    assert "Everything is being synced." in text_of(answer)
    assert work() in {sync.State.IN_SYNC, sync.State.SETTLED}
    with client_for(book) as client:
        access_key = client._transport._credentials.access_key
    assert set(holding.book(access_key).addresses) == {f"{name}@example.com" for name in theirs}


def test_a_choice_that_is_none_is_asked_again(admin, url, holding, on, work) -> None:
    on()
    work()
    answer = admin.post(url("choose_existing"), {"existing": "x"}, follow=True)
    assert "Choose one of the two." in text_of(answer)
    assert BookSync.objects.get().pause == Pause.NOT_EMPTY


def test_who_may_not_decide_is_not_offered_to(manager, viewer, url, holding, on, work) -> None:
    on()
    work()
    for client in (manager, viewer):
        assert "Decide" not in line(client, url)
        assert "An admin has to say whether what the service holds stays or goes." in text_of(client.get(url("sync")))


@pytest.mark.parametrize(
    ("who", "buttons"),
    [
        ("viewer", set()),
        ("manager", {"Sync again", "Compare now"}),
        ("admin", {"Sync again", "Compare now", "Pause", "Replace the service’s copy", "Turn sync off"}),
    ],
)
def test_each_role_finds_its_buttons(request, url, on, who, buttons) -> None:
    on()
    page = request.getfixturevalue(who).get(url("sync")).content.decode()
    found = set(re.findall(r"(?:<button[^>]*>|class=\"button[^>]*>)([^<]+)<", page.partition('id="sync-body"')[2]))
    assert found == buttons


def test_rebuilding_is_asked_about_with_both_numbers(admin, url, on, work, holding, register, book) -> None:
    on(existing=sync.Existing.KEEP)
    register("a@example.com")
    work()
    question = text_of(admin.get(url("rebuild_remote")))
    assert "Deleted at the service: addresses 4 Deleted at the service: groups 1" in question
    assert "Synced from here: addresses 1 Synced from here: groups 0" in question
    admin.post(url("rebuild_remote"))
    assert work() == sync.State.IN_SYNC


def test_the_question_comes_without_an_answer_of_the_service_too(admin, url, on, practice) -> None:
    on()
    practice.stop()
    question = text_of(admin.get(url("rebuild_remote")))
    assert "Deleted at the service: addresses ?" in question
    assert "could not be reached" in question


def test_what_is_parked_is_listed_with_its_reason(viewer, url, on, register, book) -> None:
    on()
    register("a@example.com")
    ParkedEntry.objects.create(book=book, address=Address.objects.get(), reason="Refused & said so", at=book.created_at)
    assert "1 was not accepted" in line(viewer, url)
    page = text_of(viewer.get(url("sync")))
    assert "Not accepted by the service" in page
    assert "a@example.com The service does not accept this address." in page
    assert "Answer of the service: Refused & said so" in page


def test_pausing_resuming_and_turning_off(admin, url, on, work, register) -> None:
    on()
    work()
    assert "Sync is paused." in text_of(admin.post(url("pause_sync"), follow=True))
    register("a@example.com")
    assert work() == sync.State.PAUSED
    assert "Sync goes on." in text_of(admin.post(url("resume_sync"), follow=True))
    assert work() == sync.State.IN_SYNC
    assert "To stop for a while, pause instead." in text_of(admin.get(url("turn_sync_off")))
    assert "Sync is off" in text_of(admin.post(url("turn_sync_off"), follow=True))
    assert "Sync is off." in text_of(admin.post(url("send_again"), follow=True))
    assert "Sync is on." in text_of(admin.post(url("turn_sync_on"), follow=True))


def test_practice_begins_by_itself_and_never_goes_on_with_real_keys(book, by, practice, service, work) -> None:
    practising.begin(book, by)
    assert work() == sync.State.IN_SYNC
    keys.change_keys(book=book, access_key=ACCESS, secret_key=SECRET, base_url=service.base_url, token=uuid4(), by=by)
    assert sync.status(book).state == sync.State.OFF
    sync.run(book.pk)
    assert service.log.requests() == []
    assert AuditEvent.objects.filter(action=actions.TURN_SYNC_OFF).count() == 1
    practising.begin(book, by)
    assert sync.status(book).state == sync.State.OFF


def test_keys_of_another_account_are_looked_at_first(book, by, service, work, register) -> None:
    def change(access_key: str, secret_key: str) -> None:
        keys.change_keys(
            book=book, access_key=access_key, secret_key=secret_key, base_url=service.base_url, token=uuid4(), by=by
        )

    change(ACCESS, SECRET)
    sync.turn_on(book=book, by=by)
    register("a@example.com")
    assert work() == sync.State.IN_SYNC
    change("", SECRET)
    assert BookSync.objects.get().is_compared
    change("another-access-key", SECRET)
    assert not BookSync.objects.get().is_compared
    assert work() == sync.State.PAUSED
    keys.remove_keys(book=book, by=by)
    assert sync.status(book).state == sync.State.OFF


def test_a_worker_that_calls_the_old_place_loses_the_book(book, by, practice, service, work, register) -> None:
    """Between two of its calls, the keys change."""
    keys.change_keys(book=book, access_key=ACCESS, secret_key=SECRET, base_url=service.base_url, token=uuid4(), by=by)
    sync.turn_on(book=book, by=by)
    claimed = lease.claim(book.pk, timezone.now())
    with client_for(book) as old:
        engine = Engine(claimed, old)
        engine.step()
        keys.change_keys(book=book, access_key="another", secret_key=SECRET, base_url="", token=uuid4(), by=by)
        with pytest.raises(sync.SyncLostError):
            engine.step()
    assert not BookSync.objects.get().is_compared
