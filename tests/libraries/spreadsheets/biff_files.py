"""Workbooks of Excel 2 to 2003, record by record: versions and code pages that no program at hand writes any more."""

import struct
from collections.abc import Sequence

Rows = Sequence[Sequence[str]]

_END_OF_CHAIN, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def biff8(
    rows: Rows, *, code_page: int | None, hidden: Sequence[int] = (), errors: Sequence[tuple[int, int]] = ()
) -> bytes:
    """A stream of Excel 97 with labels in Unicode. `hidden` has row numbers from 1, `errors` places of #N/A from 0."""

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")

    body = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for number in hidden:
        body += record(0x208, struct.pack("<HHHHHHI", number - 1, 0, 9, 255, 0, 0, 0x20))
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            body += record(0x204, struct.pack("<HHH", row, column, 0) + text(value))
    for row, column in errors:
        body += record(0x205, struct.pack("<HHHBB", row, column, 0, 0x2A, 1))
    body += record(0x0A)
    name = struct.pack("<BB", 6, 0) + b"Sheet1"
    return _with_globals(0x600, b"" if code_page is None else _page(code_page), name, body)


def biff5(rows: Rows, encoding: str, *, code_page: int | None) -> bytes:
    """A stream of Excel 95: texts are bytes in the code page, which may be missing."""
    body = record(0x809, struct.pack("<HHHH", 0x500, 0x10, 0, 1996)) + _labels(rows, encoding, 0x204)
    return _with_globals(0x500, b"" if code_page is None else _page(code_page), b"\x06Sheet1", body + record(0x0A))


def biff2(rows: Rows, encoding: str) -> bytes:
    labels = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            data = value.encode(encoding)
            labels += record(0x04, struct.pack("<HH3sB", row, column, b"", len(data)) + data)
    return record(0x09, struct.pack("<HH", 2, 0x10)) + labels + record(0x0A)


def biff3(rows: Rows, encoding: str) -> bytes:
    return record(0x209, struct.pack("<HHH", 3, 0x10, 0)) + _labels(rows, encoding, 0x204) + record(0x0A)


def _labels(rows: Rows, encoding: str, kind: int) -> bytes:
    found = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            data = value.encode(encoding)
            found += record(kind, struct.pack("<HHHH", row, column, 0, len(data)) + data)
    return found


def _page(code_page: int) -> bytes:
    return record(0x42, struct.pack("<H", code_page))


def _with_globals(version: int, page: bytes, name: bytes, body: bytes) -> bytes:
    size = 16 if version == 0x600 else 8
    begin = record(0x809, struct.pack("<HHHHII", version, 5, 0, 1996, 0, 0)[:size]) + page
    end = record(0x0A)
    start = len(begin) + 4 + 6 + len(name) + len(end)
    return begin + record(0x85, struct.pack("<IBB", start, 0, 0) + name) + end + body


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE2 file with these streams at its root; `folder/name` puts one into a storage."""
    sectors: list[bytes] = []
    table: list[int] = []

    def add(content: bytes) -> int:
        first = len(sectors)
        count = max(-(-len(content) // _SECTOR), 1)
        for number in range(count):
            sectors.append(content[number * _SECTOR : (number + 1) * _SECTOR].ljust(_SECTOR, b"\0"))
            table.append(first + number + 1 if number + 1 < count else _END_OF_CHAIN)
        return first

    entries = [("Root Entry", 5, _FREE, 1, _END_OF_CHAIN, 0)]
    folders = sorted({name.partition("/")[0] for name in streams if "/" in name})
    order = [name for name in streams if "/" not in name] + folders
    # Siblings form a chain to the right: a tree without balance, which readers take as any other.
    for place, name in enumerate(order, start=1):
        right = place + 1 if place < len(order) else _FREE
        if name in folders:
            entries.append((name, 1, right, len(order) + 1 + folders.index(name), 0, 0))
        else:
            content = streams[name].ljust(4096, b"\0")
            entries.append((name, 2, right, _FREE, add(content), len(content)))
    for name, content in streams.items():
        if "/" in name:
            padded = content.ljust(4096, b"\0")
            entries.append((name.partition("/")[2], 2, _FREE, _FREE, add(padded), len(padded)))
    directory = b"".join(_entry(*entry) for entry in entries)
    directory_start = add(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
    table_start = len(sectors)
    table.append(_TABLE)
    packed = b"".join(struct.pack("<I", number) for number in table).ljust(_SECTOR, b"\xff")
    assert len(packed) == _SECTOR
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    ends = (_END_OF_CHAIN, 0, _END_OF_CHAIN, 0)
    header += struct.pack("<HHHHH6xIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory_start)
    header += struct.pack("<IIIIIII", 0, 4096, *ends, table_start)
    return header.ljust(_SECTOR, b"\xff") + b"".join(sectors) + packed


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    fields = struct.pack("<HBBIII", len(encoded) + 2, kind, 1, _FREE, right, child)
    return encoded.ljust(64, b"\0") + fields + bytes(36) + struct.pack("<IQ", start, size)
