"""Send blocks and unsubscribers (fact sheet section 6.4)."""

from collections.abc import Sequence

from libraries.outbound_mailer.mail import page_query
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.types import SendBlockPage, UnsubscriberCounts, UnsubscriberPage
from libraries.outbound_mailer.validation import check_address, check_addresses, check_text


class BlockOperations:
    """Two lists: unsubscribers get no advertising mail; blocked addresses get no mail at all.

    The service blocks an address by itself, for 7 days after a hard bounce [D]; it cannot be blocked or released here.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_send_block_list(
        self, target_address: str, *, page: int = 0, size: int = 10, sort: Sequence[str] = ()
    ) -> SendBlockPage:
        """getSendBlockList: whether one address is blocked, and its history; `sort` takes `createUtc` [D]."""
        check_address("targetAddress", target_address)
        query = [("targetAddress", target_address), *page_query(page, size, sort)]
        return self._transport.call(SendBlockPage, "GET", "send-block", query=query)

    def register_unsubscribers(self, blocked_receivers: Sequence[str]) -> UnsubscriberCounts:
        """registerUnsubscribers: those already registered are counted as ignored [I]. No maximum is
        published.
        """
        return self._call("POST", blocked_receivers)

    def delete_unsubscribers(self, blocked_receivers: Sequence[str]) -> UnsubscriberCounts:
        """deleteUnsubscribers: those not registered are counted as ignored [I]. No maximum is published."""
        return self._call("DELETE", blocked_receivers)

    def get_unsubscribers(
        self, *, email_address: str | None = None, page: int = 0, size: int = 10, sort: Sequence[str] = ()
    ) -> UnsubscriberPage:
        """getUnsubscribersList: who is registered. NAVER's page exists, its overview of 2026 does not list it.

        Where the service does not have it, it is refused (a PermanentError with 405, or RETIRED with 404).
        """
        check_text("emailAddress", email_address)
        given = [] if email_address is None else [("emailAddress", email_address)]
        query = [*given, *page_query(page, size, sort)]
        return self._transport.call(UnsubscriberPage, "GET", "unsubscribers", query=query)

    def _call(self, method: str, blocked_receivers: Sequence[str]) -> UnsubscriberCounts:
        check_addresses("blockedReceivers", blocked_receivers)
        payload = {"blockedReceivers": list(blocked_receivers)}
        return self._transport.call(UnsubscriberCounts, method, "unsubscribers", payload=payload)
