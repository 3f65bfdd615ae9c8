"""The API keys of a book: entered, replaced, removed. They go in and are never shown again."""

import json
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from libraries.outbound_mailer.signing import Credentials
from libraries.outbound_mailer.validation import check_keys
from workspace import actions, limits
from workspace.models import AddressBook, Connection
from workspace.services.books import books
from workspace.services.history.audit import Actor, record, record_by_operator
from workspace.services.people import sealing
from workspace.services.work.changing import Fact, changing
from workspace.services.work.submissions import Submitted


class SecretMissingError(Exception):
    """An access key without its secret: the one that is kept belongs to another."""


class AccessKeyMissingError(Exception):
    """A secret key without an access key that it could belong to."""


class HostNotAllowedError(Exception):
    """The operator does not allow this host (settings.MAILER_HOSTS)."""


@sensitive_variables("secret_key", "credentials", "text", "submitted")
def change_keys(
    *, book: AddressBook, access_key: str, secret_key: str, base_url: str = "", token: UUID, by: Actor
) -> None:
    """Connect the book with these keys. Empty: as it is kept; `base_url` empty: the zone's own host.

    A book that had none is not sent anywhere until somebody turns its sync on: what was registered for practice must
    not go to the real service by itself. Other keys may lead to another remote book, which is then looked at first.

    Raises InvalidRequestError for keys that no call could be made with, SecretMissingError, AccessKeyMissingError,
    HostNotAllowedError, or those of `secrets.seal`.
    """
    if base_url and base_url not in settings.MAILER_HOSTS:
        raise HostNotAllowedError
    # What is remembered of a form is a plain digest, and a digest of a secret is none of the database's business.
    digest = salted_hmac("addressbook.keys", secret_key, algorithm="sha256").hexdigest()
    submitted = Submitted(by, token, "change_keys", [access_key, digest, base_url], book)
    with changing(book, by=by) as change:
        books.require_role(book, by)
        if submitted.earlier_outcome() is not None:
            return
        row = Connection.objects.filter(book=book).first()
        changed = {"base_url": base_url}
        leads_elsewhere = row is not None and row.base_url != base_url
        if access_key or secret_key:
            leads_elsewhere |= row is not None and not _is_kept(row, access_key)
            credentials = _completed(row, access_key, secret_key)
            check_keys(credentials.access_key, credentials.secret_key)
            text = json.dumps({"access_key": credentials.access_key, "secret_key": credentials.secret_key})
            changed |= {"sealed_keys": sealing.seal(text), "masked_access_key": masked(credentials.access_key)}
        elif row is None:
            raise AccessKeyMissingError
        Connection.objects.update_or_create(book=book, defaults={**changed, "changed_at": timezone.now()})
        if row is None:
            change.facts.add(Fact.CONNECTED)
        elif leads_elsewhere:
            change.facts.add(Fact.LEADS_ELSEWHERE)
        detail = {"keys": "kept" if not (access_key or secret_key) else "replaced" if row else "entered"}
        record(by=by, action=actions.CHANGE_KEYS, book=book, detail=detail | {"host": base_url})
        submitted.remember({})


def remove_keys(*, book: AddressBook, by: Actor) -> bool:
    """Disconnect the book and turn its sync off; whether it was connected.

    Works without the key that its API keys are sealed with.
    """
    with changing(book, by=by) as change:
        books.require_role(book, by)
        deleted, _ = Connection.objects.filter(book=book).delete()
        if deleted:
            change.facts.add(Fact.DISCONNECTED)
            record(by=by, action=actions.REMOVE_KEYS, book=book)
    return bool(deleted)


def forget_unreadable() -> list[str]:
    """Drop the API keys that no key opens, and say of which books. Raises `secrets.UnusableKeyError`."""
    lost = sealing.unreadable()
    for row in lost:
        with changing(row.book, by=None):
            row.delete()
            record_by_operator(action=actions.REMOVE_KEYS, book=row.book)
    return [row.book.name for row in lost]


def masked(access_key: str) -> str:
    """Enough to tell one's own keys apart, too little to use: the last characters, when there are many more."""
    shown = limits.ACCESS_KEY_CHARACTERS_SHOWN
    return "…" + access_key[-shown:] if len(access_key) >= 4 * shown else "…"


@sensitive_variables("kept")
def _is_kept(row: Connection, access_key: str) -> bool:
    """Whether the access key stays what it is; not when what is kept cannot be read any more."""
    if not access_key:
        return True
    try:
        kept = json.loads(sealing.unseal(row.sealed_keys))
    except sealing.KeyLostError:
        return False
    return bool(kept["access_key"] == access_key)


@sensitive_variables("kept", "secret_key")
def _completed(row: Connection | None, access_key: str, secret_key: str) -> Credentials:
    if access_key and not secret_key:
        raise SecretMissingError
    if not access_key:
        if row is None:
            raise AccessKeyMissingError
        kept = json.loads(sealing.unseal(row.sealed_keys))
        access_key = kept["access_key"]
    return Credentials(access_key, secret_key)
