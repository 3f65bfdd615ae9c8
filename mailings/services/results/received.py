"""The mail that one recipient got, as the service has it. Asked for while a person waits; nothing of it is kept."""

from dataclasses import dataclass
from datetime import datetime

from libraries.outbound_mailer import MailerClient
from libraries.outbound_mailer.mail_types import Mail, MailRecipient
from mailings.models import Mailing, Part, Recipient
from mailings.services.service_time import moment_of
from workspace import limits as workspace_limits
from workspace.models import AddressBook
from workspace.services.books.connection import client_for


class NotKeptError(Exception):
    """The service has no such mail: not sent, or two months over."""


@dataclass(frozen=True, slots=True)
class Received:
    """`status` is the service's code; `message` has the words of the recipient's mail server."""

    mail_id: str
    subject: str
    body: str
    status: str
    sent_at: datetime | None
    retries: int
    message: str
    attachments: tuple[str, ...]


def received(*, book: AddressBook, mailing: Mailing, recipient: Recipient, mail_id: str = "") -> Received:
    """What this recipient got; with `mail_id`, known from an earlier answer, by one call instead of two.

    Raises NotKeptError, NotConnectedError or MailerError.
    """
    part = _part_of(mailing, recipient)
    seconds = workspace_limits.TRY_OUT_CONNECT_SECONDS, workspace_limits.TRY_OUT_READ_SECONDS
    with client_for(book, seconds=seconds) as client:
        mail = client.mail.get(mail_id or _mail_id(client, part, recipient))
    own = _own(mail, recipient)
    if mail.request_id != part.request_id or own is None:
        raise NotKeptError
    return Received(
        mail_id=mail.mail_id,
        subject=mail.title,
        body=mail.body,
        status=(own.status or mail.email_status).code,
        sent_at=moment_of(mail.send_date),
        retries=own.retry_count or 0,
        message=own.send_result_message or own.send_result_code_message or "",
        attachments=tuple(file.file_name for file in mail.attach_files),
    )


def _part_of(mailing: Mailing, recipient: Recipient) -> Part:
    number = recipient.number
    part = mailing.parts.filter(first__lte=number, last__gte=number).exclude(request_id="").first()
    if part is None or not recipient.email:
        raise NotKeptError
    return part


def _mail_id(client: MailerClient, part: Part, recipient: Recipient) -> str:
    page = client.mail.get_list(part.request_id, recipient_address=recipient.email, size=1)
    if not page.content:
        raise NotKeptError
    return page.content[0].mail_id


def _own(mail: Mail, recipient: Recipient) -> MailRecipient | None:
    return next((one for one in mail.recipients if one.address == recipient.email), None)
