"""What must be done before the processes start: at the first start, and again after every update."""

import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from addressbook.services.beginnings import first_start
from mailerconsole.operations import static_files
from mailerconsole.operations.checks import foreign_key_sentence, lost_key_sentence, unusable_key_sentence
from mailerconsole.secret_files import env_secret
from workspace import sqlite
from workspace.models import AddressBook
from workspace.services import history
from workspace.services.people import sealing

logger = logging.getLogger(__name__)


class PasswordRefusedError(Exception):
    """The message is a sentence for the person who started us."""


class SecretsKeyError(Exception):
    """API keys are stored that nothing here decrypts. The message is a sentence for the person who started us."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to sign in. `generated_password` is there only when it was made just now; nobody can be told it again."""

    sentence: str
    generated_password: str | None = None


def prepare(*, beside_simulator: bool) -> SignIn:
    """Bring static files and database up to date; make the first admin and book where there is none.

    Raises sqlite.JournalError, PasswordRefusedError or SecretsKeyError.
    """
    _close_to_others()
    if connection.vendor == "sqlite":
        sqlite.require_journal(connection, settings.SQLITE_JOURNAL_MODE)
    static_files.collect_if_changed()
    call_command("migrate", interactive=False, verbosity=0)
    history.install_guard()
    _require_secrets_key()
    user = first_start.ADMIN_USERNAME
    given = env_secret("ADMIN_PASSWORD") or None
    try:
        password = first_start.create_first_admin(password=given, is_synced=beside_simulator)
    except first_start.WeakPasswordError as error:
        raise PasswordRefusedError(f"ADMIN_PASSWORD is refused. {error}") from error
    if password is None:
        return SignIn(
            f"Sign in with your username and password; a new one for {user}: "
            f"DATA_DIR={settings.DATA_DIR} .venv/bin/python manage.py changepassword {user}"
        )
    if given:
        return SignIn(f"Sign in as {user} with the password in ADMIN_PASSWORD.")
    return SignIn(f"Sign in as {user} with the password shown above.", password)


def require_tables() -> None:
    """For commands that read what is there. Raises CommandError in a database in which nothing was ever made."""
    if AddressBook._meta.db_table not in connection.introspection.table_names():
        name = settings.DATABASES["default"]["NAME"]
        raise CommandError(f"There is no Mailer Console in the database {name} yet: run manage.py prepare_console.")


def _close_to_others() -> None:
    """A data folder that was made by hand may be open to every user of the machine, and what is in it by an update."""
    settings.DATA_DIR.chmod(0o700)
    if settings.IS_SQLITE:
        name = Path(settings.DATABASES["default"]["NAME"])
        for path in name.parent.glob(f"{name.name}*"):
            path.chmod(0o600)


def _require_secrets_key() -> None:
    """Better no start than one that looks as if nobody had ever entered keys."""
    try:
        lost = [row.book.name for row in sealing.unreadable()]
    except sealing.UnusableKeyError as error:
        raise SecretsKeyError(unusable_key_sentence()) from error
    if lost:
        raise SecretsKeyError(lost_key_sentence(lost))
    sealing.ensure_key()
    sealing.note_key()
    if sealing.is_foreign():
        # No reason not to start: the pages work, and /readyz says it too.
        logger.error(foreign_key_sentence())


def password_notice(password: str) -> str:
    return f"The password of the new user {first_start.ADMIN_USERNAME}, shown only this once: {password}"
