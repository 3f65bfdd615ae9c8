"""`manage.py turn_off_two_factor USERNAME`: for somebody who has lost their phone and their recovery codes."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations.preparation import require_tables
from workspace.models import User
from workspace.services.people import second_factor


class Command(BaseCommand):
    help = (
        "Turn two-factor sign-in off for a user, whose password alone then opens the account. Make sure who it is that "
        "asks: over the phone anybody can be anybody. It stands in the history."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}.")
        was_on = second_factor.turn_off_by_operator(user)
        self.stdout.write("It is off." if was_on else "It was not on.")
