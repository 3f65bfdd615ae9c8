"""What is sealed opens only with the key; the key is changed without losing anything, whenever it is interrupted."""

import stat
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from libraries.outbound_mailer.signing import Credentials
from mailerconsole.operations.checks import check_sealed_keys, check_secrets_file
from mailerconsole.operations.preparation import SecretsKeyError, prepare
from workspace import actions
from workspace.models import AuditEvent, Connection, Region, Zone
from workspace.services.books import books, keys
from workspace.services.books.connection import NotConnectedError, Obstacle, client_for
from workspace.services.people import sealing
from workspace.services.work import crash_points

SECRET = "s3cr3t-of-a-test-that-nobody-must-see"

pytestmark = pytest.mark.django_db


class KilledError(BaseException):
    """As abrupt as it gets inside one process."""


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"
    return settings.SECRETS_KEY_FILE


@pytest.fixture
def connect(by):
    def connect(book, secret=SECRET):
        keys.change_keys(book=book, access_key="A" * 20, secret_key=secret, token=uuid4(), by=by)

    return connect


@pytest.fixture
def connected(book, by, connect):
    """Three books with keys and one without."""
    found = [book] + [books.create_book(name=f"B{n}", zone=Zone.PUBLIC, region=Region.KR, by=by) for n in range(3)]
    for one in found[:3]:
        connect(one, f"{SECRET}-{one.pk}")
    return found


def secret_of(book) -> str:
    with client_for(book) as client:
        credentials: Credentials = client._transport._credentials
    return credentials.secret_key


def assert_whole(connected) -> None:
    assert [secret_of(book) for book in connected[:3]] == [f"{SECRET}-{book.pk}" for book in connected[:3]]


def test_the_key_is_made_once_for_its_owner_only(key_file) -> None:
    sealed = sealing.seal("text")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    first = key_file.read_text()
    assert sealing.unseal(sealing.seal("more")) == "more"
    assert key_file.read_text() == first
    assert sealing.unseal(sealed) == "text"
    assert "text" not in sealed


def test_keys_of_the_environment_come_before_the_file(key_file, settings) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.SECRETS_KEYS = [old]
    sealed = sealing.seal("text")
    assert not key_file.exists()
    settings.SECRETS_KEYS = [new, old]
    assert sealing.unseal(sealed) == "text"
    settings.SECRETS_KEYS = [new]
    with pytest.raises(sealing.KeyLostError):
        sealing.unseal(sealed)


def test_a_key_that_is_none_is_refused_without_showing_it(settings) -> None:
    settings.SECRETS_KEYS = ["not-a-key-but-maybe-a-secret"]
    with pytest.raises(sealing.UnusableKeyError) as caught:
        sealing.seal("text")
    assert caught.value.__cause__ is None
    assert "maybe-a-secret" not in str(caught.value)


def test_rotation_seals_everything_with_a_new_key(connected, key_file, capsys) -> None:
    before, tokens = key_file.read_text(), set(Connection.objects.values_list("sealed_keys", flat=True))
    call_command("rotate_secrets_key")
    assert "3 encrypted anew." in capsys.readouterr().out
    assert len(key_file.read_text().split()) == 1
    assert key_file.read_text() != before
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert not tokens & set(Connection.objects.values_list("sealed_keys", flat=True))
    assert_whole(connected)


@pytest.mark.parametrize("crash_at", range(1, 5))
def test_rotation_that_was_killed_goes_on_with_its_key(connected, key_file, monkeypatch, crash_at) -> None:
    count = 0

    def reached(point: str) -> None:
        nonlocal count
        count += 1
        if count == crash_at:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(crash_points, "reached", reached)
        with pytest.raises(KilledError):
            sealing.rotate()
    new, _old = key_file.read_text().split()
    assert_whole(connected)  # between two runs everything works
    assert sealing.rotate() == 4 - crash_at
    assert key_file.read_text().split() == [new]
    assert_whole(connected)


