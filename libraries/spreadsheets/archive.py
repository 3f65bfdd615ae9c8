"""A zip archive, judged and unpacked without believing anything that it says about itself.

Parsers disagree on odd archives: two parts of one name, parts that overlap, headers that contradict each other.
What is judged here must be what they read, so an archive is refused unless it can be read in one way only.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError

_LOCAL_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
_END_RECORD: Final = b"PK\x05\x06"
_END_RECORD_FIELDS: Final = struct.Struct("<10xHIIH")
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES: Final = 20
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

    def chunks(self, part: Part) -> Iterator[bytes]:
        """The part's bytes, a MiB at most at a time, as long as they stay within the limits."""
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
        # A second end record behind the parts would let another reader find another list of them.
        if self._content.count(_END_RECORD, parts_end) != 1:
            raise RefusedFileError(Refusal.DAMAGED)

    def _directory(self) -> list[zipfile.ZipInfo]:
        content = self._content
        end_record = content.rfind(_END_RECORD)
        if end_record < 0 or end_record + _END_RECORD_FIELDS.size > len(content):
            raise RefusedFileError(Refusal.DAMAGED)
        stated, size, start, comment = _END_RECORD_FIELDS.unpack_from(content, end_record)
        # No workbook of ours needs Zip64, and it would be a second list of parts beside the first.
        zip64 = content[max(end_record - _ZIP64_LOCATOR_BYTES, 0) : end_record].startswith(_ZIP64_LOCATOR)
        if zip64 or start + size != end_record or end_record + _END_RECORD_FIELDS.size + comment != len(content):
            raise RefusedFileError(Refusal.DAMAGED)
        if stated > limits.WORKBOOK_PARTS:
            raise RefusedFileError(Refusal.TOO_MANY_PARTS, limit=limits.WORKBOOK_PARTS)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                directory = archive.infolist()
                if archive.start_dir != start:
                    raise RefusedFileError(Refusal.DAMAGED)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError):
            raise RefusedFileError(Refusal.DAMAGED) from None
        if len(directory) > limits.WORKBOOK_PARTS:
            raise RefusedFileError(Refusal.TOO_MANY_PARTS, limit=limits.WORKBOOK_PARTS)
        if len(directory) != stated:
            raise RefusedFileError(Refusal.DAMAGED)
        return directory

    def _part(self, info: zipfile.ZipInfo, name: str) -> Part:
        content = self._content
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise RefusedFileError(Refusal.ENCRYPTED)
        if info.compress_type not in (_STORED, _DEFLATED):
            raise RefusedFileError(Refusal.DAMAGED)
        try:
            header = _LOCAL_HEADER.unpack_from(content, info.header_offset)
        except struct.error:
            raise RefusedFileError(Refusal.DAMAGED) from None
        signature, method, name_bytes, extra_bytes = header[0], header[3], header[9], header[10]
        name_start = info.header_offset + _LOCAL_HEADER.size
        start = name_start + name_bytes + extra_bytes
        end = start + info.compress_size
        encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
        local_name = content[name_start : name_start + name_bytes].decode(encoding, "replace")
        same = signature == b"PK\x03\x04" and method == info.compress_type and local_name == info.orig_filename
        if not same or end > len(content) or (method == _STORED and info.compress_size != info.file_size):
            raise RefusedFileError(Refusal.DAMAGED)
        return Part(name, start, end, deflated=method == _DEFLATED)


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
