"""The kind of a file. Its content decides; its name only says what a person expects, and is often wrong.

Programs of shops and offices send web pages, texts and older formats under the name .xls, and servers rename files.
"""

import re
import struct
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from libraries.spreadsheets.errors import Refusal, RefusedFileError


class Kind(StrEnum):
    """How a file is read. xlsx stands for xlsm as well, which differs by its macros: nothing here runs them."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"
    HTML = "html"
    XML = "xml"  # XML Spreadsheet 2003
    SYLK = "sylk"


_BY_EXTENSION: Final = {
    ".xlsx": Kind.XLSX,
    ".xlsm": Kind.XLSX,
    ".xlsb": Kind.XLSB,
    ".xls": Kind.XLS,
    ".ods": Kind.ODS,
    ".csv": Kind.TEXT,
    ".tsv": Kind.TEXT,
    ".txt": Kind.TEXT,
}
EXTENSIONS: Final = tuple(_BY_EXTENSION)

# Read as well, and not named where the screen says what can be sent: hardly anybody has them.
_ALSO_READ: Final = {
    ".xltx": Kind.XLSX,
    ".xltm": Kind.XLSX,
    ".xlt": Kind.XLS,
    ".ots": Kind.ODS,
    ".fods": Kind.ODS,
    ".tab": Kind.TEXT,
    ".htm": Kind.HTML,
    ".html": Kind.HTML,
    ".mht": Kind.HTML,
    ".mhtml": Kind.HTML,
    ".xml": Kind.XML,
    ".slk": Kind.SYLK,
}

OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_ZIP_END: Final = b"PK\x05\x06"
_MARK: Final = b"\xef\xbb\xbf"
_WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

# How far a server's stray output may reach before the file itself, and how far a first element is looked for.
_STRAY_BYTES: Final = 4096
_JUDGED_BYTES: Final = 8192

# BIFF begins with a record BOF, of version 2, 3, 4 or one of the later ones, and its length.
_BOF: Final = re.compile(rb"(?:\x09\x00\x04\x00|\x09\x02\x06\x00|\x09\x04\x06\x00|\x09\x08[\x06\x08\x10]\x00)")
_SYLK: Final = re.compile(rb"ID;[PNE]")
_MHTML: Final = re.compile(rb"(?:^|\n)(?:MIME-Version:|Content-Type:\s*multipart/related)", re.IGNORECASE)
_MHTML_HEADER: Final = re.compile(rb"\s*[A-Za-z][A-Za-z-]{1,40}:[^\n]*\n")
_TAG: Final = re.compile(
    rb"<\s*(?:!doctype\s+html|(?:html|head|body|table|meta|style|title|tr|td|div)[\s>/])", re.IGNORECASE
)
_ELEMENT: Final = re.compile(rb"<(?:[A-Za-z0-9_.-]+:)?([A-Za-z][A-Za-z0-9_.-]*)[\s>/]")

# Products that seal files for use inside a company. Only their own programs can open what begins like this.
_SEALED: Final = (
    (re.compile(rb".{0,4}DRMONE|.{0,8}Fasoo", re.DOTALL), "Fasoo"),
    (re.compile(rb"\s*<DOCUMENT SAFER"), "MarkAny"),
    (re.compile(rb"SCDSA00"), "SoftCamp"),
    (re.compile(rb"<## NASCA DRM FILE"), "NASCA"),
    (re.compile(rb".{0,32}(?:DRM|Document\s+is\s+encrypted\s+and\s+protected)", re.DOTALL), "DRM"),
    (re.compile(rb"\.pfile|\x02pfile"), "Microsoft Purview"),
)

# What people do upload under the name of a list, and what no row should be made of.
_FOREIGN: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"MZ\x90", "program"),
    (b"{\\rtf", "document"),
)
_FLAT_ODS_KIND: Final = b"application/vnd.oasis.opendocument.spreadsheet"


def kind_of_name(name: str) -> Kind:
    """The kind that the extension says. Raises RefusedFileError(UNKNOWN_KIND)."""
    extension = PurePath(name.strip()).suffix.lower()
    try:
        return (_BY_EXTENSION | _ALSO_READ)[extension]
    except KeyError:
        raise RefusedFileError(Refusal.UNKNOWN_KIND, extension=extension[:10]) from None


def is_renamed(kind: Kind, name: str) -> bool:
    """Whether a file of this kind came under the name of another one."""
    try:
        return kind_of_name(name) is not kind
    except RefusedFileError:
        return False


def kind_of_content(content: bytes, named: Kind) -> tuple[Kind | None, int]:
    """The kind that the content is, and where it begins. None for an archive, which only its parts can tell.

    Raises RefusedFileError with ENCRYPTED for what a product for sealed files wrote, and WRONG_KIND for what is no
    list at all.
    """
    start = _begin(content)
    head = content[start : start + _JUDGED_BYTES]
    if head.startswith(OLE2):
        return Kind.XLS, start
    if head.startswith(_ZIP):
        return None, start
    for seal, product in _SEALED:
        if seal.match(head[:64]) and not _is_plain(head):
            raise RefusedFileError(Refusal.ENCRYPTED, drm=product)
    foreign = next((what for begin, what in _FOREIGN if head.startswith(begin)), None)
    if foreign or head.startswith(b"PK"):
        raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content=foreign or "archive")
    if _BOF.match(head):
        return Kind.XLS, start
    return _kind_of_text(content, head, named), 0


def _begin(content: bytes) -> int:
    """Where a binary file begins: behind blank lines, a mark or a warning that a server wrote before it."""
    head = content[:_STRAY_BYTES]
    if _ZIP_END in content:
        found = head.find(_ZIP)
        if found >= 0:
            return found
    if _BOF.match(head):
        return 0
    stray = len(head) - len(head.removeprefix(_MARK).lstrip(b" \r\n"))
    return stray if _BOF.match(head, stray) else max(head.find(OLE2), 0)


def _is_plain(head: bytes) -> bool:
    """Whether all of it may be text: a list may well speak of DRM."""
    return b"\0" not in head and not any(byte < 9 or 14 <= byte < 27 for byte in head[:1000]) and b"@" in head


def _kind_of_text(content: bytes, head: bytes, named: Kind) -> Kind:
    wide = next((encoding for mark, encoding in _WIDE.items() if head.startswith(mark)), None)
    if wide and not head.startswith(b"\xff\xfe\0\0"):
        head = head.decode(wide, "ignore").encode("ascii", "replace").removeprefix(b"?")
    elif head[1:2] == b"\0" and head[:1] == b"<":
        head = head.replace(b"\0", b"")
    head = head.removeprefix(_MARK).lstrip()
    if _SYLK.match(head):
        return Kind.SYLK
    if _MHTML.search(head) and _MHTML_HEADER.match(head):
        return Kind.HTML
    if head.startswith(b"<?xml") or (head.startswith(b"<") and not _TAG.match(head)):
        return _kind_of_xml(head, named)
    if _TAG.match(head) or (named is not Kind.TEXT and _TAG.search(head) and b"<t" in content.lower()[:1_000_000]):
        return Kind.HTML
    return Kind.TEXT


def _kind_of_xml(head: bytes, named: Kind) -> Kind:
    """By the first element. A text may begin with `<` too: an address in angle brackets."""
    names = [name.decode().lower() for name in _ELEMENT.findall(head)[:3]]
    if "workbook" in names[:1] and b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        return Kind.XML
    if "document" in names[:1] and b"urn:oasis:names:tc:opendocument" in head:
        if _FLAT_ODS_KIND not in head:
            raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content="document")
        return Kind.ODS
    if _TAG.search(head):
        return Kind.HTML
    if head.startswith(b"<?xml"):
        raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content="xml")
    return Kind.TEXT


# An xls begins with the record BOF, of BIFF8 or BIFF5, for the workbook as a whole.
_RECORD: Final = struct.Struct("<HH")
_FILE_PASS: Final = 0x2F
_RECORDS_BEFORE_FILE_PASS: Final = 5


def has_password(stream: bytes) -> bool:
    """Whether a workbook stream is encrypted: then FilePass is among its first records."""
    position = 0
    for _ in range(_RECORDS_BEFORE_FILE_PASS):
        if position + _RECORD.size > len(stream):
            break
        record, length = _RECORD.unpack_from(stream, position)
        if record == _FILE_PASS:
            return True
        position += _RECORD.size + length
    return False
