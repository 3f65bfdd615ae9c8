"""Checking that nothing in the history was altered, removed, inserted or put into another order.

Each line carries a hash over its content and the hash of the line before, so any change breaks the chain at its place.
What the chain alone cannot show is that its end was cut off, or that all of it was written anew by somebody who knows
how: for that, a head (the number and hash of the last line) is kept elsewhere and compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workspace import actions, limits
from workspace.models import AuditChain, AuditEvent
from workspace.models.audit import digest


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: that of a book (its id), or of what belongs to no book (0)."""

    chain: int
    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.chain}:{self.number}:{self.hash}"


class Finding(StrEnum):
    ALTERED = "altered"  # the line is not what it was when it was written, or does not follow the one before
    MISSING = "missing"  # lines were removed before this number
    CUT_OFF = "cut_off"  # the chain ends before its head
    ADDED = "added"  # the chain goes on after its head
    BEGINNING = "beginning"  # lines at the beginning were removed, and no line says so
    NO_CHAIN = "no_chain"  # there are lines, but nothing says where they begin and end
    OTHER_HEAD = "other_head"  # a head that was kept is not in the chain


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a chain, and at which number."""

    chain: int
    number: int
    finding: Finding


def heads() -> list[Head]:
    """The ends of all chains, to be kept out of reach of writers of the database."""
    return [Head(chain.pk, chain.last_number, chain.last_hash) for chain in AuditChain.objects.order_by("pk")]


def verify(*, kept: Sequence[Head] = ()) -> Iterator[Fault]:
    """Every fault of every chain. `kept` are heads from before: each must still be in its chain."""
    chains = {chain.pk: chain for chain in AuditChain.objects.order_by("pk")}
    for chain_id in sorted({head.chain for head in kept} - chains.keys()):
        yield Fault(chain_id, 0, Finding.OTHER_HEAD)
    strays = AuditEvent.objects.exclude(chain__in=chains).order_by("chain").values_list("chain", flat=True).distinct()
    for chain_id in strays:
        yield Fault(chain_id, 0, Finding.NO_CHAIN)
    for chain in chains.values():
        yield from _verify_chain(chain, {head.number: head.hash for head in kept if head.chain == chain.pk})


def _verify_chain(chain: AuditChain, kept: dict[int, str]) -> Iterator[Fault]:
    number, previous = chain.first_number - 1, chain.base_hash
    trimmed = (0, "")
    for line in _lines(chain.pk):
        if line.number > chain.last_number:
            # Written while this check runs, or smuggled in: what was the end when it began is known.
            if not AuditChain.objects.filter(pk=chain.pk, last_number__gte=line.number).exists():
                yield Fault(chain.pk, line.number, Finding.ADDED)
            break
        if line.number != number + 1:
            yield Fault(chain.pk, line.number, Finding.MISSING)
        if line.hash != digest(line, previous=previous):
            yield Fault(chain.pk, line.number, Finding.ALTERED)
        elif line.action == actions.TRIM_HISTORY:
            trimmed = max(trimmed, (line.detail["through"], line.detail["hash"]))
        if kept.pop(line.number, line.hash) != line.hash:
            yield Fault(chain.pk, line.number, Finding.OTHER_HEAD)
        number, previous = line.number, line.hash
    if (number, previous) != (chain.last_number, chain.last_hash) and number <= chain.last_number:
        yield Fault(chain.pk, number, Finding.CUT_OFF)
    if (chain.first_number - 1, chain.base_hash) != trimmed:
        yield Fault(chain.pk, chain.first_number, Finding.BEGINNING)
    for missing in sorted(number for number in kept if number >= chain.first_number):
        yield Fault(chain.pk, missing, Finding.OTHER_HEAD)


def _lines(chain_id: int) -> Iterator[AuditEvent]:
    after = 0
    while True:
        lines = list(
            AuditEvent.objects.filter(chain=chain_id, number__gt=after).order_by("number")[: limits.HISTORY_READ_LINES]
        )
        yield from lines
        if not lines:
            return
        after = lines[-1].number
