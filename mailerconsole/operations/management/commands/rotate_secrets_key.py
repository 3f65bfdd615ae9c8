"""`manage.py rotate_secrets_key`: a new key for what is kept encrypted."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations.checks import lost_key_sentence, unusable_key_sentence
from mailerconsole.operations.preparation import require_tables
from workspace.services.books import keys
from workspace.services.people import sealing


class Command(BaseCommand):
    help = (
        "Encrypt the API keys of all books anew. With the key in the data folder a new one is made. With SECRETS_KEYS "
        "put the new one in front of the old one (NEW,OLD), restart every process, run this, then take the old one "
        "out. The console may run meanwhile; stopped halfway, it goes on when run again."
    )
    # The check for keys that nothing opens would keep --forget-unreadable from its work.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="first forget the API keys that no key opens; they have to be entered anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        try:
            if options["forget_unreadable"]:
                for name in keys.forget_unreadable():
                    self.stdout.write(f"Forgot the API keys of {name}.")
            resealed = sealing.rotate()
        except sealing.UnusableKeyError as error:
            raise CommandError(unusable_key_sentence()) from error
        except sealing.KeyLostError as error:
            raise CommandError(lost_key_sentence([row.book.name for row in sealing.unreadable()])) from error
        self.stdout.write(f"{resealed} encrypted anew.")
        if len(settings.SECRETS_KEYS) > 1:
            self.stdout.write("Now take all keys but the first out of SECRETS_KEYS, and restart every process.")
