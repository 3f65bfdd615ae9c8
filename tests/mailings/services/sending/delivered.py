"""What the simulated service would have delivered: the judge of every test of sending."""

from collections import Counter
from typing import Any


def requests_of(simulator: Any) -> list[dict[str, Any]]:
    """Every mail request that was accepted, as it was sent."""
    with simulator._gateway.lock:
        places = [place for (place,) in simulator._database.rows("SELECT DISTINCT place FROM documents")]
        return [document for place in places for _, document in simulator._database.documents("mail request", place)]


def deliveries(simulator: Any) -> Counter[str]:
    """How often each address gets a mail."""
    found = requests_of(simulator)
    return Counter(person["address"] for request in found for mail in request["mails"] for person in mail)
