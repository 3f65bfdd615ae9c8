"""One book from the engine under test into an installation on the other, which has books of its own."""

import fcntl
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, CompletedProcess, Popen
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, connections

from addressbook.models import Group, Membership
from addressbook.services import sync
from addressbook.services.addresses import groups, memberships, registration
from tests.mailerconsole.operations.installations import Installation, empty_postgresql, on_other_engine, under_test
from tests.support.stack import ROOT, _test_database_url, wait_for
from workspace.models import AddressBook, Edition, Masking, Region, User, Zone
from workspace.services.books import books

# What is there already: a book of the same name, whose rows have the same ids; alice, and a vera who is not let in.
SETTLE = """
from uuid import uuid4
from addressbook.models import AddressBook, User
from addressbook.services import books, groups, registration
from workspace.services.history.audit import Actor
alice, vera, dora = (User.objects.create_user(name) for name in ("alice", "vera", "dora"))
User.objects.filter(username="vera").update(is_active=False)
by = Actor(dora)
main = books.create_book(name="Main", zone="public", region="KR", by=by)
vip = groups.create_group(book=main, name="VIP", token=uuid4(), by=by)
registration.register_typed(book=main, group_id=vip.pk, text="a@example.com dora@example.com", token=uuid4(), by=by)
"""

# What alice does there while a book comes that she cannot see yet.
MEANWHILE = """
from uuid import uuid4
from addressbook.models import AddressBook, User
from addressbook.services import registration
from workspace.services.history.audit import Actor
by = Actor(User.objects.get(username="alice"))
main = AddressBook.objects.get()
registration.register_typed(book=main, group_id=None, text="meanwhile@example.com", token=uuid4(), by=by)
"""

# Somebody makes a book of the name under which another is on its way.
OF_ITS_NAME = """
from addressbook.models import User
from addressbook.services import books
from workspace.services.history.audit import Actor
books.create_book(name="Customers", zone="public", region="KR", by=Actor(User.objects.get(username="alice")))
"""

# A book by names, in the order of ids.
DESCRIBE = """
import json
from addressbook.models import *
book = AddressBook.objects.get(slug="{slug}")
addresses = Address.objects.filter(edition=book.current_edition).order_by("pk")
groups = Group.objects.filter(edition=book.current_edition).order_by("pk")
members = Membership.objects.filter(group__edition=book.current_edition).order_by("pk")
print(json.dumps({{
    "book": list(AddressBook.objects.filter(pk=book.pk).values_list("name", "zone", "region", "masking", "created_at",
        "download_reason_required", "download_sign_in_required", "last_edition_number")),
    "edition": [book.current_edition.number, book.current_edition.opened_at, book.current_edition.address_count],
    "addresses": list(addresses.values_list("email", "key", "registered_at")),
    "groups": list(groups.values_list("name", "address_count", "created_at", "resend_through")),
    "memberships": list(members.values_list("group__name", "address__key")),
    "members": list(book.members.order_by("pk").values_list("user__username", "role")),
    "left behind": [model.objects.filter(book=book).count() for model in (BookSync, Connection, Removal, Invitation)],
    "work": [model.objects.filter(edition__book=book).count() for model in (Act, Job, Upload, Download)],
    "origins": addresses.exclude(origin=None).count(),
    "history": list(AuditEvent.objects.filter(chain=book.pk).values_list("action", "username", "detail")),
}}, default=str))
"""


@pytest.fixture
def elsewhere(tmp_path: Path, engine: str) -> Iterator[Installation]:
    with on_other_engine(engine, tmp_path) as installation:
        settle(installation)
        yield installation


@pytest.fixture
def move(elsewhere: Installation) -> Callable[..., CompletedProcess[str]]:
    def move(*arguments: str) -> CompletedProcess[str]:
        # The console of the source must not run, and what this process holds open would look like one.
        connections.close_all()
        return elsewhere.manage("move_book", arguments[0], _test_database_url(), *arguments[1:])

    return move


@pytest.fixture
def filled(transactional_db, lived_in, book: AddressBook, by, bob, vera, make_group, register) -> AddressBook:
    """Beside what every book has: unusual names, addresses without a group, gaps among ids, another book between."""
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    korean = make_group("고객_서울")
    theirs = groups.create_group(book=other, name="고객_서울", token=uuid4(), by=by)
    for number in range(3):
        register(f"u{number}@example.com 나{number}@example.com", korean)
        register(f"alone{number}@example.com")
        text = f"u{number}@example.com o{number}@example.com"
        registration.register_typed(book=other, group_id=theirs.pk, text=text, token=uuid4(), by=by)
    register("u0@example.com u2@example.com", make_group("VIP.가-1"))
    edition = Edition.objects.get(current_of=book)
    gone = edition.addresses.get(key="u1@example.com")
    memberships.delete_addresses(edition, [gone.pk])
    make_group("empty")
    AddressBook.objects.filter(pk=book.pk).update(
        masking=Masking.VIEWERS, download_reason_required=True, download_sign_in_required=True
    )
    return AddressBook.objects.get(pk=book.pk)


