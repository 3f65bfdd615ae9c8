"""The recipients of a month, counted before the service refuses the rest."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from mailings.models import Mailing, MailingState, MailRules
from mailings.services import checks, drafts
from mailings.services.quota import used_in_month

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_month_is_that_in_which_it_is_sent(ready, work, book, practice) -> None:
    next_month = (timezone.localtime().replace(day=1) + timedelta(days=32)).replace(day=5)
    mailing = work(ready(4, 2, send_at=next_month), stop_at=("scheduled",))

    assert (used_in_month(book, timezone.now()), used_in_month(book, next_month)) == (0, 4)
    Mailing.objects.filter(pk=mailing.pk).update(open=2, cancelled=2)
    assert used_in_month(book, next_month) == 2
    Mailing.objects.filter(pk=mailing.pk).update(state=MailingState.DRAFT)
    assert used_in_month(book, next_month) == 0


@pytest.mark.parametrize(("quota", "warned"), [(7, False), (6, True)])
def test_a_mail_that_passes_the_quota_is_warned_of(ready, work, draft, book, by, practice, quota, warned) -> None:
    mailing = work(ready(4, 2))
    MailRules.objects.create(book=book, monthly_quota=quota)
    again = drafts.copy(book=book, mailing_id=mailing.pk, token=uuid4(), by=by)
    again.sources.all()[0].rows.last().delete()

    report = checks.check(again, book.current_edition)

    assert report.in_month == 7
    assert ("quota_passed" in {finding.code for finding in report.warnings}) is warned
    assert not {"quota_passed"} & {finding.code for finding in report.blocking}
