"""Send blocks: the service is asked about single addresses, and what it says goes into our ledger.

It has no list of them. The rest of the ledger is what sends have met.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from addressbook.services.addresses import registration
from addressbook.services.addresses.registration import Invalid, NoAddressesError
from libraries.email_addresses import EmailAddress
from libraries.outbound_mailer import InvalidRequestError, MailerClient
from libraries.outbound_mailer.types import SendBlockPage
from mailings import actions, limits
from mailings.models import Suppression
from mailings.services.rules import require_role
from mailings.services.service_time import moment_of
from workspace import limits as workspace_limits
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.books.connection import MailerError, NotConnectedError, client_for
from workspace.services.history.audit import Actor, record

# The action of an event: C is a block, D its end.
_BLOCKED = "C"


class TooManyAtOnceError(Exception):
    """More than limits.BLOCKS_LOOKED_UP_AT_ONCE; `count` is how many."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


@dataclass(frozen=True, slots=True)
class Event:
    """`requester` is the service's own word for who asked for it."""

    is_block: bool
    at: datetime | None
    requester: str
    code: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says of an address. `until` is None: it is not blocked."""

    email: str
    key: str
    until: datetime | None
    events: tuple[Event, ...]

    @property
    def code(self) -> str:
        return next((event.code for event in self.events if event.is_block and event.code), "")

    @property
    def since(self) -> datetime | None:
        return next((event.at for event in self.events if event.is_block), None)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """`problem` is why the service was not asked about the rest, those of `unasked`."""

    answers: tuple[Answer, ...]
    invalid: tuple[Invalid, ...]
    unasked: tuple[str, ...] = ()
    problem: NotConnectedError | MailerError | None = None


def look_up(*, book: AddressBook, text: str, by: Actor) -> LookedUp:
    """Ask the service about the addresses in `text`. Raises NoAddressesError, TooManyAtOnceError or NotAllowedError."""
    found = registration.sort(text)
    if not found.entry_count:
        raise NoAddressesError
    if found.entry_count > limits.BLOCKS_LOOKED_UP_AT_ONCE:
        raise TooManyAtOnceError(found.entry_count)
    answers: list[Answer] = []
    problem: NotConnectedError | MailerError | None = None
    seconds = workspace_limits.TRY_OUT_CONNECT_SECONDS, workspace_limits.TRY_OUT_READ_SECONDS
    try:
        with client_for(book, seconds=seconds) as client:
            for address in found.addresses:
                answers.append(_ask(client, address))  # noqa: PERF401 (what was answered before a failure counts)
    except (NotConnectedError, MailerError) as error:
        problem = error
    _keep(book, answers, by)
    unasked = tuple(address.text for address in found.addresses[len(answers) :]) if problem else ()
    return LookedUp(tuple(answers), tuple(found.invalid), unasked, problem)


def _ask(client: MailerClient, address: EmailAddress) -> Answer:
    try:
        page = client.blocks.get_send_block_list(address.text, sort=("createUtc,desc",))
    except InvalidRequestError:
        # Our rule for addresses is wider than the service's: it cannot have blocked what it does not take.
        return Answer(address.text, address.key, None, ())
    return Answer(address.text, address.key, moment_of(page.expected_delete_date), tuple(_events(page)))


def _events(page: SendBlockPage) -> Iterable[Event]:
    for event in page.content:
        requester = event.action_requester_type
        yield Event(
            is_block=event.action_type.code == _BLOCKED,
            at=moment_of(event.request_date),
            requester=(requester.label or requester.code) if requester else "",
            code=event.send_result_code or "",
        )


def _keep(book: AddressBook, answers: Iterable[Answer], by: Actor) -> None:
    now = timezone.now()
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        asked = blocked = 0
        for answer in answers:
            asked += 1
            own = Suppression.objects.filter(book=book, kind=Suppression.Kind.BLOCKED, key=answer.key)
            if answer.until is None or answer.until <= now:
                own.filter(until__gt=now).update(until=now)
                continue
            blocked += 1
            values = {"until": answer.until, "result_code": answer.code[:60], "since": answer.since or now}
            # What a send has met keeps the mailing that met it.
            if not own.update(**values):
                source = Suppression.Source.LOOKED_UP
                Suppression.objects.create(
                    book=book,
                    kind=Suppression.Kind.BLOCKED,
                    email=answer.email,
                    key=answer.key,
                    source=source,
                    **values,
                )
        record(by=by, action=actions.LOOK_UP_BLOCKS, book=book, detail={"asked": asked, "blocked": blocked})
