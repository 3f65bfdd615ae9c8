"""The running processes and the browser: what other tests rely on without looking."""

from collections.abc import Callable

import psutil
import pytest
import requests
from django.db import connection
from playwright.sync_api import Page

from addressbook.services.addresses import registration
from tests.support.stack import Stack, wait_for
from workspace.models import AddressBook, User
from workspace.services.history.audit import Actor


def test_engine_is_the_one_asked_for(db: None, engine: str) -> None:
    assert connection.vendor == engine


def test_sqlite_is_opened_as_in_production(db: None, engine: str) -> None:
    if engine != "sqlite":
        return
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA secure_delete").fetchone() == (1,)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (2,)
        assert cursor.execute("PRAGMA database_list").fetchone()[2].startswith("/")


def test_people_have_their_roles(book: AddressBook, alice: User, bob: User, vera: User, charlie: User) -> None:
    roles = dict(book.members.values_list("user__username", "role"))
    assert roles == {"alice": "admin", "bob": "manager", "vera": "viewer"}


def test_stack_answers(stack: Stack) -> None:
    assert requests.get(f"{stack.url}/healthz", timeout=10).text == "ok"


def test_jobs_give_way_to_clicks(stack: Stack) -> None:
    """For the processor; what a worker starts is as patient as it is."""
    ours = psutil.Process().nice()

    def patience(command: str) -> set[int]:
        living = [each for each in psutil.Process(stack.pid).children() if each.status() != psutil.STATUS_ZOMBIE]
        found = [each for each in living if command in " ".join(each.cmdline())]
        return {process.nice() for each in found for process in (each, *each.children())}

    wait_for(lambda: patience("celery --app mailerconsole worker") == {min(19, ours + 10)})
    assert patience("gunicorn") == {ours}


def test_stack_sees_what_the_test_wrote(
    stack: Stack, book: AddressBook, bob: User, page_of: Callable[..., Page], token: Callable
) -> None:
    registration.register_typed(book=book, group_id=None, text="seen@example.com", token=token(), by=Actor(bob))
    page = page_of(bob)
    page.goto("/")
    assert page.get_by_text("seen@example.com").is_visible()


@pytest.mark.parametrize("path", ["/sign-in/"])
def test_page_passes_axe(page: Page, axe: Callable[[Page], None], path: str) -> None:
    page.goto(path)
    axe(page)
