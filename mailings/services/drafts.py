"""Drafts: begun, saved while somebody types, copied, deleted."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from mailings import actions
from mailings.models import (
    Attachment,
    Editor,
    LeftOutEntry,
    Mailing,
    MailingState,
    MailKind,
    RecipientSource,
    Sender,
    SourceRow,
    Template,
)
from mailings.services.rules import require_role
from mailings.services.senders import default_of
from workspace.models import AddressBook, Edition, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import stored_files
from workspace.services.work.submissions import Submitted

# Every keystroke would be a line of the history otherwise.
_CHANGES_TOLD_TOGETHER = timedelta(minutes=10)


class DraftGoneError(Exception):
    """The book has no such draft (any more): it was deleted, or confirmed."""


class StaleDraftError(Exception):
    """The draft was saved by somebody else, or in another tab, since this form was opened: `now` is what it is."""

    def __init__(self, now: Mailing) -> None:
        super().__init__(str(now))
        self.now = now


@dataclass(frozen=True, slots=True)
class DraftContent:
    """Fields that a save of a draft sets; recipients and attachments are changed separately."""

    kind: MailKind
    sender_id: int | None
    subject: str
    body: str
    editor: Editor
    common_values: dict[str, str] = field(default_factory=dict)
    fallbacks: dict[str, str] = field(default_factory=dict)
    send_at: datetime | None = None


def find_draft(book: AddressBook, mailing_id: int) -> Mailing:
    """Raises DraftGoneError."""
    draft = Mailing.objects.drafts().select_related("sender", "template").filter(book=book, pk=mailing_id).first()
    if draft is None:
        raise DraftGoneError
    return draft


def begin(*, book: AddressBook, template: Template | None = None, token: UUID, by: Actor) -> Mailing:
    """A new draft, empty or from a template. Raises NotAllowedError."""
    return begin_with(lambda draft, edition: None, book=book, contents=None, template=template, token=token, by=by)


def begin_with(
    fill: Callable[[Mailing, Edition], None],
    *,
    book: AddressBook,
    contents: Any,
    template: Template | None = None,
    token: UUID,
    by: Actor,
) -> Mailing:
    """The same; `fill` gives the new draft its first recipients, `contents` tells them apart from others."""
    submitted = Submitted(by, token, "begin_draft", [template.pk if template else None, contents], book)
    with transaction.atomic():
        edition = books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return find_draft(book, earlier["mailing"])
        draft = Mailing(book=book, sender=default_of(book), **_by(by))
        if template is not None:
            _fill(draft, template)
        draft.save()
        fill(draft, edition)
        record(by=by, action=actions.BEGIN_MAILING, book=book, detail={"mailing": draft.pk})
        submitted.remember({"mailing": draft.pk})
    return draft


def save(*, book: AddressBook, mailing_id: int, seen_version: int, content: DraftContent, by: Actor) -> Mailing:
    """Save what was typed. What is there already is not saved again, so a lost answer does no harm.

    Raises DraftGoneError, StaleDraftError or NotAllowedError.
    """
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        draft = find_draft(book, mailing_id)
        wanted = asdict(content)
        if content.sender_id is not None and not Sender.objects.filter(book=book, pk=content.sender_id).exists():
            wanted["sender_id"] = None
        changed = {name: value for name, value in wanted.items() if getattr(draft, name) != value}
        if not changed:
            return draft
        if draft.version != seen_version:
            raise StaleDraftError(draft)
        _tell_of_change(draft, changed, by)
        for name, value in changed.items():
            setattr(draft, name, value)
        draft.version += 1
        draft.updated_by, draft.updater = by.user, by.user.get_username()
        draft.save()
    return draft


def copy(*, book: AddressBook, mailing_id: int, token: UUID, by: Actor) -> Mailing:
    """A new draft with the content, the sources of recipients and the attachments of a mailing or a draft.

    Raises DraftGoneError or NotAllowedError.
    """
    return copy_with(_copy_sources, book=book, mailing_id=mailing_id, contents=None, token=token, by=by)


def copy_with(
    fill: Callable[[Mailing, Mailing], None],
    *,
    book: AddressBook,
    mailing_id: int,
    contents: Any,
    token: UUID,
    by: Actor,
) -> Mailing:
    """The same; `fill` gives the copy its recipients, `contents` tells them apart from others."""
    submitted = Submitted(by, token, "copy_mailing", [mailing_id, contents], book)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return find_draft(book, earlier["mailing"])
        original = Mailing.objects.filter(book=book, pk=mailing_id).first()
        if original is None:
            raise DraftGoneError
        draft = Mailing.objects.create(
            book=book, template=original.template, copied_from=original, **content_of(original), **_by(by)
        )
        fill(original, draft)
        copy_attachments(original, draft)
        detail = {"mailing": draft.pk, "copied_from": original.pk}
        record(by=by, action=actions.BEGIN_MAILING, book=book, detail=detail)
        submitted.remember({"mailing": draft.pk})
    return draft


def load_template(*, book: AddressBook, mailing_id: int, seen_version: int, template_id: int, by: Actor) -> Mailing:
    """Subject, body and editor of a template in use, in the place of the draft's, and its sender if the book has it.

    Raises Template.DoesNotExist, DraftGoneError, StaleDraftError or NotAllowedError.
    """
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        draft = find_draft(book, mailing_id)
        template = Template.objects.in_use().filter(book=book).get(pk=template_id)
        if not template.is_read:
            raise Template.DoesNotExist
        if draft.version != seen_version:
            raise StaleDraftError(draft)
        _fill(draft, template)
        draft.version += 1
        draft.updated_by, draft.updater = by.user, by.user.get_username()
        draft.save()
        detail = {"mailing": draft.pk, "template": template.name}
        record(by=by, action=actions.CHANGE_MAILING, book=book, detail=detail)
    return draft


def delete(*, book: AddressBook, mailing_id: int, by: Actor) -> None:
    """Without effect where it is gone already. Raises NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        draft = Mailing.objects.drafts().filter(book=book, pk=mailing_id).first()
        if draft is None:
            return
        files = list(draft.attachments.values_list("stored_file", flat=True))
        files += draft.files.exclude(stored_file="").values_list("stored_file", flat=True)
        draft.sources.update(mailing=None)
        draft.delete()
        record(by=by, action=actions.DELETE_MAILING, book=book, detail={"mailing": mailing_id})
        stored_files.discard_on_commit(*files)


