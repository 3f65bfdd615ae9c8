"""The kind of a file, by its name and by its content. Both must agree."""

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

ZIP: Final = b"PK\x03\x04"
OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIPPED: Final = frozenset({Kind.XLSX, Kind.XLSB, Kind.ODS})

# The name of the stream in which Office keeps an encrypted workbook, as an OLE2 directory spells it.
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")

# An xls begins with the record BOF, of BIFF8 or BIFF5, for the workbook as a whole.
_WORKBOOK_STREAM: Final = re.compile(rb"\x09\x08(?:\x10\x00\x00\x06|\x08\x00\x00\x05)\x05\x00")
_RECORD: Final = struct.Struct("<HH")
_FILE_PASS: Final = 0x2F
_RECORDS_BEFORE_FILE_PASS: Final = 5

# What people do upload under the name of a text or of a workbook, and what no row should be made of.
_FOREIGN: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"PK", "archive"),
)
_WEB_PAGE: Final = (b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta")


def kind_of_name(name: str) -> Kind:
    """The kind that the extension says. Raises RefusedFileError(UNKNOWN_KIND)."""
    extension = PurePath(name.strip()).suffix.lower()
    try:
        return _BY_EXTENSION[extension]
    except KeyError:
        raise RefusedFileError(Refusal.UNKNOWN_KIND, extension=extension[:10]) from None


def check_content(named: Kind, content: bytes) -> None:
    """Check that the content can be of the kind named, as far as its first bytes tell.

    Raises RefusedFileError with ENCRYPTED for a workbook that Office encrypted, whatever its name, and with
    WRONG_KIND. Which of the zipped kinds it is, only its parts can tell.
    """
    if content.startswith(OLE2):
        if _ENCRYPTED_PACKAGE in content or _has_password(content):
            raise RefusedFileError(Refusal.ENCRYPTED)
        fits = named is Kind.XLS
        found = "xls"
    elif content.startswith(ZIP):
        fits = named in _ZIPPED
        found = "zip"
    else:
        found = _foreign(content) or "text"
        fits = named is Kind.TEXT and found == "text"
    if not fits:
        raise RefusedFileError(Refusal.WRONG_KIND, named=named.value, content=found)


def _has_password(content: bytes) -> bool:
    """Whether an xls is encrypted: then FilePass is among the first records of its workbook stream."""
    for start in _WORKBOOK_STREAM.finditer(content):
        position = start.start()
        for _ in range(_RECORDS_BEFORE_FILE_PASS):
            if position + _RECORD.size > len(content):
                break
            record, length = _RECORD.unpack_from(content, position)
            if record == _FILE_PASS:
                return True
            position += _RECORD.size + length
    return False


def _foreign(content: bytes) -> str | None:
    """What the content is when it is neither a workbook nor a text of rows."""
    for start, what in _FOREIGN:
        if content.startswith(start):
            return what
    if content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_WEB_PAGE):
        return "html"
    return None
