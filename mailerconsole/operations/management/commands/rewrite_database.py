from typing import Any

from django.core.management.base import BaseCommand, CommandError

from addressbook.services.reset import vacuum
from mailerconsole.operations.preparation import require_tables


class Command(BaseCommand):
    help = (
        "Rewrite the tables, so that nothing stays readable in the database's files of what was deleted. "
        "After an erasing this happens by itself while the books are small; nobody can write meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        if not vacuum.scrub(lambda: None, whatever_size=True):
            raise CommandError(
                "A transaction that began earlier may still see what is gone, or a view of your own keeps the "
                "statistics of a table that is empty now. End the one, drop the other, and run this again."
            )
        self.stdout.write("The tables are rewritten.")
