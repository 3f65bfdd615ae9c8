"""The simulator as a process: its arguments, its control API, its state file, how it stops."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from libraries.outbound_mailer import ConfigurationError, GroupAddresses, MailerClient, TemporaryError
from libraries.outbound_mailer.practice import practice_credentials
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, FaultKind, Simulator
from tests.libraries.outbound_mailer.conftest import TOKEN

ROOT = Path(__file__).parents[3]
NEWS = [GroupAddresses("news", ("a@example.com", "b@example.com"))]

Start = Callable[..., tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a simulator process with extra arguments: the process and its base URL."""
    processes = []

    def launch(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "libraries.outbound_mailer.simulator", "--port", "0", *arguments],
            cwd=ROOT,
            env=os.environ | {"SIMULATOR_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        line = process.stdout.readline()
        assert line.startswith("Simulated Outbound Mailer at http://127.0.0.1:"), process.stderr.read()
        return process, line.split()[-1]

    yield launch
    for process in processes:
        process.kill()
        process.communicate()


BEARER = {"Authorization": f"Bearer {TOKEN}"}


def control(
    method: str, base_url: str, command: str, payload: object = None, headers: Mapping[str, str] = BEARER
) -> requests.Response:
    return requests.request(method, f"{base_url}/_simulator/{command}", json=payload, headers=headers, timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_stops_cleanly_on_a_signal(start: Start, make_client: Callable[..., MailerClient], number: int) -> None:
    process, base_url = start("--access-key", "mine", "--secret-key", "hidden")
    client = make_client("mine", "hidden", base_url=base_url)
    client.address_book.create(NEWS)  # its kept connection does not hold the process up
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert out == "Simulated Outbound Mailer stopped\n"
    with pytest.raises(TemporaryError):
        client.address_book.get()


def test_process_accepts_only_its_keys(start: Start, make_client: Callable[..., MailerClient]) -> None:
    _, base_url = start("--access-key", "mine", "--secret-key", "hidden")
    with pytest.raises(ConfigurationError):
        make_client(base_url=base_url).address_book.get()


def test_process_without_a_port_says_how_to_call_it() -> None:
    command = [sys.executable, "-m", "libraries.outbound_mailer.simulator"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "--port" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_state_file_outlives_the_process(
    start: Start, make_client: Callable[..., MailerClient], tmp_path: Path, number: int
) -> None:
    state = str(tmp_path / "simulator.sqlite3")
    process, base_url = start("--state", state, "--delay", "3600")
    client = make_client(base_url=base_url)
    client.address_book.create(NEWS)
    control("POST", base_url, "jobs/run", {})
    client.address_book.create([GroupAddresses("later", ("c@example.com",))])
    process.send_signal(number)
    process.communicate(timeout=10)
    _, base_url = start("--state", state)
    client = make_client(base_url=base_url)
    assert client.address_book.get().groups[0].address_count == 2
    assert control("GET", base_url, "status").json()["jobsWaiting"] == 1
    control("POST", base_url, "jobs/run", {})
    assert client.address_book.get().total_address_count == 3


def test_process_says_that_its_port_is_taken(simulator: Simulator) -> None:
    port = str(urlsplit(simulator.base_url).port)
    command = [sys.executable, "-m", "libraries.outbound_mailer.simulator", "--port", port]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (
        1,
        f"Cannot listen on port {port}: Address already in use\n",
    )


def test_delay_of_the_process_holds_creations_back(start: Start, make_client: Callable[..., MailerClient]) -> None:
    _, base_url = start("--delay", "100")
    client = make_client(base_url=base_url)
    client.address_book.create(NEWS)
    assert client.address_book.get().total_address_count == 0
    control("POST", base_url, "clock", {"advance": 101})
    assert client.address_book.get().total_address_count == 2


def test_control_shows_a_book_and_what_was_asked(simulator: Simulator, client: MailerClient) -> None:
    client.address_book.create(NEWS)
    client.address_book.delete_addresses(["b@example.com"])
    book = control("GET", simulator.base_url, f"books/{DEFAULT_ACCOUNT.credentials.access_key}/KR").json()
    assert book == {"addresses": ["a@example.com"], "groups": {"news": ["a@example.com"]}, "jobsWaiting": 0}
    lines = control("GET", simulator.base_url, "requests").json()["requests"]
    assert lines == [
        "POST /api/v1/address-book (createAddressBook): 201",
        "DELETE /api/v1/address-book/address (deleteAddress): 200",
    ]


def test_control_switches_faults_and_settings(simulator: Simulator, client: MailerClient) -> None:
    fault = {"kind": "throttle_limited", "times": 5, "retry_after": "2"}
    assert control("POST", simulator.base_url, "faults", fault).status_code == 200
    assert control("GET", simulator.base_url, "status").json()["faults"][0]["kind"] == FaultKind.THROTTLE_LIMITED
    with pytest.raises(TemporaryError) as caught:
        client.address_book.get()
    assert caught.value.retry_after == 2
    control("DELETE", simulator.base_url, "faults")
    client.address_book.get()
    changes = {"delay_seconds": None, "job_order": "reversed", "address_comparison": "lower_case"}
    assert control("POST", simulator.base_url, "settings", changes).status_code == 200
    assert (simulator.settings.delay_seconds, simulator.settings.job_order) == (None, "reversed")


def test_control_resets_everything(simulator: Simulator, client: MailerClient) -> None:
    client.address_book.create(NEWS)
    client.blocks.register_unsubscribers(["a@example.com"])
    control("POST", simulator.base_url, "faults", {"kind": "retired"})
    control("POST", simulator.base_url, "outcomes", {"pattern": "*@example.com"})
    control("POST", simulator.base_url, "reset", {})
    assert control("GET", simulator.base_url, "status").json() == {
        "jobsWaiting": 0,
        "faults": [],
        "outcomes": [],
        "requests": 0,
    }
    assert client.address_book.get().total_address_count == 0
    assert client.blocks.register_unsubscribers(["a@example.com"]).ignore_count == 0


@pytest.mark.parametrize(
    ("method", "command", "payload", "status"),
    [
        ("GET", "nothing", None, 404),
        ("POST", "faults", {"kind": "earthquake"}, 400),
        ("POST", "faults", {"kind": "slow", "colour": "red"}, 400),
        ("POST", "faults", {}, 400),
        ("POST", "faults", [], 400),
        ("POST", "settings", {"colour": "red"}, 400),
        ("POST", "outcomes", {"colour": "red"}, 400),
        ("POST", "outcomes", {"status": "P"}, 400),
        ("POST", "outcomes", {"share": 2}, 400),
        ("GET", "ledger/x/EU", None, 400),
        ("GET", "ledger/x/KR?limit=many", None, 400),
        ("POST", "clock", {}, 400),
        ("GET", "books/x/EU", None, 400),
    ],
)
def test_control_refuses_what_it_does_not_know(
    simulator: Simulator, method: str, command: str, payload: object, status: int
) -> None:
    assert control(method, simulator.base_url, command, payload).status_code == status


def test_control_is_out_of_reach_for_web_pages(simulator: Simulator) -> None:
    rebound = {"Host": f"evil.example.com:{urlsplit(simulator.base_url).port}"}
    assert control("GET", simulator.base_url, "status", headers=BEARER | rebound).status_code == 403
    form = BEARER | {"Content-Type": "text/plain"}
    url = f"{simulator.base_url}/_simulator/faults"
    answer = requests.post(url, data=json.dumps({"kind": "retired"}), headers=form, timeout=10)
    assert answer.status_code == 403
    assert simulator.faults.waiting() == []


def test_control_takes_no_part_in_the_log(simulator: Simulator) -> None:
    control("GET", simulator.base_url, "status")
    assert simulator.log.requests() == []


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}]
)
@pytest.mark.parametrize("command", ["status", f"books/{DEFAULT_ACCOUNT.credentials.access_key}/KR", "nothing"])
def test_control_is_for_who_has_the_token(simulator: Simulator, command: str, headers: Mapping[str, str]) -> None:
    assert control("GET", simulator.base_url, command, headers=headers).status_code == 403


