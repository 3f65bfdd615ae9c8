"""`manage.py run_console`: the whole console on one machine, until Ctrl-C."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailerconsole.operations import beat_schedule, supervisor
from mailerconsole.operations.checks import check_sqlite_journal
from mailerconsole.operations.listening import CannotListenError, Endpoint, free_port_after
from mailerconsole.operations.preparation import PasswordRefusedError, SecretsKeyError, password_notice, prepare
from workspace.sqlite import JournalError


class Command(BaseCommand):
    help = "Run web server, worker and scheduler under one supervisor, out of the data folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="Fill the first address book with sample addresses and mails, if it is new.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data_dir: Path = settings.DATA_DIR
        data_dir.chmod(0o700)
        try:
            endpoint = Endpoint.from_environment()
            endpoint.require_proxy()
            supervisor.claim_data_dir(data_dir)
            endpoint.require_free()
            self._say("Preparing the files of the pages and the database; the first time this takes up to a minute …")
            sign_in = prepare(beside_simulator=True)
        except supervisor.AlreadyRunningError as error:
            raise CommandError(
                f"A Mailer Console runs already in {data_dir}. "
                "Stop it first, or start this one with a folder and port of its own: DATA_DIR=... PORT=... make run"
            ) from error
        except (CannotListenError, JournalError, PasswordRefusedError, SecretsKeyError) as error:
            raise CommandError(str(error)) from error
        if sign_in.generated_password:
            self._say(password_notice(sign_in.generated_password))
        if options["demo"]:
            self._say("Loading sample addresses and mails …")
            _fill_first_book()
        os.environ["SIMULATOR_PORT"] = os.environ.get("SIMULATOR_PORT") or str(free_port_after(endpoint.port))
        beat_schedule.discard_if_damaged(Path(settings.CELERY_BEAT_SCHEDULE_FILENAME))
        notices = [sign_in.sentence, *(message.msg for message in check_sqlite_journal())]
        announcement = "\n".join([*notices, f"Stop with Ctrl-C. Logs: {data_dir / 'logs'}"])
        self._say("Starting the web server and the workers …")
        simulator = supervisor.DEMO_SIMULATOR if options["demo"] else supervisor.SIMULATOR
        supervisor.become_supervisor(data_dir, announcement=announcement, simulator=simulator)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _fill_first_book() -> None:
    # Only now: the database may have been made a moment ago.
    from addressbook.services.beginnings import demo
    from mailings.services import demo as mail_demo
    from workspace.models import AddressBook

    if demo.fill(AddressBook.objects.select_related("current_edition").earliest("pk")):
        mail_demo.fill(AddressBook.objects.select_related("current_edition").earliest("pk"))
