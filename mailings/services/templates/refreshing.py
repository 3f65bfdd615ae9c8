"""*Refresh*: the tree is read from the service, and the contents of the templates that are new or changed there.

The tree tells names, places and what is in use, and no contents: what only the content shows is seen when the template
itself is refreshed or saved.
"""

import time
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from libraries.outbound_mailer import MailerClient, PermanentError, types
from mailings import actions, limits
from mailings.models import Category, Template, TemplateCall, TemplateRefresh
from mailings.services.rules import require_role
from mailings.services.templates import comparing, leasing
from mailings.services.templates.settling import is_kept_here, service_of
from mailings.services.templates.texts import text_from_service, text_of
from mailings.services.templates.tree import find_template, read_tree
from mailings.services.templates.writing import keep
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import crash_points

TASK: Final = "mailings.tasks.refresh_templates"
# Contents that are asked for in one question to the database.
_AT_ONCE = 50


def ask(*, book: AddressBook, by: Actor, template_id: int | None = None) -> None:
    """Have a worker read the tree, and the content of this template. Raises TemplateGoneError or NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        if is_kept_here(book):
            return
        if template_id is not None and (template := find_template(book, template_id)).sid is not None:
            template.needs_reading = True
            template.save(update_fields=["needs_reading"])
        wake(book, asked_by=by)


def wake(book: AddressBook, *, asked_by: Actor | None) -> None:
    """In the transaction of what asks for it, under the lock of the book."""
    values = {"next_at": timezone.now(), "tree_wanted": True}
    if asked_by is not None:
        values["asked_by"] = asked_by.user
    refresh, _ = TemplateRefresh.objects.update_or_create(book=book, defaults=values)
    transaction.on_commit(lambda: leasing.announce(TASK, refresh.pk))


def wake_due() -> None:
    """Announce what a worker should look at. Harmless when two run at once."""
    for pk in leasing.due(TemplateRefresh).values_list("pk", flat=True):
        leasing.announce(TASK, pk)


def run(refresh_id: int) -> None:
    """Raises LeaseLostError."""
    leasing.run(TemplateRefresh, refresh_id, _take_turn)


def forget_service(book: AddressBook) -> None:
    """The book leads to another account: its numbers are not ours. Under the lock of the book.

    What that account has of the same name and content is recognised at the refresh.
    """
    Category.objects.filter(book=book).update(sid=None, read_at=None)
    Template.objects.filter(book=book, sid__isnull=False, read_sha256="").delete()
    Template.objects.filter(book=book).update(sid=None, read_sha256="", read_at=None, needs_reading=False)
    TemplateCall.objects.filter(book=book).delete()
    TemplateRefresh.objects.filter(book=book).update(tree_read_at=None)
    if not is_kept_here(book):
        wake(book, asked_by=None)


def _take_turn(refresh: TemplateRefresh) -> datetime | None:
    end = time.monotonic() + limits.MAILING_TURN_SECONDS
    with service_of(refresh.book) as client:
        if client is None:
            return None
        if refresh.tree_wanted:
            _read_tree(refresh, client)
        while unread := list(_unread(refresh.book)[:_AT_ONCE]):
            for template in unread:
                _read(refresh, client, template)
                if time.monotonic() > end:
                    return timezone.now()
    _finish(refresh)
    return None


def _unread(book: AddressBook) -> QuerySet[Template]:
    return Template.objects.filter(book=book, needs_reading=True, sid__isnull=False).order_by("pk")


def _read_tree(refresh: TemplateRefresh, client: MailerClient) -> None:
    began = timezone.now()
    nodes = read_tree(client)
    crash_points.reached("templates: tree read")
    with transaction.atomic():
        books.lock(refresh.book)
        leasing.own(refresh)
        found = comparing.apply(refresh.book, nodes, read_at=began)
        refresh.found = {name: refresh.found.get(name, 0) + count for name, count in found.items()}
        refresh.tree_wanted, refresh.tree_read_at = False, began
        refresh.save(update_fields=["tree_wanted", "tree_read_at", "found"])


def _read(refresh: TemplateRefresh, client: MailerClient, template: Template) -> None:
    answer: types.Template | None
    sid = template.sid
    assert sid is not None  # noqa: S101 - the query says so
    try:
        answer = client.templates.get(sid)
    except PermanentError as error:
        if not error.does_not_exist:
            raise
        answer = None
    crash_points.reached("templates: content read")
    with transaction.atomic():
        books.lock(refresh.book)
        leasing.own(refresh)
        now = Template.objects.filter(pk=template.pk, sid=sid, version=template.version).first()
        if now is None:
            # Somebody saved it while it was read: what they got from the service is newer.
            Template.objects.filter(pk=template.pk).update(needs_reading=False)
        elif answer is None:
            comparing.forget(now)
        else:
            _take_over(refresh, now, answer)


def _take_over(refresh: TemplateRefresh, template: Template, answer: types.Template) -> None:
    text = text_from_service(answer)
    own = _same_here(template, text.digest)
    if own is not None and not template.read_sha256:
        # Ours, from another account or from before the book had one: it keeps its mailings and its editor.
        template.delete()
        keep(own, answer, text_of(own))
        return
    was_read, is_other = bool(template.read_sha256), text.digest != template.read_sha256
    if was_read and not is_other:
        Template.objects.filter(pk=template.pk).update(needs_reading=False, read_at=timezone.now())
        return
    keep(template, answer, text_of(template))
    if was_read:
        refresh.found = {**refresh.found, "changed": refresh.found.get("changed", 0) + 1}
        refresh.save(update_fields=["found"])


def _same_here(template: Template, digest: str) -> Template | None:
    """One of this place, name and content that no service holds."""
    alike = Template.objects.filter(
        book=template.book_id, category=template.category_id, name=template.name, sid__isnull=True
    )
    return next((own for own in alike if text_of(own).digest == digest), None)


def _finish(refresh: TemplateRefresh) -> None:
    with transaction.atomic():
        books.lock(refresh.book)
        leasing.own(refresh)
        found, refresh.found = refresh.found, {}
        if any(found.values()) and refresh.asked_by is not None:
            by = Actor(refresh.asked_by)
            record(by=by, action=actions.READ_TEMPLATES, book=refresh.book, detail=found)
        refresh.save(update_fields=["found"])
