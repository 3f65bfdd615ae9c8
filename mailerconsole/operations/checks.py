"""Django's system checks for what our own settings and files must be. `addressbook.apps` registers them.

Services are imported inside: the worker's parent process then starts without them.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004 - Django's own name


def lost_key_sentence(names: list[str]) -> str:
    """What to do when no key opens the API keys of these books."""
    where = "SECRETS_KEYS" if settings.SECRETS_KEYS else f"the file {settings.SECRETS_KEY_FILE}"
    return (
        f"The API keys of {len(names)} address book(s) cannot be decrypted: {', '.join(names)}. "
        f"The key that they were encrypted with is not in {where}. Put it back (from a backup, or as SECRETS_KEYS). "
        "If it is gone for good, forget those API keys and enter them anew on the settings page of each book: "
        "manage.py rotate_secrets_key --forget-unreadable"
    )


def foreign_key_sentence() -> str:
    """On a machine whose key is not that of the others."""
    where = "SECRETS_KEYS" if settings.SECRETS_KEYS else f"the file {settings.SECRETS_KEY_FILE}"
    return (
        f"The key in {where} is not the one with which this installation encrypts API keys and the secrets of "
        "two-factor sign-in: give every machine the same SECRETS_KEYS. "
        "If that key is gone for good: manage.py rotate_secrets_key"
    )


def unusable_key_sentence() -> str:
    from workspace.services.people.sealing import HOW_TO_MAKE_A_KEY

    where = "SECRETS_KEYS" if settings.SECRETS_KEYS else f"The file {settings.SECRETS_KEY_FILE}"
    return f"{where} holds something that is no key. Make one with: {HOW_TO_MAKE_A_KEY}"


@register(Tags.security)
def check_secrets_file(**kwargs: Any) -> list[CheckMessage]:
    path = settings.SECRETS_KEY_FILE
    if settings.SECRETS_KEYS or not path.exists() or not path.stat().st_mode & 0o077:
        return []
    return [Warning(f"Others can read {path}.", hint=f"chmod 600 {path}", id="mailerconsole.W001")]


@register(Tags.database)
def check_sqlite_journal(**kwargs: Any) -> list[CheckMessage]:
    from workspace import sqlite

    if not settings.IS_SQLITE or settings.SQLITE_JOURNAL_MODE == "WAL":
        return []
    return [Info(sqlite.slow_journal_sentence(), id="mailerconsole.I001")]


@register(Tags.database)
def check_sealed_keys(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Only where the database may be asked: `migrate`, `check --database default`."""
    from django.db import connection

    from workspace.models import Connection, SealingKey
    from workspace.services.people import sealing

    if not databases or Connection._meta.db_table not in connection.introspection.table_names():
        return []
    try:
        lost = sealing.unreadable()
    except sealing.UnusableKeyError:
        return [Error(unusable_key_sentence(), id="mailerconsole.E001")]
    if lost:
        return [Error(lost_key_sentence([row.book.name for row in lost]), id="mailerconsole.E002")]
    has_mark = SealingKey._meta.db_table in connection.introspection.table_names()
    return [Error(foreign_key_sentence(), id="mailerconsole.E003")] if has_mark and sealing.is_foreign() else []
