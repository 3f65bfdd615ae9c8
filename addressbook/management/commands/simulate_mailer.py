"""manage.py simulate_mailer: the bundled stand-in for the Outbound Mailer API."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from addressbook.mailer.simulator.command import add_arguments, serve


class Command(BaseCommand):
    """The arguments are those of `python -m addressbook.mailer.simulator`."""

    help = "Serves a simulated Outbound Mailer API on this machine, until stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        names = ("port", "access_key", "secret_key", "delay", "state")
        serve(**{name: options[name] for name in names}, say=self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
