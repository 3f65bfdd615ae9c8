"""A mailing that nobody works on is seen in the age of its queue, with which the alarms begin."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailerconsole.operations.workload import oldest_due_mailing
from mailings.models import MailingRun


@pytest.mark.parametrize("field", ["next_at", "lease_until"])
def test_a_due_mailing_waits_until_a_worker_comes(ready, field: str) -> None:
    mailing = ready()
    then = timezone.now() - timedelta(minutes=3)
    MailingRun.objects.filter(mailing=mailing).update(**{"next_at": None, "lease_until": None, field: then})
    task, seconds = oldest_due_mailing()
    assert task == "mailings.tasks.run_mailing"
    assert 180 <= seconds < 210


def test_a_mailing_whose_time_has_not_come_does_not_wait(ready) -> None:
    mailing = ready()
    soon = timezone.now() + timedelta(minutes=3)
    MailingRun.objects.filter(mailing=mailing).update(next_at=soon, lease_until=None)
    assert oldest_due_mailing()[1] == 0
