"""What must be done before the processes start: at the first start, and again after every update."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from addressbook.services.beginnings import first_start
from mailerconsole.operations.checks import lost_key_sentence, unusable_key_sentence
from mailerconsole.secret_files import env_secret
from workspace.services import history
from workspace.services.people import sealing


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
    """Bring the database up to date; make the first admin and book in a new installation, synced with a simulator.

    Raises PasswordRefusedError or SecretsKeyError.
    """
    _close_to_others()
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


def password_notice(password: str) -> str:
    return f"The password of the new user {first_start.ADMIN_USERNAME}, shown only this once: {password}"
