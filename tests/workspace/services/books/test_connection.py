"""Which service a book is connected to, and that nobody but that service ever sees its keys."""

import json
import logging
import sys
from uuid import uuid4

import pytest
from django.views.debug import ExceptionReporter

from libraries.outbound_mailer import ConfigurationError, GroupAddresses, InvalidRequestError
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT
from workspace import actions
from workspace.models import AddressBook, AuditEvent, Connection, Region, Submission, Zone
from workspace.services.books import books, keys
from workspace.services.books.connection import NotConnectedError, Obstacle, client_for, target_of, try_out
from workspace.services.people import sealing

ACCESS, SECRET = DEFAULT_ACCOUNT.credentials.access_key, DEFAULT_ACCOUNT.credentials.secret_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"


@pytest.fixture
def change(book, by):
    def change(access_key="", secret_key="", base_url="", token=None):
        keys.change_keys(
            book=book, access_key=access_key, secret_key=secret_key, base_url=base_url, token=token or uuid4(), by=by
        )

    return change


def test_without_keys_and_simulator_there_is_nothing_to_call(book) -> None:
    with pytest.raises(NotConnectedError) as caught:
        client_for(book)
    assert caught.value.obstacle is Obstacle.NO_KEYS
    assert not target_of(book).is_connected


def test_without_keys_each_book_has_a_simulated_account_of_its_own(book, by, practice) -> None:
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=by)
    with client_for(book) as client:
        client.address_book.create([GroupAddresses("VIP", ("a@example.com",))])
    assert try_out(book).total_address_count == 1
    assert try_out(other).total_address_count == 0
    assert (target_of(book).is_practice, target_of(book).is_connected) == (True, True)


@pytest.mark.parametrize("place", [{"zone": Zone.GOVERNMENT}, {"region": Region.JPN}])
def test_another_zone_or_region_is_another_remote_book(book, practice, place) -> None:
    with client_for(book) as client:
        client.address_book.create([GroupAddresses("VIP")])
    for name, value in place.items():
        setattr(book, name, value)
    assert try_out(book).groups == ()


def test_with_keys_the_service_is_called_and_not_the_simulator(book, practice, service, change) -> None:
    change(ACCESS, SECRET, service.base_url)
    assert try_out(book).total_address_count == 0
    assert [request.operation for request in service.log.requests()] == ["getAddressBook"]
    assert practice.log.requests() == []
    target = target_of(book)
    assert (target.masked_access_key, target.is_practice) == ("…-key", False)


def test_without_another_host_the_zones_own_is_called(book, change) -> None:
    change(ACCESS, SECRET)
    with client_for(book) as client:
        assert "https://mail.apigw.ntruss.com/api/v1" in repr(client)
    assert target_of(book).host == "mail.apigw.ntruss.com"


def test_a_host_that_is_not_allowed_any_more_gets_no_call(book, service, change, settings) -> None:
    change(ACCESS, SECRET, service.base_url)
    settings.MAILER_HOSTS = []
    with pytest.raises(NotConnectedError) as caught:
        try_out(book)
    assert caught.value.obstacle is Obstacle.HOST_NOT_ALLOWED
    assert service.log.requests() == []
    with pytest.raises(keys.HostNotAllowedError):
        change(ACCESS, SECRET, service.base_url)


def test_a_region_that_the_zone_does_not_have_is_said(book, change) -> None:
    change(ACCESS, SECRET)
    book.zone, book.region = Zone.FINANCIAL, Region.JPN
    with pytest.raises(NotConnectedError) as caught:
        client_for(book)
    assert caught.value.obstacle is Obstacle.NO_SUCH_PLACE


def test_a_proxy_that_is_none_is_said(book, change, monkeypatch) -> None:
    change(ACCESS, SECRET)
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1080")
    with pytest.raises(NotConnectedError) as caught:
        client_for(book)
    assert caught.value.obstacle is Obstacle.NO_HTTP_PROXY


def test_an_empty_secret_keeps_the_one_that_is_there(book, service, change) -> None:
    change(ACCESS, SECRET, service.base_url)
    change()
    assert target_of(book).base_url == ""
    change(base_url=service.base_url)
    assert try_out(book).total_address_count == 0
    assert Connection.objects.count() == 1


