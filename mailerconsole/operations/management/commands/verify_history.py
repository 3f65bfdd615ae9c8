"""`manage.py verify_history`: has anybody altered the history? See docs/history.md."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations.preparation import require_tables
from workspace.models import AddressBook
from workspace.services import history
from workspace.services.history import Finding, Head

_SENTENCES = {
    Finding.ALTERED: "line {number} is not what was written",
    Finding.MISSING: "lines before {number} are missing",
    Finding.CUT_OFF: "the lines after {number} are missing",
    Finding.ADDED: "line {number} and those after it were added past the end",
    Finding.BEGINNING: "lines before {number} were removed, and no line says so",
    Finding.NO_CHAIN: "nothing says where the lines begin and end",
    Finding.OTHER_HEAD: "line {number} is not the one of the head that was kept",
}


class Command(BaseCommand):
    help = "Check that no line of the history was altered, removed, inserted or moved. Exit code 1 when one was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="BOOK:NUMBER:HASH",
            help="a head that an earlier run printed, kept elsewhere: it must still be in the history",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        kept = [_read_head(text) for text in options["head"]]
        names = dict(AddressBook.objects.values_list("pk", "name"))
        faults = list(history.verify(kept=kept))
        for fault in faults:
            sentence = _SENTENCES[fault.finding].format(number=fault.number)
            self.stderr.write(f"{names.get(fault.chain, fault.chain)}: {sentence}")
        if not history.is_guarded():
            self.stderr.write(
                "The database does not guard the history against changes; the next start puts that right."
            )
        for head in history.heads():
            self.stdout.write(f"{head}  {names.get(head.chain, '')}".rstrip())
        if faults:
            raise CommandError(f"The history is not what was written: {len(faults)} found.", returncode=1)
        self.stdout.write("The history is whole. Keep the heads above elsewhere, and pass them to the next check.")


def _read_head(text: str) -> Head:
    chain, _, rest = text.partition(":")
    number, _, digest = rest.partition(":")
    if not (chain.isdigit() and number.isdigit() and len(digest) == 64):
        raise CommandError(f"Not a head: {text}")
    return Head(int(chain), int(number), digest)
