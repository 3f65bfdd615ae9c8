"""`manage.py prepare_console`: once before the processes start, where something else than run_console starts them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mailerconsole.operations.preparation import PasswordRefusedError, SecretsKeyError, password_notice, prepare
from workspace.sqlite import JournalError


class Command(BaseCommand):
    help = "Bring static files and database up to date; make the first admin and book in a new installation."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sign_in = prepare(beside_simulator=bool(settings.SIMULATOR_PORT))
        except (JournalError, PasswordRefusedError, SecretsKeyError) as error:
            raise CommandError(str(error)) from error
        if sign_in.generated_password:
            self.stdout.write(password_notice(sign_in.generated_password))
        self.stdout.write(sign_in.sentence)
