"""What tests do to the mailings of alice's book before they look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from mailings.models import Mailing, Sender
    from workspace.models import AddressBook
    from workspace.services.history.audit import Actor


@pytest.fixture
def sender(book: AddressBook, by: Actor) -> Sender:
    from mailings.services import senders

    return senders.add_sender(book=book, address="news@example.com", name="News", by=by)


@pytest.fixture
def draft(book: AddressBook, sender: Sender, by: Actor) -> Mailing:
    from mailings.services import drafts

    return drafts.begin(book=book, token=uuid4(), by=by)


@pytest.fixture
def write(book: AddressBook, by: Actor) -> Callable[..., Mailing]:
    """Saves a draft with some of its fields changed."""
    from mailings.models import Editor, Mailing, MailKind
    from mailings.services import drafts

    def write(draft: Mailing, **fields: object) -> Mailing:
        now = Mailing.objects.get(pk=draft.pk)
        content = {
            "kind": MailKind(now.kind),
            "sender_id": now.sender_id,
            "subject": now.subject,
            "body": now.body,
            "editor": Editor(now.editor),
            "common_values": now.common_values,
            "fallbacks": now.fallbacks,
            "send_at": now.send_at,
            **fields,
        }
        return drafts.save(
            book=book,
            mailing_id=draft.pk,
            seen_version=now.version,
            content=drafts.DraftContent(**content),
            by=by,
        )

    return write


@pytest.fixture
def suppress(book: AddressBook) -> Callable[[str, str], None]:
    """Puts a key on one of the lists of suppressions."""
    from django.utils import timezone

    from mailings.models import Suppression

    def suppress(kind: str, key: str) -> None:
        Suppression.objects.create(book=book, kind=kind, email=key, key=key, source="typed", since=timezone.now())

    return suppress
