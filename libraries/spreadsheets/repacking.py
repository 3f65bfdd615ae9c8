"""A workbook made of the parts that were judged, for the parser to read: nothing else of the archive reaches it."""

import struct
import zlib
from typing import Final

from libraries.spreadsheets.archive import Archive, Part

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_DATE: Final = 0x21
_VERSION: Final = 20

# Of zlib: the part lives for a second and is read once.
_LEVEL: Final = 1


class Repacked:
    """A zip archive being written in memory. Parts of the judged archive are taken over as they were packed."""

    def __init__(self) -> None:
        self._parts: list[bytes | memoryview] = []
        self._directory: list[bytes] = []
        self._size = 0

    def take(self, name: str, archive: Archive, part: Part, checksum: int, size: int) -> None:
        """A part as it is in the archive; `checksum` and `size` are what was found when it was unpacked."""
        self._add(name, archive.packed(part), checksum, size, deflated=part.deflated)

    def write(self, name: str, content: bytes) -> None:
        self._add(name, content, zlib.crc32(content), len(content), deflated=False)

    def deflated(self, name: str, part: "Deflated") -> None:
        self._add(name, part.finish(), part.checksum, part.size, deflated=True)

    def finish(self) -> bytes:
        directory = b"".join(self._directory)
        count = len(self._directory)
        end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), self._size, 0)
        return b"".join([*self._parts, directory, end])

    def _add(self, name: str, packed: bytes | memoryview, checksum: int, size: int, *, deflated: bool) -> None:
        encoded = name.encode("ascii")
        common = (0, 8 if deflated else 0, 0, _DATE, checksum, len(packed), size, len(encoded), 0)
        local = _LOCAL.pack(b"PK\x03\x04", _VERSION, *common) + encoded
        entry = _CENTRAL.pack(b"PK\x01\x02", _VERSION, _VERSION, *common, 0, 0, 0, 0, self._size) + encoded
        self._directory.append(entry)
        self._parts += (local, packed)
        self._size += len(local) + len(packed)


class Deflated:
    """Content that is packed while it is written."""

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._packed: list[bytes] = []
        self._finished: bytes | None = None
        self.checksum = 0
        self.size = 0

    def write(self, content: bytes) -> None:
        self.checksum = zlib.crc32(content, self.checksum)
        self.size += len(content)
        self._packed.append(self._deflater.compress(content))

    def finish(self) -> bytes:
        if self._finished is None:
            self._finished = b"".join([*self._packed, self._deflater.flush()])
        return self._finished
