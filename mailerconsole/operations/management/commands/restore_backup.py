"""`manage.py restore_backup FOLDER`: a backup into an empty installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from addressbook.models import BookSync
from addressbook.services.addresses import integrity
from mailerconsole.operations import backups, supervisor
from workspace.services import history


class Command(BaseCommand):
    help = "Bring a backup back into an empty installation of the same engine, and check it. The console must not run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            supervisor.claim_data_dir(settings.DATA_DIR)
            manifest = backups.restore(options["folder"])
        except supervisor.AlreadyRunningError as error:
            raise CommandError(f"A Mailer Console runs in {settings.DATA_DIR}. Stop it first.") from error
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        # A backup of an earlier version is brought up to date, as at every start.
        call_command("migrate", interactive=False, verbosity=0)
        history.install_guard()
        wrong = [str(defect) for defect in integrity.defects()]
        wrong += [f"The history of chain {fault.chain} is not whole." for fault in history.verify()]
        if wrong:
            raise CommandError(f"Restored, but not whole. {' '.join(wrong)}", returncode=1)
        self.stdout.write(f"Restored and checked: what was there at {manifest['made_at']}.")
        for sync in BookSync.objects.filter(is_on=True).select_related("book"):
            self.stdout.write(
                f"{sync.book.name}: the remote book may be ahead of this. "
                "Open its sync page and choose “Replace the service’s copy”."
            )
