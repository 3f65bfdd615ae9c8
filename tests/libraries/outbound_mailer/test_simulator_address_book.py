"""Behaviours 9 to 20 of the simulator: the address book, with every undocumented choice both ways."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from libraries.outbound_mailer import AddressBookCounts, GroupAddresses, GroupCount, MailerClient, PermanentError
from libraries.outbound_mailer.simulator import (
    DEFAULT_ACCOUNT,
    AddressComparison,
    JobOrder,
    Simulator,
    SimulatorSettings,
)
from libraries.outbound_mailer.simulator.books import BookContent, is_address
from libraries.outbound_mailer.transport import Transport
from libraries.outbound_mailer.types import DeletedAddressBook
from libraries.outbound_mailer.wire import JsonObject

A, B, C = "a@example.com", "b@example.com", "c@example.org"
KEY = DEFAULT_ACCOUNT.credentials.access_key

Switch = Callable[..., None]


@pytest.fixture
def switch(simulator: Simulator) -> Switch:
    """Changes settings of the simulator."""

    def change(**changes: object) -> None:
        simulator.settings = replace(simulator.settings, **changes)

    return change


@pytest.fixture
def post(client: MailerClient) -> Callable[[JsonObject], AddressBookCounts]:
    """Posts a body to /address-book as it is, past the client's own checks."""
    transport: Transport = client.address_book._transport
    return lambda body: transport.call(AddressBookCounts, "POST", "address-book", payload=body)


def content(simulator: Simulator) -> BookContent:
    return simulator.book(KEY)


def refuses(call: Callable[[], object], code: str = "77102") -> None:
    with pytest.raises(PermanentError) as caught:
        call()
    assert (caught.value.status, caught.value.code) == (400, code)


def test_create_answers_the_counts_of_before(client: MailerClient) -> None:  # 9
    assert client.address_book.create([GroupAddresses("news", (A, B))]) == AddressBookCounts(0, ())
    after_first = AddressBookCounts(2, (GroupCount(1, "news", 2),))
    assert client.address_book.create([GroupAddresses("news", (C,))]) == after_first
    assert client.address_book.get() == AddressBookCounts(3, (GroupCount(1, "news", 3),))


def test_create_is_applied_after_the_delay(simulator: Simulator, client: MailerClient, switch: Switch) -> None:  # 9
    switch(delay_seconds=60)
    client.address_book.create([GroupAddresses("news", (A,))])
    assert client.address_book.get().total_address_count == 0
    assert simulator.jobs_waiting() == 1
    simulator.clock.advance(59)
    assert content(simulator).jobs_waiting == 1
    simulator.clock.advance(2)
    assert simulator.jobs_waiting() == 0
    assert client.address_book.get().total_address_count == 1


def test_create_can_wait_for_run_jobs(simulator: Simulator, client: MailerClient, switch: Switch) -> None:  # 9
    switch(delay_seconds=None)
    client.address_book.create([GroupAddresses("news", (A,))])
    simulator.clock.advance(250)
    assert client.address_book.get().total_address_count == 0
    assert simulator.run_jobs() == 1
    assert client.address_book.get().total_address_count == 1
    assert simulator.run_jobs() == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"groups": None},
        {"groups": {}},
        {"groups": []},
        {"groups": ["news"]},
        {"groups": [{}]},
        {"groups": [{"groupName": 5}]},
        {"groups": [{"groupName": ""}]},
        {"groups": [{"groupName": "a b"}]},
        {"groups": [{"groupName": "a" * 101}]},
        {"groups": [{"groupName": "a", "emailAddresses": A}]},
        {"groups": [{"groupName": "a", "emailAddresses": [5]}]},
        {"groups": [{"groupName": "a", "emailAddresses": [A, "nonsense"]}]},
    ],
)
def test_create_refuses_a_wrong_body_whole(
    simulator: Simulator, post: Callable[[JsonObject], object], body: JsonObject
) -> None:  # 10
    refuses(lambda: post(body))
    assert content(simulator).addresses == frozenset()


def test_create_can_accept_no_groups(post: Callable[[JsonObject], object], switch: Switch) -> None:  # 10
    switch(accept_no_groups=True)
    assert post({"groups": []}) == AddressBookCounts(0, ())


def test_create_can_drop_bad_addresses(
    simulator: Simulator, post: Callable[[JsonObject], object], switch: Switch
) -> None:  # 10
    switch(drop_invalid_addresses=True)
    post({"groups": [{"groupName": "news", "emailAddresses": ["nonsense", A, "b@", "@c"]}]})
    assert content(simulator).groups == {"news": frozenset([A])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (A, True),
        ("=cmd@example.com", True),
        ("first.last+tag@sub.example.com", True),
        ("한글@예시.example.com", True),
        ("a@xn--9n2bp8q.example.com", True),
        ("a" * 64 + "@example.com", True),
        ("a" * 65 + "@example.com", False),
        ("a..b@example.com", False),
        (".a@example.com", False),
        ("a.@example.com", False),
        ("a@example", False),
        ("a@-example.com", False),
        ("a@example-.com", False),
        ("a@example..com", False),
        ("a@example.1", False),
        ("a b@example.com", False),
        ('"a b"@example.com', False),
        ("a@b@example.com", False),
        ("a@example.com\n", False),
        ("a@" + "b." * 121 + "example.com", False),
        (None, False),
    ],
)
def test_is_address_is_one_reading_of_the_format(text: object, expected: bool) -> None:  # 10
    assert is_address(text) is expected


