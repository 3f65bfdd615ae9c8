"""The types of the mail operations; see `types` for what holds for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from libraries.outbound_mailer.types import AttachFile, LabelledCode, NesDateTime, Page
from libraries.outbound_mailer.wire import Count


@dataclass(frozen=True, slots=True)
class Recipient:
    """Type R (to), C (cc), B (bcc); `parameters` fill the `${name}` marks in title and body."""

    address: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    type: str = "R"
    parameters: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RecipientGroupFilter:
    """Address book groups by name, at most 5: the addresses in all of them (`and_filter`) or in any."""

    and_filter: bool
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailRequest:
    """The input of createMailRequest. Sender, title and body are required unless `template_sid` supplies
    them.
    """

    sender_address: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    body: str | None = field(default=None, repr=False)
    sender_name: str | None = field(default=None, repr=False)
    template_sid: int | None = None
    recipients: tuple[Recipient, ...] | None = field(default=None, repr=False)
    recipient_group_filter: RecipientGroupFilter | None = None
    individual: bool = True
    confirm_and_send: bool = False
    advertising: bool = False
    parameters: Mapping[str, str] | None = field(default=None, repr=False)
    references_header: str | None = field(default=None, repr=False)
    reservation_utc: int | None = None
    attach_file_ids: tuple[str, ...] | None = None
    use_basic_unsubscribe_msg: bool = True
    unsubscribe_message: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AcceptedMailRequest:
    """The answer of createMailRequest: accepted, not yet sent. `request_id` is a number of 20 digits."""

    request_id: str
    count: Count


@dataclass(frozen=True, slots=True)
class MailRecipient:
    """What became of a mail at one recipient."""

    address: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    type: LabelledCode | None = None
    received: bool | None = None
    received_date: NesDateTime | None = None
    status: LabelledCode | None = None
    retry_count: Count | None = None
    send_result_message: str | None = field(default=None, repr=False)  # the remote server may quote the address
    send_result_code: str | None = None
    send_result_code_message: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """The answer of getMail."""

    request_id: str
    mail_id: str
    email_status: LabelledCode
    title: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    sender_address: str = field(default="", repr=False)
    sender_name: str | None = field(default=None, repr=False)
    requester_ip: str | None = None
    request_date: NesDateTime | None = None
    send_date: NesDateTime | None = None
    reservation_date: NesDateTime | None = None
    template_sid: int | None = None
    template_name: str | None = None
    references_header: str | None = field(default=None, repr=False)
    attach_files: tuple[AttachFile, ...] = ()
    recipients: tuple[MailRecipient, ...] = field(default=(), repr=False)
    advertising: bool | None = None


@dataclass(frozen=True, slots=True)
class MailSummary:
    """A row of getMailList; `representative_recipient` reads `address(others)`."""

    request_id: str
    mail_id: str
    email_status: LabelledCode
    title: str = field(default="", repr=False)
    request_date: NesDateTime | None = None
    send_date: NesDateTime | None = None
    template_sid: int | None = None
    template_name: str | None = None
    sender_address: str = field(default="", repr=False)
    sender_name: str | None = field(default=None, repr=False)
    reservation_status: LabelledCode | None = None
    advertising: bool | None = None
    representative_recipient: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MailPage(Page):
    content: tuple[MailSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class MailRequestSummary:
    """A row of getMailRequestList."""

    request_id: str
    email_status: LabelledCode
    template_sid: int | None = None
    template_name: str | None = None
    sender_address: str = field(default="", repr=False)
    sender_name: str | None = field(default=None, repr=False)
    dispatch_type: str | None = None
    request_date: NesDateTime | None = None
    send_date: NesDateTime | None = None
    reservation_date: NesDateTime | None = None
    request_count: Count = 0
    recipient_count: Count = 0


@dataclass(frozen=True, slots=True)
class MailRequestPage(Page):
    content: tuple[MailRequestSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusCount:
    status: LabelledCode
    count: Count


@dataclass(frozen=True, slots=True)
class MailRequestStatus:
    """The answer of getMailRequestStatus."""

    request_id: str
    ready_completed: bool
    request_count: Count
    finish_count: Count
    all_sent_success: bool = False
    sent_count: Count = 0
    ready_count: Count = 0
    reservation_date: NesDateTime | None = None
    counts_by_status: tuple[StatusCount, ...] = ()

    @property
    def is_done(self) -> bool:
        """Nothing of this request will change any more."""
        return self.ready_completed and self.finish_count == self.request_count
