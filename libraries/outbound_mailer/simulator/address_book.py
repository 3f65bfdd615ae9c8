"""The simulated address book operations (section 10, behaviours 9 to 20)."""

from typing import Any

from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.simulator.books import Entry, is_address
from libraries.outbound_mailer.simulator.call import JSON_BODY, Call, Route
from libraries.outbound_mailer.simulator.replies import Reply, bad_request, json_reply, not_found
from libraries.outbound_mailer.validation import check_name


def create(call: Call) -> Reply:
    """Answers the counts of before, and applies the change later (9)."""
    entries = _entries(call)
    before = call.book.counts()
    delay = call.settings.delay_seconds
    call.book.enqueue(entries, None if delay is None else call.now + delay)
    return json_reply(201, before)


def get(call: Call) -> Reply:
    return json_reply(200, call.book.counts())


def delete(call: Call) -> Reply:
    return json_reply(200, {"deletedAddressCount": call.book.delete()})


def delete_addresses(call: Call) -> Reply:
    addresses = _addresses(call)
    call.book.delete_addresses(addresses)
    return get(call)


def delete_group(call: Call) -> Reply:
    name = call.required("groupName")
    _expect_group(call, name)
    call.book.delete_group(name)
    return get(call)


def delete_group_relation(call: Call) -> Reply:
    name = call.payload.get("groupName")
    if not isinstance(name, str) or not name:
        raise bad_request("groupName is required.")
    addresses = _addresses(call)
    _expect_group(call, name)
    call.book.remove_from_group(name, addresses)
    return get(call)


def empty_group(call: Call) -> Reply:
    name = call.required("groupName")
    _expect_group(call, name)
    call.book.empty_group(name)
    return get(call)


def _expect_group(call: Call, name: str) -> None:
    if call.settings.unknown_group_is_error and not call.book.has_group(name):
        raise not_found("groupName")


def _addresses(call: Call) -> list[str]:
    addresses = _strings(call.payload.get("emailAddresses"), "emailAddresses")
    if not addresses:
        raise bad_request("emailAddresses is required.")
    if call.settings.unknown_address_is_error and call.book.unknown(addresses):
        raise not_found("emailAddresses")
    return addresses


def _strings(value: object, field: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_request(f"{field} is not a list of strings.")
    return value


def _entries(call: Call) -> list[Entry]:
    groups = call.payload.get("groups")
    if not isinstance(groups, list) or not (groups or call.settings.accept_no_groups):
        raise bad_request("groups is required.")
    maximum = call.settings.max_groups_per_request
    if maximum is not None and len(groups) > maximum:
        raise bad_request(f"groups has more than {maximum} entries.")
    entries = [_entry(call, group, f"groups[{index}]") for index, group in enumerate(groups)]
    names = [entry.group_name for entry in entries if entry.group_name is not None]
    if call.settings.refuse_repeated_names and len(set(names)) < len(names):
        raise bad_request("groups has a groupName twice.")
    maximum = call.settings.max_addresses_per_request
    if maximum is not None and sum(len(entry.email_addresses) for entry in entries) > maximum:
        raise bad_request(f"emailAddresses has more than {maximum} entries.")
    return entries


def _entry(call: Call, group: Any, where: str) -> Entry:
    if not isinstance(group, dict):
        raise bad_request(f"{where} is not an object.")
    name = group.get("groupName")
    addresses = _strings(group.get("emailAddresses"), f"{where}.emailAddresses")
    if name is None:
        if call.settings.require_group_name or not addresses:
            raise bad_request(f"{where}.groupName is required.")
    elif not isinstance(name, str):
        raise bad_request(f"{where}.groupName is not a string.")
    else:
        try:
            check_name(f"{where}.groupName", name)
        except InvalidRequestError as error:
            raise bad_request(str(error)) from None
    if not call.settings.drop_invalid_addresses and not all(map(is_address, addresses)):
        raise bad_request(f"{where}.emailAddresses has one that is not an e-mail address.")
    return Entry(name, tuple(addresses))


ROUTES = (
    Route("POST", "address-book", "createAddressBook", create, JSON_BODY),
    Route("GET", "address-book", "getAddressBook", get),
    Route("DELETE", "address-book", "deleteAddressBook", delete),
    Route("DELETE", "address-book/address", "deleteAddress", delete_addresses, JSON_BODY),
    Route("DELETE", "address-book/recipient-groups", "deleteRecipientGroup", delete_group),
    Route(
        "DELETE",
        "address-book/recipient-groups/address",
        "deleteRecipientGroupRelation",
        delete_group_relation,
        JSON_BODY,
    ),
    Route(
        "DELETE",
        "address-book/recipient-groups/address/empty",
        "deleteRecipientGroupRelationEmpty",
        empty_group,
    ),
)