def test_control_is_closed_where_there_is_no_token() -> None:
    with Simulator() as simulator:
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}, BEARER):
            assert control("GET", simulator.base_url, "status", headers=headers).status_code == 403


def test_practice_accounts_are_separate_and_their_keys_come_from_the_token(
    simulator: Simulator, make_client: Callable[..., MailerClient]
) -> None:
    def client_of(token: str, name: str) -> MailerClient:
        keys = practice_credentials(token, name)
        return make_client(keys.access_key, keys.secret_key)

    client_of(TOKEN, "1-public").address_book.create(NEWS)
    assert client_of(TOKEN, "1-public").address_book.get().total_address_count == 2
    assert client_of(TOKEN, "2-public").address_book.get().total_address_count == 0
    with pytest.raises(ConfigurationError):
        client_of("guessed", "1-public").address_book.get()


def test_practice_accounts_need_a_token(make_client: Callable[..., MailerClient]) -> None:
    keys = practice_credentials("", "1-public")
    with Simulator() as simulator, pytest.raises(ConfigurationError):
        make_client(keys.access_key, keys.secret_key, base_url=simulator.base_url).address_book.get()


def test_a_share_of_the_mails_may_fail(start: Start) -> None:
    _, base_url = start("--failing", "0.02")
    rules = control("GET", base_url, "status").json()["outcomes"]
    assert [(rule["share"], rule["code"]) for rule in rules] == [(0.01, None), (0.02, "MAILBOX_ERROR")]
