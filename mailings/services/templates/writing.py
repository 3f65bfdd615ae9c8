"""Templates are registered, changed, taken out of use and restored: at the service first, then here."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from addressbook.services.uploads.checking import storable
from libraries.outbound_mailer import MailerClient, types
from mailings import actions, limits
from mailings.models import Category, Template, TemplateCall
from mailings.models.senders import ADDRESS_CHARACTERS
from mailings.models.templates import TEMPLATE_NAME_CHARACTERS
from mailings.services.templates import at_service, calls
from mailings.services.templates.at_service import ChangedThereError
from mailings.services.templates.categories import NameTakenError
from mailings.services.templates.settling import service_of
from mailings.services.templates.texts import TemplateText, cleaned, text_from_service, text_of
from mailings.services.templates.tree import NotDoneError, find_template, place_of
from workspace.models import AddressBook
from workspace.services.books import books
from workspace.services.history.audit import Actor, record
from workspace.services.work import crash_points
from workspace.services.work.submissions import Submitted

_MOST: Final = {
    "name": TEMPLATE_NAME_CHARACTERS,
    "description": limits.TEMPLATE_DESCRIPTION_BYTES,
    "sender_address": ADDRESS_CHARACTERS,
    "sender_name": limits.SENDER_NAME_BYTES,
}


class StaleTemplateError(NotDoneError):
    """Somebody changed it since this form was opened, here or at the service: `now` is what it is."""

    def __init__(self, now: Template) -> None:
        super().__init__(str(now.pk))
        self.now = now


class UnreadTemplateError(Exception):
    """Its content was not read from the service yet."""


def register(
    *,
    book: AddressBook,
    category_id: int | None,
    text: TemplateText,
    allow_twice: bool = False,
    token: UUID,
    by: Actor,
    mailing_id: int | None = None,
) -> Template:
    """A new template. `mailing_id` is the draft that it is saved from.

    Raises UnfitTextError, NameTakenError unless `allow_twice`, CategoryGoneError, or what a call raises.
    """
    text = cleaned(text)
    submitted = Submitted(by, token, "register_template", [category_id, asdict(text)], book)

    def begin() -> Template | tuple[Category | None, TemplateCall]:
        if earlier := submitted.earlier_outcome():
            return find_template(book, earlier["template"])
        category = place_of(book, category_id)
        if not allow_twice and is_taken(book, category, text.name):
            raise NameTakenError
        return category, calls.begin(book, TemplateCall.Kind.REGISTER, by, category=category, name=text.name)

    begun = calls.claimed(book, by, begin)
    if isinstance(begun, Template):
        return begun
    category, call = begun
    detail: dict[str, Any] = {"template": text.name}
    if mailing_id is not None:
        detail["mailing"] = mailing_id

    def also(template: Template) -> None:
        record(by=by, action=actions.REGISTER_TEMPLATE, book=book, detail=detail)
        submitted.remember({"template": template.pk})

    with calls.looked_after(call), service_of(book) as client:
        return make(client, call, category, text, by=by, also=also)


def make(
    client: MailerClient | None,
    call: TemplateCall,
    category: Category | None,
    text: TemplateText,
    *,
    by: Actor,
    is_in_use: bool = True,
    also: Callable[[Template], None],
) -> Template:
    """The work of `register` and of an import: a template at the service, then a row. `also` belongs to the row."""
    answer = None
    if client is not None:
        answer = at_service.make(client, call, category, text, by=by, is_in_use=is_in_use)
    crash_points.reached("templates: answered")
    with transaction.atomic():
        books.lock(call.book)
        template = Template(book=call.book)
        if answer is not None:  # a refresh may have seen it first
            template = Template.objects.filter(book=call.book, sid=answer.sid).first() or template
        template.category, template.is_in_use = category, is_in_use
        keep(template, answer, text)
        also(template)
        call.delete()
        crash_points.reached("templates: before commit")
    return template


def change(
    *, book: AddressBook, template_id: int, seen_version: int, category_id: int | None, text: TemplateText, by: Actor
) -> Template:
    """Save what was typed. What is there already is not saved again.

    A template that the service holds stays in its category. Raises UnfitTextError, StaleTemplateError,
    UnreadTemplateError, TemplateGoneError, CategoryGoneError, or what a call raises.
    """
    text = cleaned(text)

    def begin() -> Template | tuple[Template, TemplateCall]:
        template = find_read(book, template_id)
        category = template.category if template.sid is not None else place_of(book, category_id)
        is_same = text_of(template) == text and category == template.category
        if is_same and not TemplateCall.objects.filter(template=template).exists():
            return template
        if template.version != seen_version:
            raise StaleTemplateError(template)
        call = calls.begin(book, TemplateCall.Kind.CHANGE, by, template=template, category=category, name=text.name)
        return template, call

    begun = calls.claimed(book, by, begin)
    if isinstance(begun, Template):
        return begun
    template, call = begun
    with calls.looked_after(call), service_of(book) as client:
        answer = None
        if client is not None:
            try:
                answer = at_service.change(client, call, template, text, by=by)
            except ChangedThereError as error:
                raise StaleTemplateError(_keep_theirs(template, error.now)) from error
        return _keep_change(call, template, answer, text, by=by, action=actions.CHANGE_TEMPLATE)


def delete(*, book: AddressBook, template_id: int, by: Actor) -> Template:
    """Take it out of use. Raises TemplateGoneError, or what a call raises."""
    return _turn(book, template_id, by, to_use=False)


def restore(*, book: AddressBook, template_id: int, by: Actor) -> Template:
    """Raises TemplateGoneError, UnreadTemplateError, or what a call raises."""
    return _turn(book, template_id, by, to_use=True)


def is_taken(book: AddressBook, category: Category | None, name: str, *, besides: int | None = None) -> bool:
    """Whether there is another template of this name, in use, in the category."""
    same = Template.objects.in_use().filter(book=book, category=category, name=name)
    return (same.exclude(pk=besides) if besides else same).exists()


def find_read(book: AddressBook, template_id: int) -> Template:
    """One whose content is here. Raises TemplateGoneError or UnreadTemplateError."""
    template = find_template(book, template_id)
    if not template.is_read:
        raise UnreadTemplateError
    return template


def keep(template: Template, answer: types.Template | None, text: TemplateText) -> None:
    """Write what the service answered, or `text` where it holds nothing. Under the lock of the book."""
    kept = text
    if answer is not None:
        kept = text_from_service(answer)
        if kept.digest == text.digest:
            kept = text
        template.sid, template.read_sha256, template.is_in_use = answer.sid, kept.digest, answer.is_use
    for name, value in storable(asdict(kept)).items():
        # The service may hold more than its pages allow, and PostgreSQL takes no more than its column.
        setattr(template, name, value[: _MOST.get(name)])
    template.needs_reading, template.read_at = False, timezone.now()
    template.version += 1 if template.pk else 0
    template.save()


def _keep_theirs(template: Template, answer: types.Template) -> Template:
    with transaction.atomic():
        books.lock(template.book)
        now = find_template(template.book, template.id)
        keep(now, answer, text_of(now))
    return now


def _turn(book: AddressBook, template_id: int, by: Actor, *, to_use: bool) -> Template:
    def begin() -> Template | tuple[Template, TemplateCall]:
        template = find_read(book, template_id) if to_use else find_template(book, template_id)
        if template.is_in_use == to_use and not TemplateCall.objects.filter(template=template).exists():
            return template
        return template, calls.begin(book, TemplateCall.Kind.CHANGE, by, template=template, category=template.category)

    begun = calls.claimed(book, by, begin)
    if isinstance(begun, Template):
        return begun
    template, call = begun
    action = actions.RESTORE_TEMPLATE if to_use else actions.DELETE_TEMPLATE
    with calls.looked_after(call), service_of(book) as client:
        answer = None
        if client is not None and to_use:
            answer = at_service.restore(client, call, template, by=by)
        elif client is not None and template.sid is not None:
            answer = at_service.delete(client, template.sid)
        template.is_in_use = to_use
        return _keep_change(call, template, answer, text_of(template), by=by, action=action)


def _keep_change(
    call: TemplateCall,
    template: Template,
    answer: types.Template | None,
    text: TemplateText,
    *,
    by: Actor,
    action: str,
) -> Template:
    crash_points.reached("templates: answered")
    with transaction.atomic():
        books.lock(call.book)
        now = find_template(call.book, template.id)
        now.category, now.is_in_use = call.category, template.is_in_use
        keep(now, answer, text)
        record(by=by, action=action, book=call.book, detail={"template": now.name})
        call.delete()
        crash_points.reached("templates: before commit")
    return now
