from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone


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
    from mailings.models import Mailing, MailingRun, Part
    from mailings.services.sending import running

    def work(mailing: Mailing, turns: int = 30, *, stop_at: tuple[str, ...] = ()) -> Mailing:
        past = timezone.now() - timedelta(seconds=1)
        for _ in range(turns):
            mailing.refresh_from_db()
            if mailing.state in stop_at:
                break
            Part.objects.filter(mailing=mailing, next_look_at__isnull=False).update(next_look_at=past)
            Part.objects.filter(mailing=mailing, not_before__isnull=False).update(not_before=past)
            Mailing.objects.filter(pk=mailing.pk, held_until__isnull=False).update(held_until=past)
            run = MailingRun.objects.get(mailing=mailing)
            if run.next_at is None and run.lease_until is None:
                break
            MailingRun.objects.filter(pk=run.pk).update(next_at=past, lease_until=None)
            running.run(mailing.pk)
        mailing.refresh_from_db()
        return mailing

    return work
