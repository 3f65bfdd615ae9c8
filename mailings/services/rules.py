"""A book's rules for sending, and the facts that its advertising states."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from mailings import actions
from mailings.models import MailRules
from mailings.services.content.layout import Footer
from workspace.models import AddressBook, BookMember, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor, record


class RulesChangedMeanwhileError(Exception):
    """Somebody else saved the rules after this form was opened."""


class NotAllowedError(Exception):
    """The member's role, as it is now, does not include this."""


@dataclass(frozen=True, slots=True)
class AdvertisingDetails:
    company: str
    contact_email: str
    telephone: str
    postal_address: str
    refusal_text: str


@dataclass(frozen=True, slots=True)
class SendingRules:
    sending_role: str
    second_person_from: int | None
    monthly_quota: int
    blocked_hours: int
    retention_months: int


def rules_of(book: AddressBook) -> MailRules:
    """The current rules; defaults where none was changed."""
    return MailRules.objects.filter(book=book).first() or MailRules(book=book)


def footer_of(rules: MailRules) -> Footer:
    return Footer(
        company=rules.company,
        email=rules.contact_email,
        telephone=rules.telephone,
        postal_address=rules.postal_address,
    )


def may_send(role: Role, rules: MailRules) -> bool:
    needed = Role.ADMIN if rules.sending_role == MailRules.SendingRole.ADMINS else Role.MANAGER
    return role.includes(needed)


def require_role(book: AddressBook, by: Actor, role: Role) -> Role:
    """The role of `by` at this moment, under the lock of the book. Raises NotAllowedError."""
    member = BookMember.objects.filter(book=book, user=by.user).first()
    if member is None or not Role(member.role).includes(role):
        raise NotAllowedError
    return Role(member.role)


def change_rules(*, book: AddressBook, seen_version: int, to: AdvertisingDetails | SendingRules, by: Actor) -> None:
    """Save one of the two sections. Sent twice, the second changes nothing.

    Raises RulesChangedMeanwhileError or NotAllowedError.
    """
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.ADMIN)
        rules = rules_of(book)
        wanted: dict[str, Any] = asdict(to)
        changed = {name: value for name, value in wanted.items() if getattr(rules, name) != value}
        if not changed:
            return
        if rules.version != seen_version:
            raise RulesChangedMeanwhileError
        for name, value in changed.items():
            setattr(rules, name, value)
        rules.version += 1
        rules.save()
        kept = changed if isinstance(to, SendingRules) else {"fields": sorted(changed)}
        record(by=by, action=actions.CHANGE_MAIL_RULES, book=book, detail=kept)
