"""Test mails: an ordinary mailing to a few, with the values of one recipient of the draft, listed as a test."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from libraries.email_addresses import EmailAddress
from mailings import actions, limits
from mailings.models import Mailing, MailingState, Part, Recipient
from mailings.services.drafts import content_of, copy_attachments, find_draft
from mailings.services.recipients.samples import Sample
from mailings.services.rules import require_role
from mailings.services.sending import lease
from mailings.services.sending.content import fix
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work.submissions import Submitted


class TooManyTestMailsError(Exception):
    """More than limits.TEST_MAILS_PER_HOUR by this person within an hour."""


class NoSenderError(Exception):
    """The draft has no sender to send a test from."""


def send_test(
    *,
    book: AddressBook,
    mailing_id: int,
    to: list[EmailAddress],
    sample: Sample,
    token: UUID,
    by: Actor,
) -> Mailing:
    """Raises DraftGoneError, NoSenderError, TooManyTestMailsError or NotAllowedError."""
    submitted = Submitted(by, token, "send_test", [mailing_id, [address.key for address in to]], book)
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        if earlier := submitted.earlier_outcome():
            return Mailing.objects.get(pk=earlier["mailing"])
        draft = find_draft(book, mailing_id)
        if draft.sender is None:
            raise NoSenderError
        _require_room(book, by, len(to))
        test = _copy(draft, by)
        Recipient.objects.bulk_create(
            Recipient(mailing=test, number=number, email=address.text, key=address.key, values=sample.values)
            for number, address in enumerate(to, start=1)
        )
        Part.objects.create(mailing=test, number=1, first=1, last=len(to))
        test.planned = test.open = len(to)
        fix(test)
        test.save()
        detail = {"mailing": draft.pk, "test": test.pk, "recipients": len(to)}
        record(by=by, action=actions.SEND_TEST_MAIL, book=book, detail=detail)
        submitted.remember({"mailing": test.pk})
        lease.wake(test)
    return test


def _require_room(book: AddressBook, by: Actor, count: int) -> None:
    since = timezone.now() - timedelta(hours=1)
    own = Mailing.objects.filter(book=book, is_test=True, confirmed_by=by.user, confirmed_at__gte=since)
    if sum(own.values_list("planned", flat=True)) + count > limits.TEST_MAILS_PER_HOUR:
        raise TooManyTestMailsError


def _copy(draft: Mailing, by: Actor) -> Mailing:
    now = timezone.now()
    test = Mailing.objects.create(
        book=draft.book,
        state=MailingState.SENDING,
        is_test=True,
        **content_of(draft),
        copied_from=draft,
        created_by=by.user,
        creator=by.user.get_username(),
        confirmed_by=by.user,
        confirmer=by.user.get_username(),
        confirmed_at=now,
        began_at=now,
    )
    copy_attachments(draft, test)
    return test
