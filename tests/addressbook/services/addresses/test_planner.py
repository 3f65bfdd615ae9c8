"""After an upload PostgreSQL knows how many rows its tables have, at once."""

import pytest
from django.db import connection

from addressbook import limits
from addressbook.services.addresses import planner

pytestmark = pytest.mark.django_db


def known_rows() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'addressbook_address'")
        return float(cursor.fetchone()[0])


def test_many_new_rows_are_known_at_once_and_few_cost_nothing(register, django_assert_num_queries) -> None:
    register(" ".join(f"u{number}@example.com" for number in range(20)))
    with django_assert_num_queries(0):
        planner.tell_of_new_rows(limits.ROWS_WORTH_ANALYSING - 1)
    if connection.vendor != "postgresql":
        with django_assert_num_queries(0):
            planner.tell_of_new_rows(limits.ROWS_WORTH_ANALYSING)
        return
    planner.tell_of_new_rows(limits.ROWS_WORTH_ANALYSING)
    assert known_rows() == 20
