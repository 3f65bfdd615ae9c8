"""The simulated book against a model of plain sets: any sequence of operations, any moment of the jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from libraries.outbound_mailer import GroupAddresses, MailerClient, PermanentError
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Simulator, SimulatorSettings
from tests.support.sizes import size

KEYS = DEFAULT_ACCOUNT.credentials
ADDRESSES = st.lists(st.sampled_from([f"{name}@example.com" for name in "abcdef"]), min_size=1, max_size=4)
NAMES = st.sampled_from(["one", "two", "three"])


@dataclass
class Model:
    """What the documentation says, as sets."""

    addresses: set[str] = field(default_factory=set)
    groups: dict[str, set[str]] = field(default_factory=dict)
    waiting: list[tuple[str | None, list[str]]] = field(default_factory=list)

    def create(self, name: str | None, addresses: list[str]) -> None:
        self.waiting.append((name, addresses))

    def run_jobs(self) -> None:
        for name, addresses in self.waiting:
            self.addresses |= set(addresses)
            if name is not None:
                self.groups.setdefault(name, set()).update(addresses)
        self.waiting.clear()

    def delete(self) -> None:
        self.addresses.clear()
        self.groups.clear()

    def delete_addresses(self, addresses: list[str]) -> None:
        for members in (self.addresses, *self.groups.values()):
            members -= set(addresses)

    def delete_group(self, name: str) -> None:
        self.groups.pop(name, None)

    def empty_group(self, name: str) -> None:
        self.groups.get(name, set()).clear()

    def delete_group_relation(self, name: str, addresses: list[str]) -> None:
        self.groups.get(name, set()).difference_update(addresses)


Step = tuple[str, tuple[object, ...]]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("create"), st.tuples(st.none() | NAMES, ADDRESSES)),
    st.tuples(st.just("delete_addresses"), st.tuples(ADDRESSES)),
    st.tuples(st.just("delete_group"), st.tuples(NAMES)),
    st.tuples(st.just("empty_group"), st.tuples(NAMES)),
    st.tuples(st.just("delete_group_relation"), st.tuples(NAMES, ADDRESSES)),
    st.just(("delete", ())),
    st.just(("run_jobs", ())),
)


@settings(max_examples=size(20, 300), deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_book_equals_the_model_after_every_step(steps: Sequence[Step]) -> None:
    model = Model()
    with (
        Simulator(settings=SimulatorSettings(delay_seconds=None)) as simulator,
        MailerClient(KEYS.access_key, KEYS.secret_key, base_url=simulator.base_url, allow_other_hosts=True) as client,
    ):
        for name, arguments in steps:
            getattr(model, name)(*arguments)
            if name == "run_jobs":
                simulator.run_jobs()
            else:
                _call(client, name, arguments)
            content = simulator.book(KEYS.access_key)
            assert (content.addresses, content.groups) == (model.addresses, model.groups)
            counts = client.address_book.get()
            assert counts.total_address_count == len(model.addresses)
            shown = {group.group_name: group.address_count for group in counts.groups}
            assert shown == {group: len(members) for group, members in model.groups.items()}


def _call(client: MailerClient, name: str, arguments: tuple[object, ...]) -> None:
    if name == "create":
        group_name, addresses = arguments
        client.address_book.create([GroupAddresses(group_name, tuple(addresses))])
        return
    operation: Callable[..., object] = getattr(client.address_book, name)
    try:
        operation(*arguments)
    except PermanentError as error:
        if not error.does_not_exist:  # a group that is not there is no surprise
            raise
