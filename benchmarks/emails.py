"""Addresses judged in a second, beside email-validator alone in the same run.

`python -m benchmarks emails` prints them.
"""

import time
from collections.abc import Callable

from email_validator import validate_email

from benchmarks import Rows
from libraries.email_addresses import parse, split, suggest

ADDRESSES = 200_000
DOMAINS = 500
LIBRARY_SAMPLE = 10_000  # the library alone would need a quarter of a minute for all of them


def rows() -> Rows:
    """What was measured and how fast it was, best of three."""
    plain = [f"First.Last{number}@mail{number % DOMAINS}.example.com" for number in range(ADDRESSES)]
    international = [f"이름{number}@한국{number % DOMAINS}.example.com" for number in range(LIBRARY_SAMPLE)]
    pasted = "\n".join(plain[:1_000])

    def library(text: str) -> object:
        return validate_email(text, strict=True, check_deliverability=False)

    ours = _a_second(parse, plain)
    alone = _a_second(library, plain[:LIBRARY_SAMPLE])
    pastes = _a_second(lambda text: [parse(entry) for entry in split(text)], [pasted])
    return [
        ("parse, plain ASCII", f"{ours:,.0f} addresses a second", ""),
        ("email-validator alone", f"{alone:,.0f} addresses a second", ""),
        ("parse is faster by", f"{ours / alone:.0f} times", "≥ 10 times"),
        ("parse, international", f"{_a_second(parse, international):,.0f} addresses a second", ""),
        ("suggest, plain ASCII", f"{_a_second(suggest, plain):,.0f} addresses a second", ""),
        ("split and parse 1,000 pasted", f"{1_000 / pastes:.1f} ms", ""),
    ]


def _a_second(work: Callable[[str], object], texts: list[str]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for text in texts:
            work(text)
        best = min(best, time.perf_counter() - start)
    return len(texts) / best
