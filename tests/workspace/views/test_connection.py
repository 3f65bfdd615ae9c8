"""The connection on the settings page, as an admin meets it: a sentence for each way in which it can fail."""

import logging
import re
import time
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse

from libraries.outbound_mailer.signing import Credentials
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Account, Fault, FaultKind
from tests.support.html import text_of
from workspace.models import AddressBook, AuditEvent, Connection, Region, Zone
from workspace.services.books import keys
from workspace.services.people import sealing

ACCESS, SECRET = DEFAULT_ACCOUNT.credentials.access_key, DEFAULT_ACCOUNT.credentials.secret_key


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SECRETS_KEY_FILE = tmp_path / "secrets_key"
    return settings.SECRETS_KEY_FILE


@pytest.fixture
def client(alice, client_of):
    """alice, who has just given her password."""
    client = client_of(alice)
    session = client.session
    session["password_given_at"] = time.time()
    session.save()
    return client


@pytest.fixture
def post(client, book):
    return lambda name, **data: client.post(reverse(name, args=[book.slug]), data, follow=True)


@pytest.fixture
def page(client, book):
    return lambda: client.get(reverse("book_settings", args=[book.slug]))


@pytest.fixture
def save(post):
    """Sends the form of the keys, with a token of its own."""
    return lambda **data: post("change_keys", **({"token": uuid4(), "access_key": "", "secret_key": ""} | data))


@pytest.fixture
def connected(book, service, by):
    """The book, with keys of a service that is a simulator."""
    keys.change_keys(book=book, access_key=ACCESS, secret_key=SECRET, base_url=service.base_url, token=uuid4(), by=by)
    return service


@pytest.fixture
def said(post):
    """What "Test connection" says."""

    def said() -> str:
        answer = post("test_connection")
        assert answer.status_code == 200
        verdict = answer.content.decode().partition('id="connection-verdict"')[2].partition("</section>")[0]
        return " ".join(unescape(re.sub(r"<[^>]*>", "", verdict.partition(">")[2])).split())

    return said


def test_keys_are_saved_and_never_shown_again(save, page, service) -> None:
    answer = save(access_key=f" {ACCESS}\n", secret_key=SECRET, base_url=service.base_url)
    assert "The keys are saved. Test the connection, then look whether sync is on." in text_of(answer)
    for body in (answer.content.decode(), page().content.decode()):
        assert ACCESS not in body
        assert SECRET not in body
        assert "…-key" in body
    assert Connection.objects.get().base_url == service.base_url


def test_a_refused_form_does_not_hand_the_secret_back(save, service) -> None:
    answer = save(access_key="with space", secret_key=SECRET)
    assert answer.status_code == 422
    assert "A key consists of Latin letters, digits and signs, without spaces." in text_of(answer)
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Type the access key."),
        ({"secret_key": SECRET}, "Type the access key."),
        ({"access_key": ACCESS}, "An access key needs its own secret key."),
        ({"access_key": "키", "secret_key": SECRET}, "A key consists of Latin letters"),
        ({"access_key": "x" * 201, "secret_key": SECRET}, "at most 200 characters"),
        (
            {"access_key": ACCESS, "secret_key": SECRET, "base_url": "https://evil.example.com"},
            "not one of the available",
        ),
        ({"token": "x", "access_key": ACCESS, "secret_key": SECRET}, "This page was too old."),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field(save, service, fields, sentence) -> None:
    answer = save(**fields)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Connection.objects.exists()


def test_another_host_is_offered_only_where_the_operator_allows_one(client, book, settings) -> None:
    url = reverse("change_keys", args=[book.slug])
    assert 'name="base_url"' not in client.get(url).content.decode()
    settings.MAILER_HOSTS = ["https://gateway.example.com"]
    assert "https://gateway.example.com" in text_of(client.get(url))


def test_practice_is_shown_plainly_until_there_are_keys(client, page, book, practice, save) -> None:
    sentence = "Practice mode Bundled simulator, no mail service is touched."
    console = reverse("console", args=[book.slug])
    assert sentence in text_of(page())
    assert sentence in text_of(client.get(console))
    save(access_key=ACCESS, secret_key=SECRET)
    assert sentence not in text_of(page())
    assert sentence not in text_of(client.get(console))


def test_without_simulator_and_keys_it_says_not_connected(page, said) -> None:
    assert "Not connected. Addresses are kept here and synced with no service." in text_of(page())
    assert "There is nothing to test yet: type the keys and save them." in said()


def test_removing_keys_is_asked_about_first(client, post, book, connected, practice) -> None:
    answer = client.get(reverse("ask_remove_keys", args=[book.slug]))
    assert "The keys …-key of the address book “Main” are removed" in text_of(answer)
    assert "Practice mode" in text_of(post("remove_keys"))
    assert not Connection.objects.exists()


def test_a_connection_that_works_says_what_is_there(said, connected, practice) -> None:
    assert said().endswith("The connection works. The service holds 0 addresses in 0 groups.")
    assert [request.operation for request in connected.log.requests()] == ["getAddressBook"]


