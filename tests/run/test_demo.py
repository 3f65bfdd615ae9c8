"""`make demo`: one command, and a lively book."""

import re

import pytest
import requests

from tests.run.test_start import PASSWORD, sign_in

pytestmark = pytest.mark.engine_independent


def test_demo_starts_with_a_password_of_mine_and_shows_a_filled_book(make_console) -> None:
    console = make_console()
    console.arguments = ("--demo",)
    console.start(ADMIN_PASSWORD=PASSWORD, STATIC_ROOT="")
    # The worker has a thousand things to do at that moment, and a busy machine may let us wait.
    signed_in = sign_in(console, PASSWORD, seconds=90)
    page = signed_in.text
    assert re.search(r'All addresses</span> <span class="count">5,000<', page)
    assert "Practice mode" in page
    assert "newsletter" in page
    assert "trial-2026" in page
    cookie = {"Cookie": signed_in.request.headers["Cookie"]}
    mails = requests.get(f"{console.url}/books/main/mailings/", headers=cookie, timeout=90).text
    assert "You are invited" in mails
    assert "News in autumn" in mails
    # Its own static files, which the other tests do without.
    assert (console.data_dir / "static" / ".collected").exists()
    (style,) = re.findall(r'href="(/static/console\.[^"]+)"', page)
    assert requests.get(f"{console.url}{style}", timeout=30).headers["Content-Encoding"] in {"br", "gzip"}
    assert PASSWORD not in console.output
    assert "Sign in as admin with the password in ADMIN_PASSWORD." in console.output
    assert [child for child in console.family() if "ADMIN_PASSWORD" in child.environ()] == []
