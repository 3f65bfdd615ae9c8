"""The address book operations (fact sheet section 5)."""

from collections.abc import Sequence

from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.types import AddressBookCounts, DeletedAddressBook, GroupAddresses
from libraries.outbound_mailer.validation import check_addresses, check_count, check_given, check_name, size_of
from libraries.outbound_mailer.wire import encode


class AddressBookOperations:
    """An account has one book in a region. The API adds, deletes and counts; it never lists addresses [D]."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, groups: Sequence[GroupAddresses]) -> AddressBookCounts:
        """createAddressBook: adds groups and addresses, later; the answer counts what was there before [D].

        An existing group keeps what it has [D]; an address that is already there changes nothing [I]. No
        maximum of addresses or groups is published: 1,000 addresses a call is the only figure of NAVER's (its
        console), and a body that is too large for the gateway is a PermanentError with `too_large`. Each name
        only once in a call: the effect of repeating it is not documented.
        """
        check_count("groups", size_of("groups", groups), minimum=1)
        names: set[str] = set()
        for index, group in enumerate(groups):
            where = f"groups[{index}]"
            if not isinstance(group, GroupAddresses):
                raise InvalidRequestError(where, "A GroupAddresses is needed")
            if group.group_name is not None:
                check_name(f"{where}.groupName", group.group_name)
                if group.group_name in names:
                    raise InvalidRequestError(f"{where}.groupName", "The same name twice in one request", limit=1)
                names.add(group.group_name)
            if group.email_addresses is not None or group.group_name is None:
                check_addresses(f"{where}.emailAddresses", group.email_addresses or ())
        payload = {"groups": [encode(group) for group in groups]}
        return self._transport.call(AddressBookCounts, "POST", "address-book", payload=payload)

    def get(self) -> AddressBookCounts:
        """getAddressBook: the counts of the book and of each group [D]."""
        return self._transport.call(AddressBookCounts, "GET", "address-book")

    def delete(self) -> DeletedAddressBook:
        """deleteAddressBook: every group and address of the region goes [D]."""
        return self._transport.call(DeletedAddressBook, "DELETE", "address-book")

    def delete_addresses(self, email_addresses: Sequence[str]) -> AddressBookCounts:
        """deleteAddress: takes addresses out of the book and out of all their groups [D]; counts afterwards
        [I].

        No maximum is published. An address that is not there is ignored or answered with 77103: not
        documented.
        """
        check_addresses("emailAddresses", email_addresses)
        payload = {"emailAddresses": list(email_addresses)}
        return self._transport.call(AddressBookCounts, "DELETE", "address-book", "address", payload=payload)

    def delete_group(self, group_name: str) -> AddressBookCounts:
        """deleteRecipientGroup: the group goes, its addresses stay in the book [D]; counts afterwards [I].

        A group that is not there is most likely a PermanentError with `does_not_exist`.
        """
        query = [("groupName", check_given("groupName", group_name))]
        return self._transport.call(AddressBookCounts, "DELETE", "address-book", "recipient-groups", query=query)

    def delete_group_relation(self, group_name: str, email_addresses: Sequence[str]) -> AddressBookCounts:
        """deleteRecipientGroupRelation: takes addresses out of one group; they stay in the book [D].

        NAVER's operation page exists, its overview of 2026 does not list it.
        """
        check_addresses("emailAddresses", email_addresses)
        payload = {
            "groupName": check_given("groupName", group_name),
            "emailAddresses": list(email_addresses),
        }
        path = ("address-book", "recipient-groups", "address")
        return self._transport.call(AddressBookCounts, "DELETE", *path, payload=payload)

    def empty_group(self, group_name: str) -> AddressBookCounts:
        """deleteRecipientGroupRelationEmpty: the group stays with no address; the addresses stay in the book
        [D].

        NAVER's operation page exists, its overview of 2026 does not list it.
        """
        query = [("groupName", check_given("groupName", group_name))]
        path = ("address-book", "recipient-groups", "address", "empty")
        return self._transport.call(AddressBookCounts, "DELETE", *path, query=query)
