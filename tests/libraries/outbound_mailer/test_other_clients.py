"""A client in another language, written from the documentation alone, works against the simulator."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Simulator

KEYS = DEFAULT_ACCOUNT.credentials
SCRIPT = Path(__file__).with_name("shell_client.sh")


def shell(simulator: Simulator, *arguments: str, secret_key: str = KEYS.secret_key) -> tuple[int, Any]:
    port = str(urlsplit(simulator.base_url).port)
    result = subprocess.run(
        ["bash", str(SCRIPT), port, *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "ACCESS_KEY": KEYS.access_key, "SECRET_KEY": secret_key},
        capture_output=True,
        check=True,
        timeout=30,
    )
    status, _, body = result.stdout.partition(b"\n")
    return int(status), json.loads(body)


def test_shell_client_goes_round_the_address_book(simulator: Simulator) -> None:
    groups = [{"groupName": "대상", "emailAddresses": ["a@example.com", "b@example.com"]}]
    created = shell(simulator, "POST", "/api/v1/address-book", json.dumps({"groups": groups}, ensure_ascii=False))
    assert created == (201, {"totalAddressCount": 0, "groups": []})
    counts = {
        "totalAddressCount": 2,
        "groups": [{"sid": 1, "groupName": "대상", "addressCount": 2}],
    }
    assert shell(simulator, "GET", "/api/v1/address-book") == (200, counts)
    removed = shell(simulator, "DELETE", "/api/v1/address-book/address", '{"emailAddresses":["a@example.com"]}')
    assert removed[1]["totalAddressCount"] == 1
    target = f"/api/v1/address-book/recipient-groups?groupName={quote('대상')}"
    assert shell(simulator, "DELETE", target) == (200, {"totalAddressCount": 1, "groups": []})
    assert shell(simulator, "DELETE", "/api/v1/address-book") == (200, {"deletedAddressCount": 1})


@pytest.mark.parametrize("query", ["groupName=a+b", "groupName=a%20b", "groupName=a%2Bb"])
def test_shell_client_signs_the_query_as_it_sends_it(simulator: Simulator, query: str) -> None:
    status, answer = shell(simulator, "DELETE", f"/api/v1/address-book/recipient-groups?{query}")
    assert (status, answer["error"]["code"]) == (400, "77103")


def test_shell_client_with_a_wrong_secret_is_refused(simulator: Simulator) -> None:
    status, answer = shell(simulator, "GET", "/api/v1/address-book", secret_key="wrong")
    assert (status, answer["error"]["errorCode"]) == (401, "200")
