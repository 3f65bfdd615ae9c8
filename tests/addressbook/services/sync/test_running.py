"""A worker's turn, with real time and the client that the settings give."""

from uuid import uuid4

import pytest
from celery import current_app
from django.utils import timezone

from addressbook import limits
from addressbook.models import BookSync, Pause
from addressbook.services import sync
from addressbook.services.addresses import bulk
from addressbook.services.addresses.selection import everything
from addressbook.services.beginnings import first_start
from addressbook.services.sync import overview
from addressbook.tasks import sync_book, wake_syncs
from tests.addressbook.services.sync.worker import KEYS
from workspace.models import AddressBook, AuditEvent
from workspace.services.books import keys
from workspace.services.work import crash_points

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch) -> list[int]:
    """The books that the workers were told of."""
    told: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: told.extend(args))
    return told


@pytest.fixture
def beside_simulator(simulator, settings, tmp_path, book, by) -> None:
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"
    settings.MAILER_HOSTS = [simulator.base_url]
    account = {"access_key": KEYS.access_key, "secret_key": KEYS.secret_key, "base_url": simulator.base_url}
    keys.change_keys(book=book, **account, token=uuid4(), by=by)


def test_a_turn_brings_both_books_together(beside_simulator, told, book, by, register, make_group, worker) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    assert worker.remote() == worker.ours()
    found = sync.status(book)
    assert (found.state, found.sent, found.total) == ("in_sync", 3, 3)
    assert BookSync.objects.get().lease_until is None


def test_a_turn_that_nobody_needs_makes_no_call(beside_simulator, told, book, by, worker) -> None:
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    worker.calls()
    sync_book(book.pk)
    wake_syncs()
    assert not worker.calls()
    assert not told


def test_a_book_without_keys_pauses(told, book, by, caplog) -> None:
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    assert sync.status(book).pause == Pause.NOT_CONNECTED
    assert f"The sync of book {book.pk} is paused (not_connected)" in caplog.text


def test_a_simulator_with_another_token_is_told_apart_from_wrong_keys(
    practice, told, book, by, register, settings, caplog
) -> None:
    """Two machines, each with a token of its own in its data folder."""
    settings.SIMULATOR_TOKEN = "the one of another machine"
    register("a@example.com")
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    status = sync.status(book)
    assert status.pause == Pause.KEYS_REFUSED
    assert "another SIMULATOR_TOKEN" in BookSync.objects.get(book=book).problem
    assert "another SIMULATOR_TOKEN" in caplog.text


def test_what_was_written_during_a_turn_is_seen_at_its_end(
    beside_simulator, told, book, by, register, worker, monkeypatch
) -> None:
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    BookSync.objects.update(next_look_at=None, verified_at=None)
    waiting = ["a@example.com"]

    def write(point: str) -> None:
        if point == "sync: after the step" and waiting:
            register(waiting.pop())

    monkeypatch.setattr(crash_points, "reached", write)
    # As if that had been its last step.
    monkeypatch.setattr(limits, "SYNC_SLICE_SECONDS", 0.001)
    sync_book(book.pk)
    assert told == [book.pk]
    monkeypatch.undo()
    sync_book(book.pk)
    assert worker.remote() == worker.ours()


def test_a_book_is_shown_as_sending_from_the_moment_of_the_click(beside_simulator, told, book, by, register) -> None:
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    register("a@example.com")
    assert sync.status(book).state == "sending"


def test_groups_say_whether_they_are_there(beside_simulator, told, book, by, register, make_group) -> None:
    old = make_group("Old")
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    assert sync.groups_on_their_way(book.current_edition) == set()
    new = make_group("New")
    assert sync.groups_on_their_way(book.current_edition) == {new.pk}
    register("a@example.com", old)
    assert sync.groups_on_their_way(book.current_edition) == {new.pk, old.pk}
    sync_book(book.pk)
    assert sync.groups_on_their_way(book.current_edition) == set()


def test_every_act_on_the_sync_twice_is_that_act_once(beside_simulator, told, book, by) -> None:
    for act in (sync.turn_on, sync.pause, sync.resume, sync.turn_off):
        act(book=book, by=by)
        act(book=book, by=by)
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-4:] == ["turn_sync_on", "pause_sync", "resume_sync", "turn_sync_off"]
    for act in (sync.pause, sync.resume, sync.send_again, sync.rebuild):
        with pytest.raises(sync.SyncOffError):
            act(book=book, by=by)
    assert sync.status(book).state == "off"


def test_a_book_whose_sync_was_off_meanwhile_is_a_first_connection(
    beside_simulator, told, book, by, register, worker
) -> None:
    register("a@example.com b@example.com")
    sync.turn_on(book=book, by=by)
    worker.work()
    worker.die()
    sync.turn_off(book=book, by=by)
    whole = everything(book=book, group_id=None)
    bulk.delete_addresses(book=book, selection=whole, token=uuid4(), by=by)
    sync.turn_on(book=book, by=by)
    worker.work()
    assert sync.status(book).pause == Pause.NOT_EMPTY
    sync.rebuild(book=book, by=by)
    worker.work()
    assert worker.remote() == {None: set()}


def test_the_first_book_of_a_new_installation_is_synced_where_there_is_a_simulator(db, told) -> None:
    first_start.create_first_admin(password="correct horse battery staple", is_synced=True)
    assert sync.status(AddressBook.objects.get()).state == "sending"


def test_of_many_new_memberships_the_first_and_the_last_tell_the_groups(
    beside_simulator, told, book, by, register, make_group, monkeypatch
) -> None:
    first, last = make_group("First"), make_group("Last")
    sync.turn_on(book=book, by=by)
    sync_book(book.pk)
    monkeypatch.setattr(limits, "SYNC_MEMBERSHIPS_SHOWN", 3)
    register(" ".join(f"u{number}@example.com" for number in range(9)), first)
    register("a@example.com", last)
    assert sync.groups_on_their_way(book.current_edition) == {first.pk, last.pk}


def test_progress_counts_only_what_is_to_be_done_now(beside_simulator, told, book, by, register) -> None:
    """What was sent and then deleted here is no part of it: an undo may have given all of it back since."""
    sync.turn_on(book=book, by=by)
    register("a@example.com b@example.com c@example.com")
    BookSync.objects.update(rows_sent=1_285_005, rows_total=1_285_005)
    overview.begin_turn(BookSync.objects.get())
    found = sync.status(book)
    assert (found.sent, found.total) == (0, 3)


def test_a_book_that_has_to_wait_for_what_it_sent_says_so(beside_simulator, told, book, by, register) -> None:
    sync.turn_on(book=book, by=by)
    register("a@example.com b@example.com")
    sent = {"in_air_since": timezone.now(), "rows_sent": 1, "rows_total": 3}
    BookSync.objects.update(**sent)
    assert sync.status(book).state == sync.State.SENDING
    BookSync.objects.update(settle_at=timezone.now())
    assert sync.status(book).state == sync.State.LANDING
