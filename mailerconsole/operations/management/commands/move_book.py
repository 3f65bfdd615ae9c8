"""`manage.py move_book main sqlite:////data/mailerconsole.sqlite3`, with DATABASE_URL of where the book is to go."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations import moving, moving_books

_LEFT: Final = """
Not moved, and still at the source: API keys, the state of the sync, history, undo, recovery copies, uploads, downloads,
invitations. Keep the source for as long as its history must be kept; the history here begins with this move.

The sync is off here. Enter the API keys and turn it on: where the remote book holds something, the console asks whether
to keep or to rebuild it. Do not turn it on at the source again: two consoles must not write to one remote book.
"""


class Command(BaseCommand):
    help = (
        "Copy one book of the database SOURCE_URL into that of DATABASE_URL, which may hold others, compare both value "
        "by value, and check the counts. Stop the console of the source first. The source is not changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("book", help="the name in its URL, such as main, or its id")
        parser.add_argument("source_url", help="such as sqlite:////path/to/mailerconsole.sqlite3")
        parser.add_argument("--slug", default="", help="the name in its URL from now on, where its own is taken")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moved = moving_books.move_book(options["source_url"], options["book"], slug=options["slug"])
        except moving.MoveError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{moved.name} ({moved.slug}), moved and compared: {moved.groups:,} groups, {moved.addresses:,} addresses, "
            f"{moved.memberships:,} memberships."
        )
        self.stdout.write(f"Members, by their user names: {_named(moved.members)}")
        if moved.left_out:
            self.stdout.write(f"Not members here, where no active user has their name: {_named(moved.left_out)}")
        if not moved.has_admin:
            self.stdout.write("It has no admin here: a superuser can become one, and invite the others.")
        self.stdout.write(_LEFT)


def _named(people: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({role})" for name, role in people.items()) or "none"
