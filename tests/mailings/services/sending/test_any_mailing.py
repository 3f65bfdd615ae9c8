"""Any mailing, with any clicks, faults and interruptions in any order: M1 to M7 hold after every step of its life.

MAILING_LIVES says how many lives are drawn. A failure prints the life that shows it again, and its seed.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.mailings.services.sending.drawn import EXAMPLES, Drawn, lives
from tests.mailings.services.sending.life import live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(7200)]

LIVES = int(os.environ.get("MAILING_LIVES") or "25")


def with_examples(test):
    for drawn in EXAMPLES:
        test = example(drawn=drawn)(test)
    return test


@settings(max_examples=LIVES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(drawn=lives)
@with_examples
def test_any_life_of_a_mailing(practice, impatient, by, colleague, file_store, drawn: Drawn) -> None:
    live(drawn, practice, by, colleague)
