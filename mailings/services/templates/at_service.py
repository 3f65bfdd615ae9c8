"""What is done with templates at the service, and looked after where no answer came."""

from django.db import transaction

from libraries.outbound_mailer import MailerClient, PermanentError, types
from mailings.models import Category, Template, TemplateCall
from mailings.services.templates import calls, categories
from mailings.services.templates.settling import settled
from mailings.services.templates.texts import TemplateText, text_from_service, text_of
from mailings.services.templates.tree import CategoryGoneError, NotDoneError, look_for_template
from workspace.services.books import books
from workspace.services.history.audit import Actor


class ChangedThereError(NotDoneError):
    """Somebody changed the template at the service since it was read: `now` is what it is there."""

    def __init__(self, now: types.Template) -> None:
        super().__init__(str(now.sid))
        self.now = now


def make(
    client: MailerClient,
    call: TemplateCall,
    category: Category | None,
    text: TemplateText,
    *,
    by: Actor,
    is_in_use: bool = True,
) -> types.Template:
    category_sid = categories.put_at_service(client, category, by)

    def look(digest: str = text.digest) -> types.Template | None:
        return look_for_template(client, call.book, category_sid=category_sid, name=call.name, digest=digest)

    if call.content_sha256 and (found := look(call.content_sha256)):
        if call.content_sha256 == text.digest:
            return found
        calls.note(call, text.digest)
        return update(client, found.sid, text, is_in_use=is_in_use)
    calls.note(call, text.digest)
    content = text.sent(is_in_use=is_in_use)
    try:
        return settled(lambda: client.templates.create(content, category_sid=category_sid), look)
    except PermanentError as error:
        if error.does_not_exist and category is not None:
            with transaction.atomic():
                books.lock(call.book)
                categories.forget_sid(category)
            raise CategoryGoneError from error
        raise


def change(
    client: MailerClient, call: TemplateCall, template: Template, text: TemplateText, *, by: Actor
) -> types.Template:
    """What was changed there since it was read is shown first, and not overwritten."""
    now = read(client, template.sid)
    if now is None or template.sid is None:
        return make(client, call, call.category, text, by=by, is_in_use=template.is_in_use)
    there = text_from_service(now).digest
    if there not in {template.read_sha256, call.content_sha256, text.digest}:
        raise ChangedThereError(now)
    calls.note(call, text.digest)
    return now if there == text.digest else update(client, now.sid, text, is_in_use=now.is_use)


def update(client: MailerClient, sid: int, text: TemplateText, *, is_in_use: bool) -> types.Template:
    def look() -> types.Template | None:
        found = client.templates.get(sid)
        return found if (text_from_service(found).digest, found.is_use) == (text.digest, is_in_use) else None

    return settled(lambda: client.templates.update(sid, text.sent(is_in_use=is_in_use)), look)


def delete(client: MailerClient, sid: int) -> types.Template | None:
    """None where it is gone there."""

    def look() -> types.Template | None:
        found = client.templates.get(sid)
        return None if found.is_use else found

    try:
        return settled(lambda: client.templates.delete(sid), look)
    except PermanentError as error:
        if error.does_not_exist:
            return None
        raise


def restore(client: MailerClient, call: TemplateCall, template: Template, *, by: Actor) -> types.Template:
    """Whether `isUse` is true after a restoration is not documented: where it is not, a change says so."""
    sid, text = template.sid, text_of(template)
    if sid is not None:
        try:
            answer = settled(lambda: client.templates.restore(sid), lambda: client.templates.get(sid))
        except PermanentError as error:
            if not error.does_not_exist:
                raise
        else:
            if answer.is_use:
                return answer
            return update(client, sid, text_from_service(answer), is_in_use=True)
    return make(client, call, template.category, text, by=by)


def read(client: MailerClient, sid: int | None) -> types.Template | None:
    """None where the service has none of this number."""
    if sid is None:
        return None
    try:
        return client.templates.get(sid)
    except PermanentError as error:
        if error.does_not_exist:
            return None
        raise
