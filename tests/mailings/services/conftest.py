from collections.abc import Callable
from uuid import uuid4

import pytest


@pytest.fixture
def ready(book, by, draft, write, practice, monkeypatch) -> Callable:
    """A draft with content and `count` typed recipients, confirmed; parts of `part` recipients."""
    from mailings import limits
    from mailings.services.recipients import sources
    from mailings.services.sending import confirming

    def ready(count: int = 7, part: int = 3, **fields: object):
        monkeypatch.setattr(limits, "PART_RECIPIENTS", part)
        written = write(draft, **{"subject": "Hello", "body": "<p>Hello</p>", **fields})
        text = "\n".join(f"r{number}@example.com" for number in range(count))
        sources.add_typed(book=book, mailing_id=draft.pk, text=text, token=uuid4(), by=by)
        return confirming.confirm(
            book=book, mailing_id=draft.pk, seen_version=written.version, seen_count=count, token=uuid4(), by=by
        )

    return ready


@pytest.fixture
def work() -> Callable:
    """Turns of a worker at a mailing until nothing is left to do; every wait is taken to be over."""
    from mailings.models import Mailing
    from tests.mailings.services.sending.lives import take_turn

    def work(mailing: Mailing, turns: int = 30, *, stop_at: tuple[str, ...] = ()) -> Mailing:
        for _ in range(turns):
            mailing.refresh_from_db()
            if mailing.state in stop_at or not take_turn(mailing):
                break
        mailing.refresh_from_db()
        return mailing

    return work


@pytest.fixture
def colleague(bob):
    from workspace.services.history.audit import Actor

    return Actor(bob)


@pytest.fixture
def impatient(monkeypatch) -> None:
    """Calls to a service that hangs end in a fraction of a second."""
    from libraries.outbound_mailer import MailerClient
    from libraries.outbound_mailer import limits as mailer_limits
    from tests.mailings.services.sending.drawn import PATIENCE_SECONDS

    monkeypatch.setattr(mailer_limits, "SILENCE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setitem(MailerClient.__init__.__kwdefaults__, "call_timeout_seconds", PATIENCE_SECONDS * 2)