def test_a_new_secret_may_come_for_the_access_key_that_is_there(book, service, change) -> None:
    change(ACCESS, "mistyped", service.base_url)
    with pytest.raises(ConfigurationError):
        try_out(book)
    change("", SECRET, service.base_url)
    try_out(book)


def test_half_a_pair_is_refused(change) -> None:
    with pytest.raises(keys.SecretMissingError):
        change(ACCESS)
    with pytest.raises(keys.AccessKeyMissingError):
        change("", SECRET)
    with pytest.raises(keys.AccessKeyMissingError):
        change()
    change(ACCESS, SECRET)
    with pytest.raises(keys.SecretMissingError):
        change("another")  # the secret that is kept belongs to the old one
    with pytest.raises(InvalidRequestError):
        change("키", SECRET)


def test_removed_keys_are_gone_and_practice_is_back(book, by, practice, service, change) -> None:
    change(ACCESS, SECRET, service.base_url)
    assert keys.remove_keys(book=book, by=by)
    assert target_of(book).is_practice
    assert not keys.remove_keys(book=book, by=by)
    assert AuditEvent.objects.filter(action=actions.REMOVE_KEYS).count() == 1


def test_the_same_form_twice_has_one_effect(book, change) -> None:
    token = uuid4()
    change(ACCESS, SECRET, token=token)
    change(ACCESS, SECRET, token=token)
    assert AuditEvent.objects.filter(action=actions.CHANGE_KEYS).count() == 1


@pytest.mark.parametrize(
    ("access_key", "masked"),
    [("AbCdEfGhIjKlMnOpWXYZ", "…WXYZ"), ("sixteen-chars-16", "…s-16"), ("short", "…"), ("", "…")],
)
def test_an_access_key_is_shown_by_its_end(access_key, masked) -> None:
    assert keys.masked(access_key) == masked


def test_keys_are_nowhere_in_the_database_and_in_no_log_or_repr(book, service, change, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    change(ACCESS, SECRET, service.base_url)
    change("", SECRET, service.base_url)
    try_out(book)
    row = Connection.objects.get()
    stored = [
        str(values) for model in (AddressBook, AuditEvent, Connection, Submission) for values in model.objects.values()
    ]
    for text in (*stored, caplog.text, repr(row), str(row), repr(book), repr(target_of(book))):
        assert SECRET not in text
        assert ACCESS not in text
    assert json.loads(sealing.unseal(row.sealed_keys)) == {"access_key": ACCESS, "secret_key": SECRET}
    details = [event.detail for event in AuditEvent.objects.filter(action=actions.CHANGE_KEYS).order_by("pk")]
    assert details == [{"keys": "entered", "host": service.base_url}, {"keys": "replaced", "host": service.base_url}]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("where", ["seal", "check_keys", "call"])
def test_no_report_of_an_exception_shows_a_key(book, service, change, settings, monkeypatch, rf, debug, where) -> None:
    """Django's report shows the variables of every frame; with DEBUG on it becomes a page."""
    settings.DEBUG = debug

    def fail(*args, **kwargs):
        raise RuntimeError("in the middle")

    change(ACCESS, SECRET, service.base_url)
    try:
        if where == "call":
            monkeypatch.setattr("libraries.outbound_mailer.transport._Session.send", fail)
            try_out(book)
        else:
            monkeypatch.setattr(
                f"workspace.services.{'people.sealing.seal' if where == 'seal' else 'books.keys.check_keys'}", fail
            )
            change(ACCESS, SECRET, service.base_url)
    except RuntimeError:
        reporter = ExceptionReporter(rf.get("/"), *sys.exc_info())
    assert "in the middle" in reporter.get_traceback_text()
    frames = [frame for frame in reporter.get_traceback_frames() if frame["filename"] != __file__]
    shown = [(frame["function"], name, value) for frame in frames for name, value in frame["vars"]]
    assert len(shown) > 5
    assert [line for line in shown if SECRET in str(line[2])] == []
