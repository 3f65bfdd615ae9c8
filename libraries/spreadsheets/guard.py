"""The gate: what a file must be before a parser sees it. It runs in the child process, under the same limits.

For text and xlsx the gate sees everything that could make a parser fall over. An xlsb and an xls are binary; what
they hide is left to the limits on the child's memory and time. An ods is read by our own parser, which counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from libraries.spreadsheets import limits
from libraries.spreadsheets.archive import Archive, Part
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.grid import Lost, survey
from libraries.spreadsheets.kinds import Kind, check_content, kind_of_name

_CONTENT_TYPES: Final = "[Content_Types].xml"
_CONTENT_TYPE_BYTES: Final = 1024 * 1024
_ODS_TYPE: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_XLSX_TYPES: Final = re.compile(
    rb"application/vnd\.(?:openxmlformats-officedocument\.spreadsheetml\.(?:sheet|template)"
    rb"|ms-excel\.(?:sheet|template|addin)\.macroEnabled)\.main\+xml",
    re.IGNORECASE,
)
_XLSB_TYPE: Final = re.compile(rb"application/vnd\.ms-excel\.sheet\.binary\.macroEnabled\.main", re.IGNORECASE)
_DECLARATION: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SHARED_STRING: Final = re.compile(rb"<(?:[A-Za-z0-9_.-]+:)?si[\s/>]")
_LONGEST_TOKEN: Final = 64
_ROOT_BYTES: Final = 4096
_ENCRYPTED_ODS: Final = b"encryption-data"


@dataclass
class Admitted:
    """A file that may be parsed. `lost` names the cells that the parser would drop, by the part they are in."""

    kind: Kind
    content: bytes
    archive: Archive | None = None
    lost: dict[str, Lost] = field(default_factory=dict)


def admit(content: bytes, name: str, size: int | None = None) -> Admitted:
    """Judge a file by its content and by the name that it came with. Raises RefusedFileError, and nothing else.

    `size` is the file's, where no more of it has been read than shows that it is too large.
    """
    kind = kind_of_name(name)
    size = len(content) if size is None else size
    if size > limits.UPLOAD_FILE_BYTES:
        raise RefusedFileError(Refusal.TOO_LARGE, bytes=size, limit=limits.UPLOAD_FILE_BYTES)
    if not content:
        raise RefusedFileError(Refusal.EMPTY)
    check_content(kind, content)
    admitted = Admitted(kind, content)
    if kind not in (Kind.TEXT, Kind.XLS):
        admitted.archive = Archive(content)
        _check_main_type(admitted.archive, kind)
        for part in admitted.archive.parts.values():
            _check_part(admitted, admitted.archive, part)
        admitted.archive.unpacked_bytes = 0  # whoever reads a part again starts to count afresh
    return admitted


def _check_main_type(archive: Archive, named: Kind) -> None:
    found = _main_type(archive)
    if found is None:
        raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content="archive")
    if found is not named:
        raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content=found.value)
    if found is Kind.ODS:
        manifest = "META-INF/manifest.xml"
        if manifest in archive.parts and _ENCRYPTED_ODS in archive.read(manifest):
            raise RefusedFileError(Refusal.ENCRYPTED)
        if "content.xml" not in archive.parts:
            raise RefusedFileError(Refusal.DAMAGED)


def _main_type(archive: Archive) -> Kind | None:
    if "mimetype" in archive.parts:
        mimetype = b"".join(archive.chunks(archive.parts["mimetype"]))
        return Kind.ODS if mimetype.strip().startswith(_ODS_TYPE) else None
    if _CONTENT_TYPES not in archive.parts:
        return None
    types = bytearray()
    for chunk in archive.chunks(archive.parts[_CONTENT_TYPES]):
        types += chunk
        if len(types) > _CONTENT_TYPE_BYTES:
            raise RefusedFileError(Refusal.DAMAGED)
    if _XLSB_TYPE.search(types):
        return Kind.XLSB
    return Kind.XLSX if _XLSX_TYPES.search(types) else None


def _check_part(admitted: Admitted, archive: Archive, part: Part) -> None:
    """Inflate one part to its end, and look for what must not be in it."""
    chunks = archive.chunks(part)
    first = next(chunks, b"")
    if not part.name.lower().endswith((".xml", ".rels", ".vml")) and not _looks_like_xml(first):
        for _ in chunks:
            pass
        return
    if b"\0" in first[:_LONGEST_TOKEN] or first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RefusedFileError(Refusal.UNSAFE_XML)
    xml = _checked_xml(first, chunks)
    if admitted.kind is Kind.XLSX and (b"sheetData" in first or b"worksheet" in first[:_ROOT_BYTES]):
        lost = survey(xml).lost
        if lost:
            admitted.lost[part.name] = lost
    else:
        for _ in xml:
            pass


def _looks_like_xml(start: bytes) -> bool:
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<")


def _checked_xml(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks of an XML part, each looked at before it is handed on, together with the end of the one before."""
    shared_strings = 0
    has_shared_strings = b"sst" in first[:_ROOT_BYTES]
    end = b""
    for chunk in chain((first,), rest):
        seen = end + chunk
        if b"<!" in seen and _DECLARATION.search(seen):
            raise RefusedFileError(Refusal.UNSAFE_XML)
        if has_shared_strings:
            shared_strings += len(_SHARED_STRING.findall(chunk))
            if shared_strings > limits.WORKBOOK_SHARED_STRINGS:
                raise RefusedFileError(Refusal.TOO_MANY_CELLS, limit=limits.WORKBOOK_SHARED_STRINGS)
        end = chunk[-_LONGEST_TOKEN:]
        yield chunk
