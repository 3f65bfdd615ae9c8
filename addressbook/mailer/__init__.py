"""A client for the API of NAVER Cloud's Cloud Outbound Mailer. Knows nothing of Django; see docs/api-client.md."""

from addressbook.mailer.errors import InvalidRequestError
from addressbook.mailer.zones import Region, Zone

__all__ = ["InvalidRequestError", "Region", "Zone"]
