"""`manage.py move_database sqlite:////data/mailerconsole.sqlite3`, with DATABASE_URL of the new database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations import moving, supervisor
from workspace.services import history


class Command(BaseCommand):
    help = (
        "Fill the empty database of DATABASE_URL with everything that the one of SOURCE_URL holds, compare both value "
        "by value, and check counts and history. Stop the console first. The source is not changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source_url", help="such as sqlite:////path/to/mailerconsole.sqlite3")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            supervisor.claim_data_dir(settings.DATA_DIR)
            call_command("migrate", interactive=False, verbosity=0)
            moved = moving.move(options["source_url"])
            history.install_guard()
        except supervisor.AlreadyRunningError as error:
            raise CommandError(f"A Mailer Console runs in {settings.DATA_DIR}. Stop it first.") from error
        except moving.MoveError as error:
            raise CommandError(str(error)) from error
        for table, rows in sorted(moved.items()):
            self.stdout.write(f"{table}: {rows:,}")
        self.stdout.write("Moved and compared. Start the console with this DATABASE_URL and the same data folder.")