def content_of(mailing: Mailing) -> dict[str, Any]:
    """The fields of a mailing that are its content, by name, for a copy of it."""
    names = ("kind", "sender", "subject", "body", "editor", "common_values", "fallbacks")
    return {name: getattr(mailing, name) for name in names}


def copy_attachments(original: Mailing, made: Mailing) -> None:
    """Duplicate the files too: each mailing deletes its own."""
    for attachment in original.attachments.all():
        with default_storage.open(attachment.stored_file) as content:
            stored = default_storage.save(attachment.stored_file, content)
        Attachment.objects.create(
            mailing=made,
            name=attachment.name,
            size=attachment.size,
            sha256=attachment.sha256,
            stored_file=stored,
        )


def _by(by: Actor) -> dict[str, Any]:
    return {"created_by": by.user, "creator": by.user.get_username(), "state": MailingState.DRAFT}


def _fill(draft: Mailing, template: Template) -> None:
    draft.template = template
    draft.subject, draft.body, draft.editor = template.subject, template.body, template.editor
    draft.sender = _sender_named(draft.book, template.sender_address) or draft.sender


def _sender_named(book: AddressBook, address: str) -> Sender | None:
    return Sender.objects.filter(book=book, address__iexact=address).first() if address else None


def _tell_of_change(draft: Mailing, changed: dict[str, Any], by: Actor) -> None:
    is_going_on = draft.updated_by_id == by.user.pk and timezone.now() - draft.updated_at < _CHANGES_TOLD_TOGETHER
    if not is_going_on:
        detail = {"mailing": draft.pk, "fields": sorted(changed)}
        record(by=by, action=actions.CHANGE_MAILING, book=draft.book, detail=detail)


def _copy_sources(original: Mailing, draft: Mailing) -> None:
    for source in original.sources.all():
        made = RecipientSource.objects.create(mailing=draft, kind=source.kind, parameters=source.parameters)
        rows = source.rows.order_by("number").values("number", "email", "key", "name", "values")
        SourceRow.objects.bulk_create((SourceRow(source=made, **row) for row in rows.iterator()), batch_size=2000)
        names = ("number", "text", "key", "is_doubled", "code", "character", "cells")
        left_out = source.left_out.order_by("pk").values(*names)
        LeftOutEntry.objects.bulk_create((LeftOutEntry(source=made, **e) for e in left_out.iterator()), batch_size=2000)