def settle(installation: Installation) -> None:
    for arguments in (("migrate", "--verbosity", "0"), ("shell", "--verbosity", "0", "-c", SETTLE)):
        done = installation.manage(*arguments)
        assert done.returncode == 0, done.stderr


def described(installation: Installation, slug: str) -> dict:
    done = installation.manage("shell", "--verbosity", "0", "-c", DESCRIBE.format(slug=slug))
    assert done.returncode == 0, done.stderr
    found: dict = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """As if a console ran there."""
    with (folder / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.timeout(600)
def test_a_book_is_there_with_all_that_it_holds_and_is_moved_once(filled, by, move, elsewhere: Installation) -> None:
    sync.turn_off(book=filled, by=by)
    settled = elsewhere.describe()
    taken = move("main")
    assert taken.returncode == 1
    assert "There is a book main here already" in taken.stderr
    assert elsewhere.describe() == settled

    before, source = described(under_test(), "main"), under_test().describe()
    done = move("main", "--slug", "customers")
    assert done.returncode == 0, done.stderr
    assert "Main (customers), moved and compared: 6 groups, 13 addresses, 12 memberships." in done.stdout
    assert "alice (admin)" in done.stdout
    # A deactivated user and one whom nobody knows are named, to be invited.
    assert "no active user has their name: bob (manager), vera (viewer)" in done.stdout
    assert "It has no admin here" not in done.stdout
    assert "The sync is off here." in done.stdout

    after = described(elsewhere, "customers")
    assert len(before["addresses"]) == 13
    assert before["groups"][-1][:2] == ["empty", 0]
    for what in ("book", "edition", "addresses", "memberships"):
        assert after[what] == before[what], what
    assert [row[:3] for row in after["groups"]] == [row[:3] for row in before["groups"]]
    # Nothing that speaks of ids or keys of the source has come along.
    assert {row[3] for row in after["groups"]} == {None}
    assert after["left behind"] == [0, 0, 0, 0]
    assert after["work"] == [0, 0, 0, 0]
    assert after["origins"] == 0
    assert after["members"] == [["alice", "admin"]]
    ((action, username, detail),) = after["history"]
    assert (action, username) == ("move_book", "(command line)")
    assert (detail["groups"], detail["addresses"], detail["memberships"]) == (6, 13, 12)
    assert detail["moved_from"].startswith(f"{connection.vendor}://")
    assert "@" not in detail["moved_from"]
    assert detail["head"][1] == len(before["history"])

    # What was there is as it was, the source too, and both are whole.
    now = elsewhere.describe()
    assert now["users"] == settled["users"]
    assert [key for key in settled["keys"] if key not in now["keys"]] == []
    assert len(now["keys"]) == len(settled["keys"]) + 13
    assert described(elsewhere, "main")["addresses"][0][0] == "dora@example.com"
    assert under_test().describe() == source
    for check in ("check_books", "verify_history"):
        assert elsewhere.manage(check).returncode == 0

    again = move("main", "--slug", "customers")
    assert again.returncode == 1
    assert "There is a book customers here already" in again.stderr
    assert elsewhere.describe() == now


@pytest.mark.timeout(600)
def test_a_refusal_says_why_and_leaves_nothing(
    filled, by, move, elsewhere: Installation, engine: str, check, send, file_store: Path
) -> None:
    settled = elsewhere.describe()

    def refused(*arguments: str) -> str:
        done = move(*arguments)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr

    unreachable = ["postgresql://nobody@127.0.0.1:1/none", "mysql://nobody@127.0.0.1/none", "none"]
    if engine == "postgresql":
        # What the URL asks for is asked for: this server has no TLS.
        unreachable.append(f"{_test_database_url()}?sslmode=require")
    for url in unreachable:
        done = elsewhere.manage("move_book", "main", url)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert "The source " in done.stderr

    assert "nobody names 0 books of the source. It has: main (" in refused("nobody")
    assert "The sync of main is on at the source. Switch it off there first" in refused("main", "--slug", "new")
    sync.turn_off(book=filled, by=by)
    assert "cannot stand in an address" in refused("main", "--slug", "with a space")

    waiting = send("late@example.com\n")
    assert "1 rows of addressbook_upload say that work for main waits" in refused("main", "--slug", "new")
    waiting.delete()

    # What is not whole is found when all of it has been copied, and goes again.
    edition = Edition.objects.get(current_of=filled)
    Edition.objects.filter(pk=edition.pk).update(address_count=99)
    assert "The book is not what it was" in refused(str(filled.pk), "--slug", "new")
    Edition.objects.filter(pk=edition.pk).update(address_count=edition.address_count)
    theirs = Group.objects.get(edition__book__name="Other")
    ours = Membership.objects.filter(group__edition=edition).latest("pk")
    stray = Membership.objects.create(group=theirs, address=ours.address)
    Membership.objects.filter(pk=stray.pk).update(group=ours.group, address=theirs.memberships.earliest("pk").address)
    assert "leads out of its edition" in refused("main", "--slug", "new")
    Membership.objects.filter(pk=stray.pk).delete()

    # The source is not in use, and SQLite has room for one writer.
    if engine == "sqlite":
        with running(Path(connection.settings_dict["NAME"]).parent):
            assert "Stop it first." in refused("main", "--slug", "new")
    else:
        with running(elsewhere.data_dir):
            assert "Stop it first." in refused("main", "--slug", "new")
        held = connection.copy("held")
        try:
            held.ensure_connection()
            assert "The source has 1 other connections" in refused("main", "--slug", "new")
        finally:
            held.close()
    assert elsewhere.describe() == settled

    # With nothing in the way it goes. Whoever was shut out at the source does not come in here.
    User.objects.filter(username="alice").update(is_active=False)
    done = move("main", "--slug", "new")
    assert done.returncode == 0, done.stderr
    assert "by their user names: none\n" in done.stdout
    assert "It has no admin here" in done.stdout


@contextmanager
def coming(url: str, folder: Path, holding: str) -> Iterator[tuple[Installation, Installation, Popen[str]]]:
    """A book on its way to PostgreSQL, as `customers`, and held up by a lock: where from, where to, and the move."""
    here, elsewhere = Installation(folder / "here"), Installation(folder / "elsewhere", url)
    settle(here)
    settle(elsewhere)
    command = [sys.executable, "-W", "ignore", "manage.py", "move_book", "main"]
    command += [f"sqlite:///{here.data_dir}/mailerconsole.sqlite3", "--slug", "customers"]
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as watching:
        holder.execute(holding)
        move = Popen(command, cwd=ROOT, env=elsewhere.environment, stdout=PIPE, stderr=STDOUT, text=True)
        held_up = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        wait_for(lambda: watching.execute(held_up).rowcount == 1 or move.poll() is not None, 60)
        assert move.poll() is None, move.communicate()[0]
        yield here, elsewhere, move


@pytest.mark.timeout(600)
@pytest.mark.engine_independent
def test_others_work_on_while_a_book_comes_to_postgresql(tmp_path: Path) -> None:
    # Whether its members are there is looked at last: all rows are there by then, and not committed.
    last = "SELECT FROM addressbook_user WHERE username = 'dora' FOR UPDATE"
    with empty_postgresql() as url:
        with coming(url, tmp_path, holding=last) as (here, elsewhere, move):
            done = elsewhere.manage("shell", "--verbosity", "0", "-c", MEANWHILE)
            assert done.returncode == 0, done.stderr
        output, _ = move.communicate(timeout=60)
        assert move.returncode == 0, output
        came, was = described(elsewhere, "customers"), described(here, "main")
        assert (came["addresses"], came["memberships"]) == (was["addresses"], was["memberships"])
        assert described(elsewhere, "main")["addresses"][-1][0] == "meanwhile@example.com"
        assert elsewhere.manage("check_books").returncode == 0


@pytest.mark.timeout(600)
@pytest.mark.engine_independent
def test_who_takes_the_name_of_a_book_on_its_way_does_not_wait_and_has_it(tmp_path: Path) -> None:
    with empty_postgresql() as url:
        table = "LOCK TABLE addressbook_membership IN SHARE MODE"
        with coming(url, tmp_path, holding=table) as (_, elsewhere, move):
            done = elsewhere.manage("shell", "--verbosity", "0", "-c", OF_ITS_NAME)
            assert done.returncode == 0, done.stderr
        output, _ = move.communicate(timeout=60)
        assert move.returncode == 1
        assert "There is a book customers here already: nothing was moved." in output
        assert described(elsewhere, "customers")["addresses"] == []
        assert elsewhere.manage("check_books").returncode == 0
