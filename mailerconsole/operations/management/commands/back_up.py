"""`manage.py back_up FOLDER`: the database at one moment and its files, while the console runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations import backups
from mailerconsole.operations.preparation import require_tables


class Command(BaseCommand):
    help = "Back up the database and the stored files into a new folder, while the console runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="the keys of the data folder too: then the folder opens the API keys",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        try:
            manifest = backups.back_up(options["folder"], with_keys=options["with_keys"])
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Backed up: the database and {len(manifest['files'])} files.")
        if not manifest["keys"]:
            self.stdout.write(
                "The keys are not in it. Keep secrets_key of the data folder, or SECRETS_KEYS, elsewhere."
            )
