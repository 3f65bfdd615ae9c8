"""What goes into the API and what comes out, under the API's own names.

Whatever holds an e-mail address stays out of the repr. Fields with a default may be absent or null in an
answer. Sources: the fact sheet's sections 5 and 6, which restate NAVER's operation pages.
"""

from dataclasses import dataclass, field

from libraries.outbound_mailer.wire import Count

# Common -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NesDateTime:
    """A moment: `utc` in milliseconds since 1970; both texts are in UTC+9."""

    utc: int
    formatted_date: str = ""
    formatted_date_time: str = ""


@dataclass(frozen=True, slots=True)
class LabelledCode:
    """A code with its label in the language of the request. Decide by the code; the label is for people.

    Mail status codes: P preparing, R ready, I sending, S sent, F failed, U unsubscribed, C cancelled, PF
    partly failed.
    """

    code: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The envelope of every list: `number` counts from 0, `size` is 10 unless asked otherwise."""

    total_elements: Count
    total_pages: Count
    number: Count
    size: Count
    number_of_elements: Count
    first: bool
    last: bool


# Address book -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupAddresses:
    """A group and the addresses to add to it; without addresses the group alone is created.

    `group_name` None registers addresses without a group: so says NAVER's description of 2020, while the page
    of 2026 calls the name required. The documented way is a temporary group that is deleted afterwards.
    """

    group_name: str | None
    email_addresses: tuple[str, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GroupCount:
    """A group of the remote book. `sid` stays the same while the group lives."""

    sid: int
    group_name: str
    address_count: Count


@dataclass(frozen=True, slots=True)
class AddressBookCounts:
    """All that the API ever tells about a book: distinct addresses, and the members of each group."""

    total_address_count: Count
    groups: tuple[GroupCount, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletedAddressBook:
    """The answer of deleteAddressBook."""

    deleted_address_count: Count


# Files, templates, blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AttachFile:
    """An uploaded file; `file_id` is what a mail request names."""

    file_id: str
    file_name: str
    file_size: Count


@dataclass(frozen=True, slots=True)
class UploadedFiles:
    """The answer of all three file operations; `temp_request_id` names the upload."""

    temp_request_id: str
    files: tuple[AttachFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A folder for templates; -1 is the root."""

    sid: int
    parent_sid: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class TemplateContent:
    """The input of createTemplate and updateTemplate, which replaces everything that is given here."""

    template_name: str
    title: str
    body: str = field(repr=False)
    sender_address: str = field(repr=False)
    sender_name: str | None = field(default=None, repr=False)
    description: str | None = None
    is_use: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """A stored template; deletion only sets `is_use` to False."""

    sid: int
    name: str
    is_use: bool
    title: str = ""
    body: str = field(default="", repr=False)
    sender_address: str = field(default="", repr=False)
    sender_name: str | None = field(default=None, repr=False)
    description: str | None = None
    create_date: NesDateTime | None = None
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class TemplateNode:
    """A category (`is_category`) with what is in it, or a template."""

    sid: int
    parent_sid: int
    name: str
    is_category: bool
    is_use: bool = True
    create_date: NesDateTime | None = None
    sub_categories: "tuple[TemplateNode, ...]" = ()
    templates: "tuple[TemplateNode, ...]" = ()


@dataclass(frozen=True, slots=True)
class TemplateStructure:
    """The answer of getTemplateStructure: the whole tree, without pages."""

    contents: tuple[TemplateNode, ...] = ()


@dataclass(frozen=True, slots=True)
class SendBlockEvent:
    """One entry of an address's block history: action C (blocked) or D (released), and who asked for it: CUSTOMER,
    OTHER_CUSTOMER, SYSTEM or ADMIN.
    """

    target_address: str = field(repr=False)
    action_type: LabelledCode
    action_requester_type: LabelledCode | None = None
    request_date: NesDateTime | None = None
    send_result_code: str | None = None
    send_result_message: str | None = field(default=None, repr=False)
    history_sid: int | None = None


@dataclass(frozen=True, slots=True)
class SendBlockPage(Page):
    """The answer of getSendBlockList, which is about one address despite its name."""

    register_status: str | None = None
    expected_delete_date: NesDateTime | None = None
    content: tuple[SendBlockEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class UnsubscriberCounts:
    """How many were asked for, how many took effect, and how many changed nothing."""

    count: Count
    request_count: Count
    ignore_count: Count


@dataclass(frozen=True, slots=True)
class Unsubscriber:
    """An address that refuses advertising, since when, and whether the account registered it or the person did."""

    address: str = field(repr=False)
    block_date: NesDateTime | None = None
    is_reg_by_manager: bool | None = None


@dataclass(frozen=True, slots=True)
class UnsubscriberPage(Page):
    content: tuple[Unsubscriber, ...] = ()
