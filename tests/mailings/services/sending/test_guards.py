"""Each guard against sending twice, taken away: the property test of `test_any_mailing` finds it.

What this breaks is the product, in the memory of the test; that the property holds says something only because of this.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from libraries.outbound_mailer import TemporaryError
from mailings.models import Mailing, MailingRun, Part
from mailings.services.sending import calling, confirming, lease
from tests.mailings.services.sending.drawn import Drawn, lives
from tests.mailings.services.sending.life import live
from tests.mailings.services.sending.test_any_mailing import with_examples
from workspace.services.books import books

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600), pytest.mark.engine_independent]


def commit_after_the_call(monkeypatch) -> None:
    """The mark and the call in one transaction: a worker that is killed in it leaves no trace of the call."""
    guarded = calling.call_next

    def call_next(run, client) -> bool:
        with transaction.atomic():
            return guarded(run, client)

    monkeypatch.setattr(calling, "call_next", call_next)


def retry_on_time_out(monkeypatch) -> None:
    """What other senders do: no answer is taken for a refusal, and called again."""
    guarded = calling.is_unknown
    monkeypatch.setattr(calling, "is_unknown", lambda error: not isinstance(error, TemporaryError) and guarded(error))


def claim_without_the_attempt(monkeypatch) -> None:
    """A worker writes though another has taken its mailing over."""

    def locked(run: MailingRun):
        edition = books.lock(run.mailing.book)
        return Mailing.objects.select_related("book", "sender").get(pk=run.mailing_id), edition

    monkeypatch.setattr(lease, "locked", locked)


def send_whatever_the_page_showed(monkeypatch) -> None:
    """A click on a page from before the last call has the part called again."""

    def undecided(book, mailing_id, part_id, seen_attempts, by) -> tuple[Mailing, Part]:
        return confirming._open_part(book, mailing_id, part_id, by, {"unknown", "refused"})

    monkeypatch.setattr(confirming, "_undecided_part", undecided)


@pytest.mark.parametrize(
    ("take_away", "what_is_found"),
    [
        (commit_after_the_call, "more than once to"),
        (retry_on_time_out, "more than once to"),
        # Accepted, and its recipients would be unknown for ever.
        (claim_without_the_attempt, "part 1 of mailing .* \\(accepted\\)"),
        (send_whatever_the_page_showed, "decided on an old page"),
    ],
)
def test_the_property_finds_a_missing_guard(
    take_away, what_is_found, practice, impatient, by, colleague, file_store, monkeypatch
) -> None:
    take_away(monkeypatch)

    @settings(max_examples=1, phases=[Phase.explicit], deadline=None, suppress_health_check=list(HealthCheck))
    @given(drawn=lives)
    @with_examples
    def lives_hold(drawn: Drawn) -> None:
        live(drawn, practice, by, colleague)

    with pytest.raises(AssertionError, match=what_is_found):
        lives_hold()
