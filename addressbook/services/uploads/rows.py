"""The rows file: what a check accepted, a line an address, for `applying` to read from any line on.

A line is `email TAB key TAB place`. The key is left out where it equals the e-mail address; the e-mail address is left
out where the address stood further up and this line only puts it into one more group. The place is that of the group
in `Upload.groups`, from 1; 0 stands for the group that was chosen for the rest.
"""

from dataclasses import dataclass, field
from typing import IO

from libraries.email_addresses import EmailAddress


@dataclass(slots=True)
class RowsBatch:
    """Some lines: `pairs` has the (email, key) of those that are addresses of their own, `places` all keys by place.

    `end` is where the next line begins, in bytes.
    """

    end: int
    pairs: list[tuple[str, str]] = field(default_factory=list)
    places: dict[int, list[str]] = field(default_factory=dict)


def line(address: EmailAddress, place: int) -> str:
    return f"{address.text}\t{'' if address.key == address.text else address.key}\t{place}\n"


def key_in(line: bytes) -> str:
    """The key of the address in a line."""
    email, key, _place = line.decode().split("\t")
    return key or email


def repeated_line(key: str, place: int) -> str:
    return f"\t{key}\t{place}\n"


def read_batch(file: IO[bytes], start: int, count: int) -> RowsBatch:
    """At most `count` lines from the byte `start` on; none of them at the end of the file."""
    file.seek(start)
    batch = RowsBatch(end=start)
    for _ in range(count):
        data = file.readline()
        if not data:
            break
        batch.end += len(data)
        email, key, place = data.decode().rstrip("\n").split("\t")
        key = key or email
        if email:
            batch.pairs.append((email, key))
        batch.places.setdefault(int(place), []).append(key)
    return batch
