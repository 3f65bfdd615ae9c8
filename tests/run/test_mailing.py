"""kill -9 in the middle of a mailing of 20 parts, in the running console: it goes on, and nobody gets it twice."""

import json
import re
import time

import pytest
import requests

from libraries.outbound_mailer.practice import practice_credentials
from tests.run.console import Console, gone
from tests.run.test_kill import run_python
from tests.support.stack import wait_for

pytestmark = pytest.mark.engine_independent

PARTS, PEOPLE_A_PART = 20, 2
BEGIN = """
from uuid import uuid4
from mailings.models import Mailing
from mailings.services import drafts, senders
from mailings.services.recipients import sources
from mailings.services.sending import confirming
from workspace.models import AddressBook, BookMember
from workspace.services.history.audit import Actor
book = AddressBook.objects.get()
by = Actor(BookMember.objects.get(book=book).user)
senders.add_sender(book=book, address="news@example.com", name="News", by=by)
draft = drafts.begin(book=book, token=uuid4(), by=by)
Mailing.objects.filter(pk=draft.pk).update(subject="Twenty", body="<p>Hello</p>")
text = " ".join(f"r{number}@example.com" for number in range(%(people)s))
sources.add_typed(book=book, mailing_id=draft.pk, text=text, token=uuid4(), by=by)
version = Mailing.objects.get(pk=draft.pk).version
confirming.confirm(book=book, mailing_id=draft.pk, seen_version=version, seen_count=%(people)s, token=uuid4(), by=by)
"""
# As many parts as 100,000 people would be, and the wait in which it could be undone is over.
CUT = """
from django.utils import timezone
from mailings.models import Mailing, MailingRun, Part
mailing = Mailing.objects.get()
Part.objects.all().delete()
for number in range(%(parts)s):
    Part.objects.create(mailing=mailing, number=number + 1, first=number * 2 + 1, last=number * 2 + 2)
Mailing.objects.update(held_until=timezone.now())
MailingRun.objects.update(next_at=timezone.now())
"""
# The lease of the dead worker, and what is waited for before somebody is asked, would take minutes.
HURRY = """
from django.utils import timezone
from mailings.models import MailingRun, Part, PartState
from mailings.services.sending import confirming, lease
from workspace.models import BookMember
from workspace.services.history.audit import Actor
Part.objects.filter(state=PartState.UNKNOWN, next_look_at__isnull=False).update(next_look_at=timezone.now())
MailingRun.objects.update(lease_until=None, next_at=timezone.now())
lease.wake_due()
# Killed right before the call: nothing is found, and a person has it sent.
for part in Part.objects.filter(state=PartState.UNKNOWN, next_look_at=None):
    by = Actor(BookMember.objects.get().user)
    confirming.send_part(
        book=part.mailing.book, mailing_id=part.mailing_id, part_id=part.pk, seen_attempts=part.attempts, by=by
    )
"""
TELL = """
import json
from collections import Counter
from mailings.models import Mailing, Part
mailing = Mailing.objects.get()
states = Counter(Part.objects.values_list("state", flat=True))
counts = {"reason": mailing.reason, "planned": mailing.planned, "sent": mailing.sent, "unknown": mailing.unknown}
counts["calls"] = sum(Part.objects.values_list("attempts", flat=True))
print(json.dumps({"state": mailing.state, "parts": states, **counts}))
"""


ACCOUNT = """
from workspace.models import AddressBook
book = AddressBook.objects.get()
print(f"{book.pk}-{book.zone}")
"""


class Simulator:
    """The one beside the console, with the account of its only book."""

    def __init__(self, console: Console) -> None:
        log = (console.data_dir / "logs" / "simulator.log").read_text()
        self._url = re.findall(r"at (http://127\.0\.0\.1:\d+)", log)[-1]
        self._token = (console.data_dir / "simulator_token").read_text()

    def ask(self, method: str, command: str, **values: object) -> dict:
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._url}/_simulator/{command}"
        answer = requests.request(method, url, json=values or None, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def summary(self, account: str) -> dict:
        access_key = practice_credentials(self._token, account).access_key
        return self.ask("GET", f"ledger/{access_key}/KR/summary")


def test_a_worker_killed_in_the_middle_of_twenty_parts(console: Console) -> None:
    simulator = Simulator(console)
    run(console, BEGIN % {"people": PARTS * PEOPLE_A_PART})
    wait_for(lambda: tell(console)["state"] == "held", 60, lambda: console.output)
    simulator.ask("POST", "faults", kind="slow", operation="createMailRequest", times=None, seconds=0.25)
    run(console, CUT % {"parts": PARTS})
    account = run(console, ACCOUNT)

    middle = 5 * PEOPLE_A_PART
    wait_for(lambda: simulator.summary(account)["mails"] >= middle, 60, lambda: str(tell(console)))
    (parent,) = console.parents("worker --queues mail")
    children = parent.children()
    for process in [parent, *children]:
        process.kill()
    assert gone(children)
    in_between = simulator.summary(account)["mails"]
    assert in_between < PARTS * PEOPLE_A_PART
    wait_for(lambda: len(console.children("worker --queues mail")) == 2, 60)

    deadline = time.monotonic() + 120
    while tell(console)["state"] != "sent":
        assert time.monotonic() < deadline, tell(console)
        run(console, HURRY)
        time.sleep(1)
    told = tell(console)
    assert told["parts"] == {"done": PARTS}
    assert (told["planned"], told["sent"], told["unknown"]) == (40, 40, 0)
    # The call in the air was found by its marker, and not made again, unless it had not left yet.
    assert told["calls"] - PARTS in (0, 1)
    ledger = simulator.summary(account)
    assert (ledger["mails"], ledger["addresses"], ledger["repeated"]) == (40, 40, {})


def run(console: Console, code: str) -> str:
    return run_python(console, f"import mailerconsole, django; django.setup()\n{code}")


def tell(console: Console) -> dict:
    return json.loads(run(console, TELL))