def test_group_keeps_its_sid_and_appends(client: MailerClient) -> None:  # 11
    client.address_book.create([GroupAddresses("one", (A,)), GroupAddresses("two")])
    client.address_book.create([GroupAddresses("three"), GroupAddresses("one", (B,))])
    expected = (GroupCount(1, "one", 2), GroupCount(2, "two", 0), GroupCount(3, "three", 0))
    assert client.address_book.get().groups == expected
    client.address_book.delete_group("three")
    client.address_book.create([GroupAddresses("three")])
    assert client.address_book.get().groups[-1] == GroupCount(4, "three", 0)


def test_group_without_addresses_is_created_empty(client: MailerClient) -> None:  # 12
    client.address_book.create([GroupAddresses("empty")])
    assert client.address_book.get() == AddressBookCounts(0, (GroupCount(1, "empty", 0),))


def test_addresses_without_a_group_enter_the_book(simulator: Simulator, client: MailerClient) -> None:  # 12
    client.address_book.create([GroupAddresses(None, (A,))])
    assert (content(simulator).addresses, content(simulator).groups) == (frozenset([A]), {})


def test_group_name_can_be_required(client: MailerClient, switch: Switch) -> None:  # 12
    switch(require_group_name=True)
    refuses(lambda: client.address_book.create([GroupAddresses(None, (A,))]))


def test_address_counts_once_in_the_book_and_once_a_group(client: MailerClient) -> None:  # 13, 16
    client.address_book.create([GroupAddresses("one", (A, A)), GroupAddresses("two", (A,))])
    client.address_book.create([GroupAddresses("one", (A,))])
    counts = client.address_book.get()
    assert (counts.total_address_count, [group.address_count for group in counts.groups]) == (1, [1, 1])


@pytest.mark.parametrize(("comparison", "total"), [(AddressComparison.EXACT, 2), (AddressComparison.LOWER_CASE, 1)])
def test_address_comparison_is_a_switch(
    client: MailerClient, switch: Switch, comparison: AddressComparison, total: int
) -> None:  # 13
    switch(address_comparison=comparison)
    client.address_book.create([GroupAddresses("news", ("Ann@Example.com", "ann@example.com"))])
    assert client.address_book.get().total_address_count == total
    assert client.address_book.delete_addresses(["ANN@example.com"]).total_address_count in (2, 0)


def test_name_twice_in_a_request_is_merged_or_refused(
    simulator: Simulator, post: Callable[[JsonObject], object], switch: Switch
) -> None:  # 14
    twice = {"groups": [{"groupName": "x", "emailAddresses": [address]} for address in (A, B)]}
    post(twice)
    assert content(simulator).groups == {"x": frozenset([A, B])}
    switch(refuse_repeated_names=True)
    refuses(lambda: post(twice))


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (JobOrder.ARRIVAL, ["one", "two", "three", "four"]),
        (JobOrder.REVERSED, ["three", "four", "one", "two"]),
        (JobOrder.PARALLEL, ["one", "three", "two", "four"]),
    ],
)
def test_job_order_is_a_switch(
    simulator: Simulator, client: MailerClient, switch: Switch, order: JobOrder, names: list[str]
) -> None:  # 15
    switch(delay_seconds=None, job_order=order)
    client.address_book.create([GroupAddresses("one"), GroupAddresses("two")])
    client.address_book.create([GroupAddresses("three"), GroupAddresses("four")])
    simulator.run_jobs()
    assert [group.group_name for group in client.address_book.get().groups] == names


def test_groups_of_an_empty_book_can_be_null(simulator: Simulator, client: MailerClient, switch: Switch) -> None:  # 16
    switch(null_groups_when_empty=True)
    assert client.address_book.get() == AddressBookCounts(0, ())
    client.address_book.create([GroupAddresses("news")])
    assert len(client.address_book.get().groups) == 1


@pytest.fixture
def filled(client: MailerClient) -> MailerClient:
    client.address_book.create([GroupAddresses("one", (A, B)), GroupAddresses("two", (B, C))])
    return client


def test_delete_group_keeps_its_addresses(simulator: Simulator, filled: MailerClient) -> None:  # 17
    after = filled.address_book.delete_group("one")
    assert after == AddressBookCounts(3, (GroupCount(2, "two", 2),))
    assert content(simulator).addresses == {A, B, C}


