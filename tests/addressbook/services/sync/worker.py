"""A worker of one book that steps when it is told to, by the clock of the simulator."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from addressbook import limits
from addressbook.models import Address, BookSync, Group, Membership, ParkedEntry
from addressbook.services.sync import lease
from addressbook.services.sync.engine import Engine, Rest, Step, Wait
from libraries.outbound_mailer import MailerClient
from libraries.outbound_mailer.simulator import DEFAULT_ACCOUNT, Simulator
from workspace.models import AddressBook

KEYS = DEFAULT_ACCOUNT.credentials


class Worker:
    def __init__(self, book: AddressBook, simulator: Simulator, *, read_timeout_seconds: float = 20) -> None:
        self.book = book
        self.simulator = simulator
        self.client = MailerClient(
            KEYS.access_key,
            KEYS.secret_key,
            base_url=simulator.base_url,
            allow_other_hosts=True,
            clock=simulator.clock.now,
            read_timeout_seconds=read_timeout_seconds,
        )
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.client.close()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.simulator.clock.now(), UTC)

    def sync(self) -> BookSync:
        return BookSync.objects.get(book=self.book)

    def step(self) -> Step:
        """One step, as of a worker that has just been woken."""
        if self._engine is None:
            BookSync.objects.filter(book=self.book).update(next_look_at=None)
            claimed = lease.claim(self.book.pk, self.now())
            if claimed is None:
                assert self.sync().pause, "somebody else has the book"
                return Rest(None)
            self._engine = Engine(claimed, self.client, clock=self.now)
        step = self._engine.step()
        if isinstance(step, Rest):
            self._engine = None
            # As `lease.release`, without telling other workers, and without a time by the simulator's clock.
            BookSync.objects.filter(book=self.book).update(lease_until=None, next_look_at=None)
        return step

    def die(self) -> None:
        """The worker is gone without a word; its lease runs out."""
        self._engine = None
        self.simulator.clock.advance(limits.SYNC_LEASE_SECONDS + 1)

    def work(self, most_steps: int = 500, leap_seconds: float = 0) -> list[Step]:
        """Steps until there is nothing more to do; what it would wait for, at least a leap, passes at once."""
        steps: list[Step] = []
        while len(steps) < most_steps:
            step = self.step()
            steps.append(step)
            if isinstance(step, Rest):
                return steps
            if isinstance(step, Wait):
                self.pass_time(max(leap_seconds, (step.until - self.now()).total_seconds() + 0.01))
        raise AssertionError(f"not quiet after {most_steps} steps: {steps[-5:]}")

    def pass_time(self, seconds: float) -> None:
        self.simulator.clock.advance(seconds)

    # What both sides hold --------------------------------------------------------------------------------------

    def remote(self) -> dict[str | None, set[str]]:
        """The simulator's book: all addresses under None, and the members of each group."""
        content = self.simulator.book(KEYS.access_key)
        return {None: set(content.addresses), **{name: set(members) for name, members in content.groups.items()}}

    def ours(self) -> dict[str | None, set[str]]:
        """What should be there: the current edition without what the service refuses."""
        parked = set(ParkedEntry.objects.filter(book=self.book).values_list("address_id", "group_id"))
        groups = Group.objects.filter(edition__current_of=self.book)
        result: dict[str | None, set[str]] = {group.name: set() for group in groups if (None, group.pk) not in parked}
        addresses = Address.objects.filter(edition__current_of=self.book).values_list("pk", "email")
        result[None] = {email for pk, email in addresses if (pk, None) not in parked}
        rows = Membership.objects.filter(group__in=groups)
        for address_id, group_id, email, name in rows.values_list(
            "address_id", "group_id", "address__email", "group__name"
        ):
            if (address_id, group_id) not in parked and (None, group_id) not in parked:
                result[name].add(email)
        return result

    def calls(self) -> list[str]:
        """The operations asked of the service since the last look at them."""
        operations = [request.operation for request in self.simulator.log.requests()]
        self.simulator.log.clear()
        return operations
