"""One call at a time about a template or a category, and what is left of one without an answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from mailings import limits
from mailings.models import Category, Template, TemplateCall
from mailings.services.rules import require_role
from mailings.services.templates import leasing
from mailings.services.templates.tree import NotDoneError
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.books.connection import MailerError, NotConnectedError
from workspace.services.history.audit import Actor

T = TypeVar("T")
_LOOK_AGAIN_SECONDS = 0.2


class BusyError(Exception):
    """Somebody else's call about the same template or category is under way."""


def claimed(book: AddressBook, by: Actor, begin: Callable[[], T]) -> T:
    """What `begin` returns, called under the lock of the book. It waits while another call keeps it from beginning.

    Raises BusyError after limits.TEMPLATE_WAIT_SECONDS, or NotAllowedError.
    """
    deadline = time.monotonic() + limits.TEMPLATE_WAIT_SECONDS
    while True:
        try:
            with transaction.atomic():
                books.lock(book)
                require_role(book, by, Role.MANAGER)
                return begin()
        except BusyError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_AGAIN_SECONDS)


def begin(
    book: AddressBook,
    kind: TemplateCall.Kind,
    by: Actor,
    *,
    template: Template | None = None,
    category: Category | None = None,
    name: str = "",
) -> TemplateCall:
    """Under the lock of the book. After one without an answer it is that call again, with what was sent then.

    Raises BusyError.
    """
    if template is not None:
        same = TemplateCall.objects.filter(template=template)
    else:
        same = TemplateCall.objects.filter(book=book, kind=kind, category=category, name=name, template=None)
    call = same.first() or TemplateCall(book=book, kind=kind, template=template, category=category, name=name)
    if call.pk and not leasing.is_over(call.lease_until):
        raise BusyError
    call.lease_until, call.asked_by = leasing.until(), by.user.get_username()
    call.save()
    return call


def note(call: TemplateCall, digest: str) -> None:
    """Keep what is about to be sent, so that it is known again."""
    call.content_sha256 = digest
    call.save(update_fields=["content_sha256"])


@contextmanager
def looked_after(call: TemplateCall) -> Iterator[None]:
    """The work of a call. Its last transaction deletes it; nothing is left of it after a failure that did nothing.

    Otherwise it stays for the next attempt, which looks at the service first. One whose process has died can be taken
    up once its lease has run out.
    """
    try:
        yield
    except (MailerError, NotConnectedError, NotDoneError):
        TemplateCall.objects.filter(pk=call.pk).delete()
        raise
    except Exception:
        TemplateCall.objects.filter(pk=call.pk).update(lease_until=timezone.now())
        raise
