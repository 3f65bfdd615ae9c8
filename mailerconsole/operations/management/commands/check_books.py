"""`manage.py check_books`: whether every count and rule of the books holds."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from addressbook.services.addresses import integrity
from mailerconsole.operations.preparation import require_tables


class Command(BaseCommand):
    help = "Check that every stored count is true and nothing is there twice. Exit code 1 when something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        found = integrity.all_defects()
        for defect in found:
            self.stderr.write(str(defect))
        if found:
            raise CommandError(f"{len(found)} things are wrong.", returncode=1)
        self.stdout.write("Every count is true, and nothing is there twice.")