def test_rotation_with_keys_of_the_environment(connected, key_file, settings, capsys) -> None:
    old, new = key_file.read_text().strip(), Fernet.generate_key().decode()
    settings.SECRETS_KEYS = [new, old]
    call_command("rotate_secrets_key")
    assert "Now take all keys but the first out of SECRETS_KEYS" in capsys.readouterr().out
    settings.SECRETS_KEYS = [new]
    assert_whole(connected)
    settings.SECRETS_KEYS = [old]
    assert len(sealing.unreadable()) == 3


def test_what_is_entered_while_the_key_changes_is_sealed_with_the_new_one(
    connected, connect, key_file, monkeypatch
) -> None:
    """Between the new key and the last row, somebody enters keys for the book that had none."""

    def reached(point: str) -> None:
        if point == "key made":
            connect(connected[3], "entered-meanwhile")

    monkeypatch.setattr(crash_points, "reached", reached)
    sealing.rotate()
    assert secret_of(connected[3]) == "entered-meanwhile"


def test_a_reader_that_was_overtaken_reads_again(connected, monkeypatch) -> None:
    """The key is changed, and the old one dropped, between reading the row and reading the key."""
    unseal, rotated = sealing.unseal, []

    def overtaken(sealed: str) -> str:
        if not rotated:
            rotated.append(sealing.rotate())
        return unseal(sealed)

    monkeypatch.setattr(sealing, "unseal", overtaken)
    assert secret_of(connected[0]) == f"{SECRET}-{connected[0].pk}"
    assert rotated == [3]


def test_a_lost_key_is_said_and_nothing_is_overwritten(connected, key_file, db) -> None:
    key_file.unlink()
    with pytest.raises(SecretsKeyError, match=r"API keys of 3 address book\(s\).*Main, B0, B1.*--forget-unreadable"):
        prepare(beside_simulator=False)
    assert not key_file.exists()
    with pytest.raises(NotConnectedError) as caught:
        client_for(connected[0])
    assert caught.value.obstacle is Obstacle.KEYS_UNREADABLE
    with pytest.raises(sealing.KeyLostError):
        sealing.seal("text")
    assert [message.id for message in check_sealed_keys(databases=["default"])] == ["mailerconsole.E002"]
    assert check_sealed_keys() == []


def test_rotation_keeps_every_key_while_one_row_cannot_be_read(connected, key_file) -> None:
    Connection.objects.filter(book=connected[1]).update(
        sealed_keys=Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    )
    with pytest.raises(CommandError, match=r"1 address book\(s\) cannot be decrypted: B0"):
        call_command("rotate_secrets_key")
    assert len(key_file.read_text().split()) == 2
    assert secret_of(connected[2]) == f"{SECRET}-{connected[2].pk}"


def test_what_no_key_opens_can_be_forgotten(connected, key_file, capsys) -> None:
    key_file.write_text(Fernet.generate_key().decode())
    call_command("rotate_secrets_key", "--forget-unreadable")
    assert capsys.readouterr().out.count("Forgot the API keys of") == 3
    assert not Connection.objects.exists()
    events = AuditEvent.objects.filter(action=actions.REMOVE_KEYS)
    assert {(event.username, event.user_id) for event in events} == {("(command line)", None)}
    prepare(beside_simulator=False)


def test_a_key_file_that_others_can_read_is_pointed_out(key_file) -> None:
    sealing.ensure_key()
    assert check_secrets_file() == []
    key_file.chmod(0o640)
    assert [message.id for message in check_secrets_file()] == ["mailerconsole.W001"]


def test_a_malformed_key_is_said_at_the_start(connected, settings) -> None:
    settings.SECRETS_KEYS = ["x"]
    with pytest.raises(SecretsKeyError, match="SECRETS_KEYS holds something that is no key"):
        prepare(beside_simulator=False)
    assert [message.id for message in check_sealed_keys(databases=["default"])] == ["mailerconsole.E001"]