def test_htmx_gets_the_verdict_alone(client, book, connected) -> None:
    answer = client.post(reverse("test_connection", args=[book.slug]), headers={"HX-Request": "true"})
    assert answer.content.decode().strip().startswith('<div id="connection-verdict"')
    assert "The connection works." in text_of(answer)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(kind=FaultKind.NOT_SUBSCRIBED), "has not subscribed to Outbound Mailer in the region “Korea”"),
        (
            Fault(kind=FaultKind.RETIRED),
            "does not offer this connection to the account (any more) in the zone “Public”",
        ),
        (Fault(kind=FaultKind.RATE_LIMITED), "takes no more calls just now. Please try again in a few minutes."),
        (Fault(kind=FaultKind.RATE_LIMITED, retry_after="30"), "Please try again in 30 seconds."),
        (Fault(kind=FaultKind.HTML_ERROR), "Something else than the service answered at 127.0.0.1"),
        (Fault(kind=FaultKind.REDIRECT), "Something else than the service answered"),
        (Fault(kind=FaultKind.RUBBISH), "Something else than the service answered"),
        (Fault(kind=FaultKind.ENDPOINT_ERROR), "has trouble of its own (HTTP 503)"),
        (Fault(kind=FaultKind.INTERNAL_ERROR), "has trouble of its own (HTTP 500)"),
        (Fault(kind=FaultKind.CUT_BEFORE), "broke off. Please try again in a minute."),
        (Fault(kind=FaultKind.CUT_IN_ANSWER), "broke off. Please try again in a minute."),
        (Fault(kind=FaultKind.EMPTY_ERROR), "The service refused the question (HTTP 400, code –)."),
    ],
)
def test_each_way_to_fail_has_a_sentence(said, connected, fault, sentence) -> None:
    connected.faults.switch_on(fault)
    assert sentence in said()


def test_refused_keys_are_said_with_their_zone(said, connected, save, book) -> None:
    save(access_key=ACCESS, secret_key="mistyped", base_url=connected.base_url)
    assert "The service refused the keys." in said()
    assert "they belong to the zone “Public”" in said()


def test_keys_without_permission_are_said(said, connected) -> None:
    account = Account(Credentials(ACCESS, SECRET), is_permitted=False)
    connected._gateway._accounts[ACCESS] = account
    assert "The service knows the keys, but they may not use Outbound Mailer." in said()


def test_a_wrong_clock_is_said_with_both_times(said, connected) -> None:
    connected.faults.switch_on(Fault(kind=FaultKind.CLOCK_SKEW, seconds=-600))
    sentence = said()
    assert "whatever is 5 minutes off" in sentence
    here, there = re.findall(r"it is \d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)", sentence)
    seconds = [
        sum(int(part) * 60**power for part, power in zip(t.split(":"), (2, 1, 0), strict=True)) for t in (here, there)
    ]
    assert abs((seconds[0] - seconds[1]) % 86_400 - 600) <= 2


def test_an_unreachable_host_is_said(said, connected) -> None:
    connected.stop()
    assert "127.0.0.1" in (sentence := said())
    assert "could not be reached. Check this server’s way to the internet" in sentence


def test_a_silent_host_is_said(said, connected, monkeypatch) -> None:
    monkeypatch.setattr("workspace.limits.TRY_OUT_READ_SECONDS", 0.05)
    connected.faults.switch_on(Fault(kind=FaultKind.SLOW, seconds=1))
    assert "did not answer in time." in said()


def test_a_host_that_is_not_allowed_any_more_is_said(said, connected, settings) -> None:
    settings.MAILER_HOSTS = []
    assert "The operator of this server does not allow this host (any more)." in said()


def test_a_region_that_the_zone_lacks_is_said(said, save, book) -> None:
    save(access_key=ACCESS, secret_key=SECRET)
    AddressBook.objects.filter(pk=book.pk).update(zone=Zone.FINANCIAL, region=Region.JPN)
    assert "The zone does not have this region." in said()


def test_keys_that_cannot_be_read_are_said_and_can_be_typed_anew(said, save, connected, key_file) -> None:
    key_file.write_text(sealing._new_key())
    assert "The keys that are kept cannot be read any more" in said()
    assert "The server has lost what keys are encrypted with." in text_of(save(secret_key=SECRET))
    save(access_key=ACCESS, secret_key=SECRET, base_url=connected.base_url)
    assert "The connection works." in said()


def test_the_number_for_the_providers_support_is_shown(said, connected) -> None:
    connected.faults.switch_on(Fault(kind=FaultKind.RETIRED))
    assert re.search(r"For the provider’s support: [0-9a-f]{32}", said())


def test_no_key_reaches_a_log_or_the_history(save, said, connected, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    save(access_key=ACCESS, secret_key=SECRET, base_url=connected.base_url)
    for kind in FaultKind:
        connected.faults.switch_on(Fault(kind=kind, seconds=0.01))
        said()
    text = caplog.text + str(list(AuditEvent.objects.values()))
    assert SECRET not in text
    assert ACCESS not in text


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_every_sentence_is_there_in_the_other_languages(client, book, connected, language) -> None:
    client.cookies["django_language"] = language
    url = reverse("test_connection", args=[book.slug])
    for kind in FaultKind:
        connected.faults.switch_on(Fault(kind=kind, seconds=900 if kind is FaultKind.CLOCK_SKEW else 0.01))
        text = text_of(client.post(url, headers={"HX-Request": "true"}))
        assert not re.search(r"\b(?:the|service|again)\b", text), text
