"""A week of mails for `make demo`: one that goes out at once and fails for a few, and one in every state of waiting."""

import json
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.utils import timezone

from addressbook.models import Group
from addressbook.services.beginnings import samples
from mailings.models import Editor, Mailing, MailKind
from mailings.services import drafts, rules, senders
from mailings.services.recipients import counting, sources
from mailings.services.sending import confirming
from mailings.services.suppressions import unsubscribes
from mailings.services.templates import documents, importing, refreshing
from workspace.models import AddressBook, BookMember, Edition, Role
from workspace.services.history.audit import Actor

_DETAILS: Final = rules.AdvertisingDetails(
    company="Example Company",
    contact_email="service@example.com",
    telephone="02-000-0000",
    postal_address="1 Example Street, Seoul",
    refusal_text="",
)
# The newsletter needs a second person, and the invitation to an event does not.
_SECOND_PERSON_FROM: Final = 2_000
# Of the sample addresses, every hundredth once refused mail.
_REFUSED: Final = slice(0, 2_000, 100)
_NEWS: Final = (
    "<p>Hello ${name},</p><h2>What is new in autumn</h2>"
    "<p>The new catalogue is here, with everything for the cold months. "
    '<a href="https://www.example.com/catalogue">Have a look</a>.</p><p>See you soon</p>'
)
_INVITATION: Final = (
    "<p>Hello ${name},</p><p>We would like to show you what is new, on <strong>10 December</strong> at 2 p.m. "
    'Please <a href="https://www.example.com/event">tell us</a> whether you come.</p>'
)
_TEMPLATES: Final[tuple[tuple[str, list[str], dict[str, str]], ...]] = (
    ("Welcome", [], {"subject": "Welcome, ${name}", "body": "<p>Hello ${name},</p><p>nice to have you here.</p>"}),
    ("News-in-autumn", ["Newsletters"], {"subject": "News in autumn", "body": _NEWS}),
    ("Invitation", ["Events"], {"subject": "You are invited, ${name}", "body": _INVITATION}),
    (
        "Thank-you",
        ["Events", "Afterwards"],
        {"subject": "Thank you, ${name}", "body": "<p>Hello ${name},</p><p>thank you for coming.</p>"},
    ),
)


def fill(book: AddressBook) -> bool:
    """Fill a book that the address book's own demo has filled, and that has no mail yet; whether that was done."""
    edition = book.current_edition
    if edition is None or Mailing.objects.filter(book=book).exists():
        return False
    admin, manager = _member(book, Role.ADMIN), _member(book, Role.MANAGER)
    senders.add_sender(book=book, address="news@example.com", name="Example News", by=admin)
    senders.add_sender(book=book, address="events@example.com", name="Example Events", by=admin)
    seen = rules.rules_of(book)
    rules.change_rules(book=book, seen_version=seen.version, to=_DETAILS, by=admin)
    refused = " ".join(list(samples.sample_emails(_REFUSED.stop))[_REFUSED])
    unsubscribes.register_typed(book=book, text=refused, token=uuid4(), by=manager)
    _write_all(edition, admin, manager)
    _import_templates(book, manager)
    return True


def _member(book: AddressBook, role: Role) -> Actor:
    return Actor(BookMember.objects.filter(book=book, role=role).select_related("user").earliest("pk").user)


def _import_templates(book: AddressBook, by: Actor) -> None:
    """The service is not there yet: a worker makes them as soon as it is."""
    sender = {"sender_address": "news@example.com", "sender_name": "Example News", "editor": "simple"}
    templates = [{**sender, "name": name, "category": path, **text} for name, path, text in _TEMPLATES]
    document = {"format": documents.FORMAT, "version": documents.VERSION, "templates": templates}
    data = json.dumps(document).encode()
    importing.begin(book=book, data=data, name="templates.json", digest="", token=uuid4(), by=by)
    refreshing.ask(book=book, by=by)


def _write_all(edition: Edition, admin: Actor, manager: Actor) -> None:
    _confirm(edition, _write(edition, admin, "You are invited, ${name}", _INVITATION, group="event-2026"), admin)
    preview = _write(
        edition,
        admin,
        "A preview for our best customers",
        _NEWS,
        group="VIP",
        kind=MailKind.ADVERTISING,
        send_at=timezone.now() + timedelta(days=1),
    )
    _confirm(edition, preview, admin)
    seen = rules.rules_of(edition.book)
    wanted = rules.SendingRules(
        sending_role=seen.sending_role,
        second_person_from=_SECOND_PERSON_FROM,
        monthly_quota=seen.monthly_quota,
        blocked_hours=seen.blocked_hours,
        retention_months=seen.retention_months,
    )
    rules.change_rules(book=edition.book, seen_version=seen.version, to=wanted, by=admin)
    # By somebody else than who looks at the demonstration, and may be the second person.
    news = _write(edition, manager, "News in autumn", _NEWS, group="newsletter", kind=MailKind.ADVERTISING)
    _confirm(edition, news, manager)
    _write(edition, manager, "Thank you, ${name}", "<p>Hello ${name},</p><p>thank you for coming.</p>")


def _write(
    edition: Edition,
    by: Actor,
    subject: str,
    body: str,
    *,
    group: str = "",
    kind: MailKind = MailKind.GENERAL,
    send_at: datetime | None = None,
) -> Mailing:
    """A draft; without recipients where `group` is empty."""
    draft = drafts.begin(book=edition.book, token=uuid4(), by=by)
    content = drafts.DraftContent(
        kind=kind,
        sender_id=draft.sender_id,
        subject=subject,
        body=body,
        editor=Editor.SIMPLE,
        fallbacks={"name": "reader"},
        send_at=send_at,
    )
    drafts.save(book=edition.book, mailing_id=draft.pk, seen_version=draft.version, content=content, by=by)
    if group:
        found = Group.objects.get(edition=edition, name=group)
        sources.add_groups(
            book=edition.book,
            mailing_id=draft.pk,
            group_ids=[found.pk],
            in_all=False,
            without_ids=[],
            token=uuid4(),
            by=by,
        )
    return draft


def _confirm(edition: Edition, draft: Mailing, by: Actor) -> None:
    now = drafts.find_draft(edition.book, draft.pk)
    count = counting.count(now, edition).recipients
    confirming.confirm(
        book=edition.book, mailing_id=now.pk, seen_version=now.version, seen_count=count, token=uuid4(), by=by
    )
