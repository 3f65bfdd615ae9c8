"""`manage.py simulate_mailer`: the bundled stand-in for the Outbound Mailer API."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from libraries.outbound_mailer.simulator.command import add_arguments, serve

# As long as the real service seems to take for a creation: what is sent is seen on its way, and is soon there.
CONSOLE_DELAY_SECONDS = 2.0


class Command(BaseCommand):
    """The arguments are those of `python -m libraries.outbound_mailer.simulator`.

    Started with the console (SIMULATOR_PORT is set) it needs none: it keeps its state in the data folder, and accepts
    the practice accounts of the console alone.
    """

    help = "Serves a simulated Outbound Mailer API on this machine, until stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        if settings.SIMULATOR_PORT:
            state = settings.DATA_DIR / "simulator.sqlite3"
            add_arguments(parser, port=settings.SIMULATOR_PORT, delay=CONSOLE_DELAY_SECONDS, state=state, keys=None)
        else:
            add_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        names = ("port", "access_key", "secret_key", "delay", "state", "failing")
        serve(**{name: options[name] for name in names}, token=settings.SIMULATOR_TOKEN, say=self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