def test_delete_addresses_removes_them_everywhere(simulator: Simulator, filled: MailerClient) -> None:  # 17
    after = filled.address_book.delete_addresses([B])
    assert after == AddressBookCounts(2, (GroupCount(1, "one", 1), GroupCount(2, "two", 1)))
    assert content(simulator).groups == {"one": {A}, "two": {C}}


def test_delete_relation_keeps_addresses_in_the_book(simulator: Simulator, filled: MailerClient) -> None:  # 17
    after = filled.address_book.delete_group_relation("one", [B, "not-there@example.com"])
    assert after == AddressBookCounts(3, (GroupCount(1, "one", 1), GroupCount(2, "two", 2)))


def test_empty_group_leaves_it_with_nothing(filled: MailerClient) -> None:  # 17
    after = filled.address_book.empty_group("one")
    assert after == AddressBookCounts(3, (GroupCount(1, "one", 0), GroupCount(2, "two", 2)))


def test_delete_clears_the_book_and_says_how_many(simulator: Simulator, filled: MailerClient) -> None:  # 17
    assert filled.address_book.delete() == DeletedAddressBook(3)
    assert filled.address_book.get() == AddressBookCounts(0, ())
    assert filled.address_book.delete() == DeletedAddressBook(0)


UNKNOWN_GROUP: list[Callable[[MailerClient], object]] = [
    lambda client: client.address_book.delete_group("none"),
    lambda client: client.address_book.empty_group("none"),
    lambda client: client.address_book.delete_group_relation("none", [A]),
]


@pytest.mark.parametrize("call", UNKNOWN_GROUP)
def test_unknown_group_is_an_error_or_nothing(
    filled: MailerClient, switch: Switch, call: Callable[[MailerClient], object]
) -> None:  # 18
    before = filled.address_book.get()
    refuses(lambda: call(filled), "77103")
    switch(unknown_group_is_error=False)
    assert call(filled) == before


def test_unknown_address_is_nothing_or_an_error(filled: MailerClient, switch: Switch) -> None:  # 18
    unknown = [A, "not-there@example.com"]
    assert filled.address_book.delete_addresses(unknown).total_address_count == 2
    switch(unknown_address_is_error=True)
    refuses(lambda: filled.address_book.delete_addresses(unknown), "77103")
    refuses(lambda: filled.address_book.delete_group_relation("two", unknown), "77103")


@pytest.mark.parametrize(("cancels", "expected"), [(False, {A}), (True, set())])
def test_waiting_job_lands_after_a_delete_unless_switched(
    simulator: Simulator, client: MailerClient, switch: Switch, cancels: bool, expected: set[str]
) -> None:  # 19
    switch(delay_seconds=None, delete_cancels_waiting_jobs=cancels)
    client.address_book.create([GroupAddresses("news", (A,))])
    assert client.address_book.delete() == DeletedAddressBook(0)
    simulator.run_jobs()
    assert content(simulator).addresses == expected


def test_create_can_be_capped(client: MailerClient, switch: Switch) -> None:  # 20
    switch(max_addresses_per_request=3, max_groups_per_request=2)
    client.address_book.create([GroupAddresses("one", (A, B)), GroupAddresses("two", (C,))])
    refuses(lambda: client.address_book.create([GroupAddresses("one", (A, B)), GroupAddresses("two", (A, C))]))
    refuses(lambda: client.address_book.create([GroupAddresses(name) for name in ("one", "two", "three")]))


@pytest.mark.parametrize("body", [{}, {"emailAddresses": []}, {"emailAddresses": A}, {"emailAddresses": [5]}])
def test_deletions_refuse_a_wrong_body(client: MailerClient, body: JsonObject) -> None:
    transport: Transport = client.address_book._transport
    for path, named in (("address",), {}), (("recipient-groups", "address"), {"groupName": "x"}):
        refuses(
            lambda path=path, named=named: transport.call(
                AddressBookCounts, "DELETE", "address-book", *path, payload={**body, **named}
            )
        )


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "recipient-groups"), ("DELETE", "recipient-groups/address/empty")]
)
def test_group_name_in_the_query_is_required(client: MailerClient, method: str, path: str) -> None:
    transport: Transport = client.address_book._transport
    refuses(lambda: transport.call(AddressBookCounts, method, "address-book", *path.split("/")))


def test_large_creation_is_taken_at_once(simulator: Simulator, client: MailerClient) -> None:
    addresses = tuple(f"user{number}@example.com" for number in range(100_000))
    client.address_book.create([GroupAddresses("everybody", addresses)])
    assert client.address_book.get() == AddressBookCounts(100_000, (GroupCount(1, "everybody", 100_000),))
    assert content(simulator).groups["everybody"] == frozenset(addresses)
    assert client.address_book.delete_addresses(addresses[:50_000]).total_address_count == 50_000


def test_settings_are_all_tested_by_name() -> None:
    """A new switch needs a test in this directory that sets it."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_simulator_*.py"))
    assert [name for name in SimulatorSettings.__dataclass_fields__ if f"{name}=" not in text] == []
