"""A file of templates becomes templates of a book: read in the request, made one by one by a worker."""

import time
from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from addressbook.services.uploads.checking import storable
from libraries.outbound_mailer import MailerClient, PermanentError
from mailings import actions, limits
from mailings.models import Category, Template, TemplateCall, TemplateEntry, TemplateImport
from mailings.services.attachments import safe_name
from mailings.services.rules import NotAllowedError, require_role
from mailings.services.templates import calls, categories, documents, leasing
from mailings.services.templates.calls import BusyError
from mailings.services.templates.documents import Document, Entry
from mailings.services.templates.settling import service_of
from mailings.services.templates.texts import TemplateText, text_of
from mailings.services.templates.tree import CategoryGoneError
from mailings.services.templates.writing import make
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work.submissions import Submitted

TASK: Final = "mailings.tasks.import_templates"
State = TemplateEntry.State


class ImportRunningError(Exception):
    """Another import of the book is under way."""


def begin(*, book: AddressBook, data: bytes, name: str, digest: str, token: UUID, by: Actor) -> TemplateImport:
    """Raises RefusedDocumentError, ImportRunningError or NotAllowedError, and then nothing is kept."""
    document = documents.read(data)
    submitted = Submitted(by, token, "import_templates", digest, book)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return TemplateImport.objects.get(pk=earlier["import"])
        if TemplateImport.objects.filter(book=book, finished_at=None).exists():
            raise ImportRunningError
        made = TemplateImport.objects.create(
            book=book,
            name=safe_name(name),
            categories=[list(path) for path in document.categories],
            requested_by=by.user,
            requester=by.user.get_username(),
            requested_from=by.ip_address,
            next_at=timezone.now(),
        )
        TemplateEntry.objects.bulk_create(_rows(made, document), batch_size=500)
        submitted.remember({"import": made.pk})
        transaction.on_commit(lambda: leasing.announce(TASK, made.pk))
    return made


def stop(*, book: AddressBook, import_id: int, by: Actor) -> None:
    """After the template that is being made; those that are made stay. Without effect when it is over."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        running = TemplateImport.objects.filter(book=book, pk=import_id, finished_at=None)
        if running.update(stopped_by=by.user.get_username(), next_at=timezone.now()):
            transaction.on_commit(lambda: leasing.announce(TASK, import_id))


def dismiss(*, book: AddressBook, import_id: int, by: Actor) -> None:
    """Put the report away."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        over = TemplateImport.objects.filter(book=book, pk=import_id, finished_at__isnull=False)
        over.update(dismissed_at=timezone.now())


def counts(of: TemplateImport) -> Counter[str]:
    """How many templates of the file are in each state; together all."""
    return Counter(of.entries.values_list("state", flat=True))


def wake_due() -> None:
    """Announce what a worker should look at. Harmless when two run at once."""
    for pk in leasing.due(TemplateImport).values_list("pk", flat=True):
        leasing.announce(TASK, pk)


def run(import_id: int) -> None:
    """Raises LeaseLostError."""
    leasing.run(TemplateImport, import_id, _take_turn)


def _rows(made: TemplateImport, document: Document) -> list[TemplateEntry]:
    return [
        TemplateEntry(
            of=made,
            number=number,
            name=storable(entry.name),
            state=State.REFUSED if entry.problems else State.WAITING,
            content=_content(entry),
            problems=storable([asdict(problem) for problem in entry.problems]),
        )
        for number, entry in enumerate(document.entries, start=1)
    ]


def _content(entry: Entry) -> dict[str, Any]:
    if entry.text is None:
        return {}
    return {"path": list(entry.path), "text": asdict(entry.text), "in_use": entry.is_in_use}


def _take_turn(of: TemplateImport) -> datetime | None:
    end = time.monotonic() + limits.MAILING_TURN_SECONDS
    if of.requested_by is None:
        _finish(of)
        return None
    by = Actor(of.requested_by, of.requested_from)
    try:
        with service_of(of.book) as client:
            for path in of.categories:
                categories.ensure(client, of.book, path, by)
            while not _is_stopped(of) and (entry := _next(of)):
                _import(of, client, entry, by)
                if time.monotonic() > end:
                    return timezone.now()
    except BusyError:
        return timezone.now() + timedelta(seconds=limits.CALL_PAUSE_SECONDS)
    except CategoryGoneError:
        return timezone.now()  # the next turn makes it anew
    except NotAllowedError:
        TemplateImport.objects.filter(pk=of.pk).update(stopped_by=of.requester)
    _finish(of)
    return None


def _next(of: TemplateImport) -> TemplateEntry | None:
    return of.entries.filter(state=State.WAITING).order_by("number").first()


def _is_stopped(of: TemplateImport) -> bool:
    return TemplateImport.objects.filter(pk=of.pk).exclude(stopped_by="").exists()


def _import(of: TemplateImport, client: MailerClient | None, entry: TemplateEntry, by: Actor) -> None:
    text = TemplateText(**entry.content["text"])
    is_in_use = entry.content["in_use"]
    category = categories.ensure(client, of.book, entry.content["path"], by)
    alike = list(Template.objects.filter(book=of.book, category=category, name=text.name))
    entry.is_twice = bool(alike)
    if any((text_of(own), own.is_in_use) == (text, is_in_use) for own in alike):
        with transaction.atomic():
            _settle(of, entry, State.ALREADY_THERE)
        return
    try:
        _make(of, client, entry, category, text, is_in_use=is_in_use, by=by)
    except PermanentError as error:
        entry.problems = [{"place": "name", "code": "service_refused", "detail": {"words": str(error)[:200]}}]
        with transaction.atomic():
            _settle(of, entry, State.REFUSED)


def _make(
    of: TemplateImport,
    client: MailerClient | None,
    entry: TemplateEntry,
    category: Category | None,
    text: TemplateText,
    *,
    is_in_use: bool,
    by: Actor,
) -> None:
    def begin() -> TemplateCall:
        return calls.begin(of.book, TemplateCall.Kind.REGISTER, by, category=category, name=text.name)

    call = calls.claimed(of.book, by, begin)
    with calls.looked_after(call):
        also = lambda template: _settle(of, entry, State.IMPORTED)  # noqa: E731 - shorter than a name for it
        make(client, call, category, text, by=by, is_in_use=is_in_use, also=also)


def _settle(of: TemplateImport, entry: TemplateEntry, state: TemplateEntry.State) -> None:
    """What became of an entry, in the transaction of its template. Raises LeaseLostError."""
    books.lock(of.book)
    leasing.own(of)
    entry.state, entry.content = state, {}
    entry.save()


def _finish(of: TemplateImport) -> None:
    with transaction.atomic():
        books.lock(of.book)
        leasing.own(of)
        of.entries.filter(state=State.WAITING).update(state=State.STOPPED, content={})
        TemplateImport.objects.filter(pk=of.pk).update(finished_at=timezone.now())
        if of.requested_by is not None:
            twice = of.entries.filter(state=State.IMPORTED, is_twice=True).count()
            detail: dict[str, Any] = {f"templates_{state}": count for state, count in sorted(counts(of).items())}
            detail |= {"templates_twice": twice, "file": of.name}
            by = Actor(of.requested_by, of.requested_from)
            record(by=by, action=actions.IMPORT_TEMPLATES, book=of.book, detail=detail)
