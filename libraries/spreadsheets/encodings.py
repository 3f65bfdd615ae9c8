"""The encoding of a text file: a fixed ladder of strict attempts, never a guess by frequency of letters.

What cannot be decoded costs its row and no other. A byte that is no text becomes a lone surrogate, U+DC00 and its
value, which no strict decoding produces: so a row that has one is known, and can be shown with the byte's value.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError

# What a user may choose. The first three are found by themselves whenever the file has them; CP949 and CP932 are
# what Excel writes in Korea and in Japan (supersets of EUC-KR and Shift-JIS).
ENCODINGS: Final = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "cp949",
    "cp932",
    "euc-jp",
    "gb18030",
    "big5",
    "cp1252",
)

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNIT_BYTES: Final = {"utf-16-le": 2, "utf-16-be": 2}
_LADDER: Final = ("cp949", "cp932")
_LINE_END: Final = re.compile(rb"[\r\n]+")
_JUDGED_BYTES: Final = 4096
_UNREADABLE: Final = re.compile("[\udc00-\udcff]")

# Five bytes that are no character in CP932; Python's codec gives them one all the same.
_CP932_STRAY_BYTES: Final = {0x80: 0xDC80, 0xF8F0: 0xDCA0, 0xF8F1: 0xDCFD, 0xF8F2: 0xDCFE, 0xF8F3: 0xDCFF}
_CP932_STRAY: Final = re.compile("[\x80\uf8f0-\uf8f3]")


@dataclass(frozen=True, slots=True)
class EncodingReading:
    """How a few lines of a file read in one encoding, where more than one could be meant."""

    encoding: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text without its byte order mark. Where `has_unreadable`, some rows are not `readable`.

    `readings` is empty where the encoding is certain. Else it has two or more, and the first is the one taken here.
    """

    text: str
    encoding: str
    has_unreadable: bool
    readings: tuple[EncodingReading, ...] = ()


def decode(content: bytes, chosen: str | None = None) -> Text:
    """Decode a file, in the encoding that the user chose or in the first one of the ladder that fits.

    The ladder: byte order mark, the NULs of UTF-16, UTF-8, CP949, CP932. Where nothing decodes the whole file, the
    encoding that leaves the fewest lines unreadable is taken, if they are few. Raises RefusedFileError with
    UNKNOWN_ENCODING otherwise. `chosen` is one of ENCODINGS.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark) and chosen in (None, encoding):
            return _decode_as(content[len(mark) :], encoding)
    if chosen:
        return _decode_as(content, chosen)
    if utf_16 := _utf_16_by_its_nuls(content):
        return _decode_as(content, utf_16)
    return _climb(content)


def readable(text: str) -> bool:
    """Whether every byte of the text could be decoded."""
    return _UNREADABLE.search(text) is None


def shown(text: str) -> str:
    """The text with its unreadable bytes as `\\xNN`: always valid Unicode."""
    return _UNREADABLE.sub(lambda unreadable: f"\\x{ord(unreadable[0]) - 0xDC00:02x}", text)


def _decode_as(content: bytes, encoding: str) -> Text:
    try:
        text, has_unreadable = content.decode(encoding), False
    except UnicodeDecodeError:
        text, has_unreadable = content.decode(encoding, _keeper(encoding)), True
    if encoding == "cp932" and _CP932_STRAY.search(text):
        text, has_unreadable = text.translate(_CP932_STRAY_BYTES), True
    return Text(text, encoding, has_unreadable)


def _utf_16_by_its_nuls(content: bytes) -> str | None:
    """UTF-16 without a mark. Every line has ASCII in it (an address, a delimiter, its end), and so a NUL."""
    start = content[:_JUDGED_BYTES]
    half = len(start) // 2
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > half * 0.2 and even < odd / 10:
        return "utf-16-le"
    if even > half * 0.2 and odd < even / 10:
        return "utf-16-be"
    return None


def _climb(content: bytes) -> Text:
    try:
        return Text(content.decode("utf-8"), "utf-8", has_unreadable=False)
    except UnicodeDecodeError:
        pass
    lines = [line for line in _LINE_END.split(content) if line]
    foreign = [line for line in lines if not line.isascii()]
    unreadable = {"utf-8": _count_unreadable(foreign, "utf-8")}
    # Other encodings hardly ever look like UTF-8 by chance, so a file most of whose lines do is UTF-8.
    if unreadable["utf-8"] * 2 >= len(foreign):
        for encoding in _LADDER:
            unreadable[encoding] = _count_unreadable(foreign, encoding)
            if not unreadable[encoding]:
                return _decode_as(content, encoding)
    best = min(unreadable, key=lambda encoding: unreadable[encoding])
    # In a short list one bad line is few, unless there is no other.
    few = max(len(lines) > 1, len(lines) * limits.UNREADABLE_LINES_PERCENT // 100)
    if unreadable[best] > few:
        raise RefusedFileError(Refusal.UNKNOWN_ENCODING)
    return _decode_as(content, best)


def _count_unreadable(lines: list[bytes], encoding: str) -> int:
    count = 0
    for line in lines:
        try:
            text = line.decode(encoding)
            count += encoding == "cp932" and _CP932_STRAY.search(text) is not None
        except UnicodeDecodeError:
            count += 1
    return count


def _keeper(encoding: str) -> str:
    """The name of the error handler that keeps one unit of bytes as surrogates and goes on after it.

    One unit and no more: a byte that begins a character must not take the line end after it along.
    """
    return _UTF_16_KEEPER if encoding in _UNIT_BYTES else _BYTE_KEEPER


def _keep(unit_bytes: int) -> Callable[[UnicodeError], tuple[str, int]]:
    def keep(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        end = min(error.start + unit_bytes, len(error.object))
        return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : end]), end

    return keep


_BYTE_KEEPER: Final = "addressbook.keep_byte"
_UTF_16_KEEPER: Final = "addressbook.keep_unit"
codecs.register_error(_BYTE_KEEPER, _keep(1))
codecs.register_error(_UTF_16_KEEPER, _keep(2))
