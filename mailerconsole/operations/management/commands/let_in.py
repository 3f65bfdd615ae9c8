"""`manage.py let_in USERNAME`: for somebody who has to wait because others guess at their password."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from mailerconsole.operations.preparation import require_tables
from workspace.services.people import accounts


class Command(BaseCommand):
    help = "Forget the wrong guesses at the password and code of a user, who can then try again at once."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        found = accounts.forget_guesses(options["username"])
        self.stdout.write("Forgotten; the next attempt is looked at." if found else "Nobody has guessed there lately.")
