"""A zip archive, judged and unpacked without believing anything that it says about itself.

Parsers disagree on odd archives: two parts of one name, parts that overlap, headers that contradict each other. So an
archive is refused unless it can be read in one way only, and a parser gets the parts that were read here in a new one.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError

_LOCAL_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
_END_RECORD: Final = b"PK\x05\x06"
_END_RECORD_FIELDS: Final = struct.Struct("<10xHIIH")
# What the end record says where the number of parts is in the extension Zip64, which some programs always write.
_STATED_IN_ZIP64: Final = 0xFFFF
_CHUNK_BYTES: Final = 1024 * 1024
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_ENCRYPTED_FLAG: Final = 0x1


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive: its name, and where its packed bytes stand."""

    name: str
    start: int
    end: int
    deflated: bool
    fault: Refusal | None = None  # raised when the part is read, so that one nobody reads does no harm


class Archive:
    """The parts of an archive. Raises RefusedFileError from here and from `chunks`, and nothing else.

    `unpacked_bytes` counts what has been inflated so far, over all parts.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.unpacked_bytes = 0
        self.parts = {part.name: part for part in self._find_parts()}

    def read(self, name: str) -> bytes:
        return b"".join(self.chunks(self.parts[name]))

    def packed(self, part: Part) -> memoryview:
        """The part's bytes as they are in the archive."""
        return memoryview(self._content)[part.start : part.end]

    def strip_folder(self, folder: str) -> None:
        """Take the names of the parts as they are inside this folder; forget the parts outside of it."""
        inside = [part for name, part in self.parts.items() if name.startswith(folder)]
        stripped = [replace(part, name=part.name.removeprefix(folder)) for part in inside]
        self.parts = {part.name: part for part in stripped}

    def chunks(self, part: Part) -> Iterator[bytes]:
        """The part's bytes, a MiB at most at a time, as long as they stay within the limits."""
        if part.fault:
            raise RefusedFileError(part.fault)
        packed = memoryview(self._content)[part.start : part.end]
        allowed = max(len(packed) * limits.WORKBOOK_PART_RATIO, limits.WORKBOOK_PART_FREE_BYTES)
        part_bytes = 0
        for chunk in _inflated(packed) if part.deflated else _sliced(packed):
            part_bytes += len(chunk)
            self.unpacked_bytes += len(chunk)
            if part_bytes > allowed or self.unpacked_bytes > limits.WORKBOOK_UNPACKED_BYTES:
                raise RefusedFileError(Refusal.UNPACKED_TOO_LARGE, limit=limits.WORKBOOK_UNPACKED_BYTES)
            yield chunk

    def _find_parts(self) -> Iterator[Part]:
        directory = self._directory()
        names: set[str] = set()
        parts_end = 0
        for info in sorted(directory, key=lambda info: info.header_offset):
            name = _part_name(info)
            if name.lower() in names or info.header_offset < parts_end:
                raise RefusedFileError(Refusal.DAMAGED)
            names.add(name.lower())
            part = self._part(info, name)
            parts_end = part.end
            if not info.is_dir():
                yield part
        # A second end record before or behind the parts would let another reader find another list of them.
        first = min((info.header_offset for info in directory), default=0)
        if self._content.count(_END_RECORD, parts_end) != 1 or _END_RECORD in self._content[:first]:
            raise RefusedFileError(Refusal.DAMAGED)

    def _directory(self) -> list[zipfile.ZipInfo]:
        """The list of parts. What a server wrote before or behind the archive by mistake is passed over."""
        content = self._content
        end_record = content.rfind(_END_RECORD)
        if end_record < 0 or end_record + _END_RECORD_FIELDS.size > len(content):
            raise RefusedFileError(Refusal.DAMAGED)
        stated, _, _, comment = _END_RECORD_FIELDS.unpack_from(content, end_record)
        if limits.WORKBOOK_PARTS < stated < _STATED_IN_ZIP64:
            raise RefusedFileError(Refusal.TOO_MANY_PARTS, limit=limits.WORKBOOK_PARTS)
        archive_end = end_record + _END_RECORD_FIELDS.size + comment
        if archive_end < len(content):
            # zipfile looks for the end record at the end, and is shown an archive that ends with it.
            content = content[: end_record + _END_RECORD_FIELDS.size - 2] + b"\0\0"
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                directory = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError):
            raise RefusedFileError(Refusal.DAMAGED) from None
        if len(directory) > limits.WORKBOOK_PARTS:
            raise RefusedFileError(Refusal.TOO_MANY_PARTS, limit=limits.WORKBOOK_PARTS)
        if stated not in (len(directory), _STATED_IN_ZIP64):
            raise RefusedFileError(Refusal.DAMAGED)
        return directory

    def _part(self, info: zipfile.ZipInfo, name: str) -> Part:
        content = self._content
        try:
            header = _LOCAL_HEADER.unpack_from(content, info.header_offset)
        except struct.error:
            raise RefusedFileError(Refusal.DAMAGED) from None
        signature, method, name_bytes, extra_bytes = header[0], header[3], header[9], header[10]
        name_start = info.header_offset + _LOCAL_HEADER.size
        start = name_start + name_bytes + extra_bytes
        end = start + info.compress_size
        if signature != b"PK\x03\x04" or end > len(content):
            raise RefusedFileError(Refusal.DAMAGED)
        encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
        local_name = content[name_start : name_start + name_bytes].decode(encoding, "replace")
        fault = None
        if info.flag_bits & _ENCRYPTED_FLAG:
            fault = Refusal.ENCRYPTED
        elif (
            info.compress_type not in (_STORED, _DEFLATED)
            or (method, local_name) != (info.compress_type, info.orig_filename)
            or (method == _STORED and info.compress_size != info.file_size)
        ):
            fault = Refusal.DAMAGED
        return Part(name, start, end, deflated=method == _DEFLATED, fault=fault)


def _part_name(info: zipfile.ZipInfo) -> str:
    """The name, with the slashes that some writers turn round. Raises for one that points out of the archive."""
    name = info.orig_filename.replace("\\", "/")
    if "\0" in name or name.startswith("/") or ".." in name.split("/"):
        raise RefusedFileError(Refusal.DAMAGED)
    return name


def _inflated(packed: memoryview) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    waiting: bytes | memoryview = packed
    try:
        while not inflater.eof:
            chunk = inflater.decompress(waiting, _CHUNK_BYTES)
            waiting = inflater.unconsumed_tail
            if chunk:
                yield chunk
            elif not waiting:
                break
    except zlib.error:
        raise RefusedFileError(Refusal.DAMAGED) from None
    if not inflater.eof or inflater.unused_data:
        raise RefusedFileError(Refusal.DAMAGED)


def _sliced(packed: memoryview) -> Iterator[bytes]:
    for start in range(0, len(packed), _CHUNK_BYTES):
        yield bytes(packed[start : start + _CHUNK_BYTES])
