from dataclasses import is_dataclass
from typing import get_type_hints

import pytest

from libraries.outbound_mailer import (
    AddressBookCounts,
    GroupAddresses,
    GroupCount,
    MailRequest,
    Recipient,
    mail_types,
    types,
)
from libraries.outbound_mailer.types import Category, TemplateStructure, UnsubscriberCounts
from libraries.outbound_mailer.wire import UndecodableError, decode, encode


def test_decode_takes_numbers_as_strings_and_ignores_new_fields() -> None:
    payload = {
        "totalAddressCount": "4300",
        "groups": [{"sid": "155", "groupName": 20, "addressCount": 3900, "colour": "red"}],
        "futureField": {},
    }
    assert decode(AddressBookCounts, payload) == AddressBookCounts(4300, (GroupCount(155, "20", 3900),))


@pytest.mark.parametrize("payload", [{"totalAddressCount": 0}, {"totalAddressCount": 0, "groups": None}])
def test_decode_takes_absent_and_null_lists_as_empty(payload: dict[str, object]) -> None:
    assert decode(AddressBookCounts, payload) == AddressBookCounts(0, ())


def test_decode_reads_nested_categories() -> None:
    leaf = {"sid": 2, "parentSid": 1, "name": "leaf", "isCategory": False, "templates": None}
    root = {"sid": 1, "parentSid": -1, "name": "root", "isCategory": True, "templates": [leaf]}
    structure = decode(TemplateStructure, {"contents": [root]})
    assert structure.contents[0].templates[0].name == "leaf"


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ([], "AddressBookCounts"),
        ({}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": None}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": True}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": "many@example.com"}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": "--5"}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": "9" * 5000}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": "9" * 19}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": 10**18}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": "٣"}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": -3}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": "-3"}, "AddressBookCounts.totalAddressCount"),
        ({"totalAddressCount": 1, "groups": {}}, "AddressBookCounts.groups"),
        ({"totalAddressCount": 1, "groups": [{"sid": 1, "groupName": "x\ud800"}]}, "GroupCount.groupName"),
        ({"totalAddressCount": 1, "groups": [{"sid": 1, "groupName": "x\0"}]}, "GroupCount.groupName"),
        ({"totalAddressCount": 1, "groups": ["x"]}, "GroupCount"),
        ({"totalAddressCount": 1, "groups": [{"sid": 1, "groupName": []}]}, "GroupCount.groupName"),
        (
            {"totalAddressCount": 1, "groups": [{"sid": 1, "groupName": "a", "addressCount": -1}]},
            "GroupCount.addressCount",
        ),
    ],
)
def test_decode_names_the_field_that_is_not_as_documented(payload: object, where: str) -> None:
    with pytest.raises(UndecodableError, match=rf"^{where} is not") as caught:
        decode(AddressBookCounts, payload)
    assert "@" not in str(caught.value)
    assert "999" not in str(caught.value)


def test_every_number_is_a_count_or_known_to_be_none() -> None:
    kinds = [kind for module in (types, mail_types) for kind in vars(module).values() if is_dataclass(kind)]
    hints = [hint for kind in kinds for hint in get_type_hints(kind, include_extras=True).items()]
    assert {name for name, hint in hints if hint in (int, int | None)} == {
        "sid",
        "parent_sid",
        "template_sid",
        "history_sid",
        "utc",
        "reservation_utc",
    }


def test_decode_takes_a_number_below_zero_that_is_no_count() -> None:
    assert decode(Category, {"sid": "5", "parentSid": "-1"}) == Category(5, -1)
    with pytest.raises(UndecodableError, match="retryCount is not a count"):
        decode(mail_types.MailRecipient, {"address": "a@example.com", "retryCount": -1})


def test_encode_leaves_out_what_is_none() -> None:
    assert encode(GroupAddresses("news")) == {"groupName": "news"}
    assert encode(GroupAddresses(None, ("a@example.com",))) == {"emailAddresses": ["a@example.com"]}


def test_encode_uses_the_names_of_the_api() -> None:
    request = MailRequest(template_sid=7, recipients=(Recipient("a@example.com", parameters={"n": "1"}),))
    assert encode(request) == {
        "templateSid": 7,
        "recipients": [{"address": "a@example.com", "type": "R", "parameters": {"n": "1"}}],
        "individual": True,
        "confirmAndSend": False,
        "advertising": False,
        "useBasicUnsubscribeMsg": True,
    }


def test_decode_reads_the_counts_of_unsubscribers() -> None:
    counts = decode(UnsubscriberCounts, {"count": 1, "requestCount": 3, "ignoreCount": 2})
    assert counts == UnsubscriberCounts(count=1, request_count=3, ignore_count=2)
