"""What the client and the rest of the product rely on, of the simulator and of the real service alike.

Against the real service, as `make verify-service` does it:

    VERIFY_SERVICE=1 NCLOUD_ACCESS_KEY=... NCLOUD_SECRET_KEY=... NCLOUD_ZONE=public NCLOUD_REGION=SGN \\
        python -m pytest tests/libraries/outbound_mailer/test_contract.py -k service

NCLOUD_ZONE is public, government or financial (default public), NCLOUD_REGION is KR, SGN or JPN (default KR).
The region's address book has to be empty: the suite stops otherwise, and takes away only what it made. No
mail is sent: whatever names a recipient is at example.com, which receives none.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from libraries.outbound_mailer import (
    AddressBookCounts,
    ConfigurationError,
    ConfigurationProblem,
    GroupAddresses,
    MailerClient,
    PermanentError,
    Region,
    TemplateContent,
    Zone,
)
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Simulator, SimulatorSettings

# A target that was not asked for is left out, not skipped: whoever asks for it sees its tests, and sees them fail.
# Keys alone do not ask: they may lie in a developer's shell for other reasons.
TARGETS = ["simulator", *(["service"] if os.environ.get("VERIFY_SERVICE") else [])]
SETTLED_WITHIN_SECONDS = 120.0
PREFIX = f"contract-{uuid.uuid4().hex[:8]}"
NEWS, OTHER = f"{PREFIX}-news", f"{PREFIX}-other"
A, B, C = (f"{PREFIX}-{name}@example.com" for name in "abc")

MakeClient = Callable[..., MailerClient]


@pytest.fixture(params=TARGETS)
def make_client(request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    """Makes clients of the target; `secret_key` and `clock` may differ from the right ones."""
    if request.param == "simulator":
        # Not at once, as in the service: a test that forgets to wait fails here too.
        with Simulator(settings=SimulatorSettings(delay_seconds=0.3)) as simulator:
            keys = DEFAULT_ACCOUNT.credentials
            options = {"base_url": simulator.base_url, "allow_other_hosts": True}
            yield lambda secret_key=keys.secret_key, **more: MailerClient(
                keys.access_key, secret_key, **options, **more
            )
        return
    access_key, secret = os.environ["NCLOUD_ACCESS_KEY"], os.environ["NCLOUD_SECRET_KEY"]
    zone = Zone(os.environ.get("NCLOUD_ZONE", "public"))
    region = Region(os.environ.get("NCLOUD_REGION", "KR"))
    yield lambda secret_key=secret, **more: MailerClient(access_key, secret_key, zone=zone, region=region, **more)


@pytest.fixture
def client(make_client: MakeClient) -> Iterator[MailerClient]:
    """A client of a book that is empty before and after; a book that is not is left alone."""
    with make_client() as client:
        assert client.address_book.get() == AddressBookCounts(0, ()), "This address book is not empty."
        yield client
        for name in (NEWS, OTHER):
            _ignoring_unknown(lambda name=name: client.address_book.delete_group(name))
        _ignoring_unknown(lambda: client.address_book.delete_addresses([A, B, C]))
        settled(client, 0, {})


def _ignoring_unknown(call: Callable[[], object]) -> None:
    try:
        call()
    except PermanentError as error:
        if not error.does_not_exist:
            raise


def settled(client: MailerClient, total: int, groups: dict[str, int]) -> AddressBookCounts:
    """Waits until the counts are these."""
    deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
    pause = 0.05
    while True:
        counts = client.address_book.get()
        shown = {group.group_name: group.address_count for group in counts.groups}
        if (counts.total_address_count, shown) == (total, groups):
            return counts
        assert time.monotonic() < deadline, f"{counts} instead of {total}, {groups}"
        time.sleep(pause)
        pause = min(pause * 2, 5.0)


def test_creation_answers_before_and_lands_later(client: MailerClient) -> None:
    before = client.address_book.create([GroupAddresses(NEWS, (A, B)), GroupAddresses(OTHER)])
    assert before.total_address_count == 0
    settled(client, 2, {NEWS: 2, OTHER: 0})


def test_creation_appends_and_may_be_repeated(client: MailerClient) -> None:
    client.address_book.create([GroupAddresses(NEWS, (A, B))])
    first = settled(client, 2, {NEWS: 2})
    client.address_book.create([GroupAddresses(NEWS, (B, C)), GroupAddresses(OTHER, (C,))])
    client.address_book.create([GroupAddresses(NEWS, (B, C)), GroupAddresses(OTHER, (C,))])
    again = settled(client, 3, {NEWS: 3, OTHER: 1})
    sids = {group.group_name: group.sid for group in again.groups}
    assert sids[NEWS] == first.groups[0].sid


def test_temporary_group_leaves_its_addresses(client: MailerClient) -> None:
    client.address_book.create([GroupAddresses(NEWS, (A,)), GroupAddresses(OTHER, (B,))])
    settled(client, 2, {NEWS: 1, OTHER: 1})
    client.address_book.delete_group(OTHER)
    settled(client, 2, {NEWS: 1})


def test_deletions_do_what_their_names_say(client: MailerClient) -> None:
    client.address_book.create([GroupAddresses(NEWS, (A, B)), GroupAddresses(OTHER, (B, C))])
    settled(client, 3, {NEWS: 2, OTHER: 2})
    client.address_book.delete_addresses([B])
    settled(client, 2, {NEWS: 1, OTHER: 1})
    client.address_book.delete_group_relation(NEWS, [A])
    settled(client, 2, {NEWS: 0, OTHER: 1})
    client.address_book.empty_group(OTHER)
    settled(client, 2, {NEWS: 0, OTHER: 0})


def test_whole_book_is_deleted(client: MailerClient) -> None:
    client.address_book.create([GroupAddresses(NEWS, (A, B))])
    settled(client, 2, {NEWS: 2})
    assert client.address_book.delete().deleted_address_count == 2
    settled(client, 0, {})


def test_unknown_group_is_an_answer_the_client_understands(client: MailerClient) -> None:
    _ignoring_unknown(lambda: client.address_book.delete_group(NEWS))


def test_wrong_secret_is_refused_keys(make_client: MakeClient) -> None:
    with make_client(secret_key="wrong") as client, pytest.raises(ConfigurationError) as caught:
        client.address_book.get()
    assert caught.value.problem is ConfigurationProblem.KEYS_REFUSED


@pytest.mark.parametrize("ahead", [600.0, -600.0])
def test_clock_that_is_off_is_said_to_be(make_client: MakeClient, ahead: float) -> None:
    with (
        make_client(clock=lambda: time.time() + ahead) as client,
        pytest.raises(ConfigurationError) as caught,
    ):
        client.address_book.get()
    assert caught.value.problem is ConfigurationProblem.CLOCK_SKEW
    assert caught.value.skew_seconds == pytest.approx(ahead, abs=30)


def test_template_lives_and_is_taken_out_of_use(client: MailerClient) -> None:
    category = client.templates.create_category(f"{PREFIX}-category")
    assert client.templates.delete_category(category.sid).sid == category.sid
    content = TemplateContent(f"{PREFIX}-{time.time_ns()}", "Title", "Body", "sender@example.com")
    template = client.templates.create(content)
    assert client.templates.get(template.sid).title == "Title"
    assert client.templates.delete(template.sid).is_use is False


def test_file_is_uploaded_and_deleted(client: MailerClient) -> None:
    uploaded = client.files.create([("contract.txt", b"contract")])
    assert uploaded.files[0].file_size == 8
    assert client.files.delete(uploaded.temp_request_id).temp_request_id == uploaded.temp_request_id


def test_unsubscriber_is_registered_and_released(client: MailerClient) -> None:
    assert client.blocks.register_unsubscribers([A]).count == 1
    assert client.blocks.get_send_block_list(A).content == ()  # refusing advertising is no block
    assert client.blocks.delete_unsubscribers([A]).count == 1
