"""A client for the API of NAVER Cloud's Cloud Outbound Mailer. Knows nothing of Django; see
docs/api-client.md.
"""

from addressbook.mailer.client import MailerClient
from addressbook.mailer.errors import (
    ConfigurationError,
    ConfigurationProblem,
    InvalidRequestError,
    MailerError,
    PermanentError,
    TemporaryError,
    TemporaryProblem,
)
from addressbook.mailer.mail_types import MailRequest, Recipient, RecipientGroupFilter
from addressbook.mailer.types import AddressBookCounts, GroupAddresses, GroupCount, TemplateContent
from addressbook.mailer.zones import Region, Zone

__all__ = [
    "AddressBookCounts",
    "ConfigurationError",
    "ConfigurationProblem",
    "GroupAddresses",
    "GroupCount",
    "InvalidRequestError",
    "MailRequest",
    "MailerClient",
    "MailerError",
    "PermanentError",
    "Recipient",
    "RecipientGroupFilter",
    "Region",
    "TemplateContent",
    "TemporaryError",
    "TemporaryProblem",
    "Zone",
]
