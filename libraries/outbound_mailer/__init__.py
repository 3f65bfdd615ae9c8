"""A client for the API of NAVER Cloud's Cloud Outbound Mailer. Knows nothing of Django; see
docs/api-client.md.
"""

from libraries.outbound_mailer.client import MailerClient
from libraries.outbound_mailer.errors import (
    ConfigurationError,
    ConfigurationProblem,
    InvalidRequestError,
    MailerError,
    PermanentError,
    TemporaryError,
    TemporaryProblem,
)
from libraries.outbound_mailer.mail_types import MailRequest, Recipient, RecipientGroupFilter
from libraries.outbound_mailer.types import AddressBookCounts, GroupAddresses, GroupCount, TemplateContent
from libraries.outbound_mailer.zones import Region, Zone

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
