"""The client of NAVER Cloud's Outbound Mailer API: one account in one region."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from libraries.outbound_mailer import limits
from libraries.outbound_mailer.address_book import AddressBookOperations
from libraries.outbound_mailer.blocks import BlockOperations
from libraries.outbound_mailer.files import FileOperations
from libraries.outbound_mailer.mail import MailOperations
from libraries.outbound_mailer.signing import Credentials
from libraries.outbound_mailer.templates import TemplateOperations
from libraries.outbound_mailer.transport import Timeouts, Transport
from libraries.outbound_mailer.validation import check_keys
from libraries.outbound_mailer.zones import Region, Zone, endpoint

_SERVICE_LANGUAGES = {"ko": "ko-KR", "en": "en-US", "zh": "zh-CN"}


class MailerClient:
    """Typed access to every operation, by subject: `client.address_book.create(...)`.

    A call either returns a frozen dataclass or raises: InvalidRequestError before calling, otherwise a
    TemporaryError, PermanentError or ConfigurationError. Nothing is retried inside; each call is signed with
    a fresh timestamp. Connections are kept between calls, so close the client (or use it in a `with`); use
    one client a thread.

    `base_url` (scheme and host) replaces the zone's own and needs `allow_other_hosts` unless it is one of the
    zones'. `language` is the user's, such as "ko"; the service knows Korean, English and Chinese, and answers
    others in English. `clock` gives seconds since 1970. `ca_bundle` is a file of certificate authorities to
    trust instead of the usual ones.

    `connect_timeout_seconds` is for reaching the service, `read_timeout_seconds` for each silence, and
    `call_timeout_seconds` for a whole call; a body gets what a line of 2 Mbit/s takes on top of that.

    Raises InvalidRequestError for keys, a place, a `ca_bundle` or a proxy that no call could be made with.
    """

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        *,
        zone: Zone = Zone.PUBLIC,
        region: Region = Region.KR,
        base_url: str | None = None,
        allow_other_hosts: bool = False,
        language: str = "en",
        clock: Callable[[], float] = time.time,
        connect_timeout_seconds: float = limits.CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds: float = limits.SILENCE_SECONDS,
        call_timeout_seconds: float = limits.CALL_SECONDS,
        ca_bundle: str | None = None,
    ) -> None:
        check_keys(access_key, secret_key)
        self._url = endpoint(zone, region, base_url=base_url, allow_other_hosts=allow_other_hosts)
        self._transport = Transport(
            self._url,
            Credentials(access_key, secret_key),
            language=service_language(language),
            clock=clock,
            timeouts=Timeouts(connect_timeout_seconds, read_timeout_seconds, call_timeout_seconds),
            ca_bundle=ca_bundle,
        )
        self.address_book = AddressBookOperations(self._transport)
        self.mail = MailOperations(self._transport, clock)
        self.files = FileOperations(self._transport)
        self.templates = TemplateOperations(self._transport)
        self.blocks = BlockOperations(self._transport)

    def __repr__(self) -> str:
        return f"<MailerClient {self._url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the kept-alive connections; the client opens new ones when it is used again."""
        self._transport.close()


def service_language(language: str) -> str:
    """The `x-ncp-lang` for a user's language: the service translates messages into Korean, English and
    Chinese [D].
    """
    return _SERVICE_LANGUAGES.get(language.partition("-")[0].lower(), "en-US")
