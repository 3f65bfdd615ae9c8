"""`make demo`: one command, and a lively book."""

import re

import pytest

from tests.run.test_start import PASSWORD, sign_in

pytestmark = pytest.mark.engine_independent


def test_demo_starts_and_shows_a_filled_book(make_console) -> None:
    console = make_console()
    console.arguments = ("--demo",)
    console.start(ADMIN_PASSWORD=PASSWORD)
    # The worker has a thousand things to do at that moment, and a busy machine may let us wait.
    page = sign_in(console, PASSWORD, seconds=90).text
    assert re.search(r'All addresses</span> <span class="count">5,000<', page)
    assert "Practice mode" in page
    assert "newsletter" in page
    assert "trial-2026" in page
