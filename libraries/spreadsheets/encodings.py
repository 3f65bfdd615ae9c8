"""The encoding of a text file: strict attempts in a fixed order, and a question where more than one could be meant.

What cannot be decoded costs its row and no other. A byte that is no text becomes a lone surrogate, U+DC00 and its
value, which no strict decoding produces: so a row that has one is known, and can be shown with the byte's value.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from libraries.spreadsheets import limits
from libraries.spreadsheets.errors import Refusal, RefusedFileError
from libraries.spreadsheets.plausible import IMPLAUSIBLE, POSSIBLE, count_letters, plausibility

# What a user may choose. Those of Unicode and ISO-2022-JP are found by themselves whenever the file has them; CP949
# and CP932 are what Excel writes in Korea and in Japan (supersets of EUC-KR and Shift-JIS).
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
    "iso-2022-jp",
    "utf-32-le",
    "utf-32-be",
)

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: its mark begins as that of UTF-32 does.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNIT_BYTES: Final = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_CANDIDATES: Final = ("cp949", "cp932", "euc-jp", "gb18030", "big5", "cp1252")

# Mail programs write Japanese, and some Korean, in seven bits, switched by escapes. Microsoft's Japanese has more
# letters than the standard.
_ESCAPE: Final = re.compile(rb"\x1b[$(]")
_SEVEN_BIT: Final = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004", "iso2022_kr")

# What a declaration says, and the codec that reads what programs really write under it.
_LABELS: Final = {
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "korean": "cp949",
    "windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
    "x-euc-jp": "euc-jp",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5-hkscs": "big5hkscs",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "unicode": "utf-16-le",
}
_LINE_END: Final = re.compile(rb"[\r\n]+")
_WITHIN_ADDRESS: Final = re.compile(rb"[\x80-\xff][A-Za-z0-9._+-]*@[A-Za-z0-9]|[A-Za-z0-9]@[A-Za-z0-9.-]*[\x80-\xff]")
# A letter of East Asia within a word of plain letters.
_GLUED: Final = re.compile("[a-z][\u2e80-\uffef]|[\u2e80-\uffef][a-z]")
_JUDGED_BYTES: Final = 4096
_TWO_BYTES: Final = "\u07ff"
_SCRIPTS: Final = frozenset({"LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC"})
_PLAUSIBLE_BYTES: Final = 64 * 1024
_SHOWN_LINES: Final = 3
# Of four letters in another encoding, all are among the common ones of Korean once in a thousand times.
_TELLING_LETTERS: Final = 5
_END_CHARACTERS: Final = 2_000
_SHOWN_BYTES: Final = 400
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

    def without_end_mark(self) -> "Text":
        """Without the Ctrl-Z by which programs of DOS end a text, or NULs that fill it up, and what is blank behind."""
        stripped = self.text[-_END_CHARACTERS:].rstrip("\0\r\n \x1a")
        end = len(self.text) - min(len(self.text), _END_CHARACTERS) + len(stripped)
        marks = [mark for sign in "\x1a\0" if (mark := self.text.find(sign, end)) >= 0]
        return replace(self, text=self.text[: min(marks)]) if marks else self


def decode(content: bytes, chosen: str | None = None, stated: str | None = None) -> Text:
    """Decode a file, in the encoding that the user chose or in the one that fits.

    In this order: byte order mark, the NULs of UTF-16 and UTF-32, the escapes of ISO-2022-JP, what the file itself
    states (`stated`), UTF-8, and then whatever is plausible. Where several are, `readings` shows them. Where nothing
    decodes the whole file, the encoding that leaves the fewest lines unreadable is taken, if they are few. Raises
    RefusedFileError with UNKNOWN_ENCODING otherwise. `chosen` is one of ENCODINGS.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark) and chosen in (None, encoding):
            return decode_as(content[len(mark) :], encoding)
    if chosen:
        return decode_as(content, chosen)
    if wide := _wide_by_its_nuls(content):
        return decode_as(content, wide)
    if content.isascii():
        return _decode_escaped(content) or Text(content.decode("ascii"), "utf-8", has_unreadable=False)
    try:
        text = Text(content.decode("utf-8"), "utf-8", has_unreadable=False)
    except UnicodeDecodeError:
        return (stated and _decode_stated(content, stated)) or _climb(content)
    return _doubted(content, text)


def looks_east_asian(content: bytes) -> bool:
    """Whether a text that says it is Western is Korean, Japanese or Chinese beyond doubt."""
    found = {encoding: plausibility(content.decode(encoding, "ignore"), encoding) for encoding in _CANDIDATES}
    western = found.pop("cp1252")
    return max(found.values()) > max(western, POSSIBLE)


def codec_of_label(label: str) -> str | None:
    """The codec for what a declaration calls an encoding; None for none that is known."""
    label = label.strip().lower()
    name = _LABELS.get(label, label)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return name if found._is_text_encoding and found.name not in ("idna", "punycode", "unicode_escape") else None


def readable(text: str) -> bool:
    """Whether every byte of the text could be decoded."""
    return _UNREADABLE.search(text) is None


def shown(text: str) -> str:
    """The text with its unreadable bytes as `\\xNN`: always valid Unicode."""
    return _UNREADABLE.sub(lambda unreadable: f"\\x{ord(unreadable[0]) - 0xDC00:02x}", text)


def decode_as(content: bytes, encoding: str) -> Text:
    if encoding == "iso-2022-jp" and (escaped := _decode_escaped(content)):
        return escaped
    try:
        text, has_unreadable = content.decode(encoding), False
    except UnicodeDecodeError:
        text, has_unreadable = content.decode(encoding, _keeper(encoding)), True
    if encoding == "cp932" and _CP932_STRAY.search(text):
        text, has_unreadable = text.translate(_CP932_STRAY_BYTES), True
    return Text(text, encoding, has_unreadable)


def _wide_by_its_nuls(content: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark. Every line has ASCII in it (an address, a delimiter, its end), so has NULs."""
    start = content[:_JUDGED_BYTES]
    quarter = len(start) // 4
    nuls = [start[place::4].count(0) for place in range(4)]
    if quarter and min(nuls[2], nuls[3]) > quarter * 0.9 and nuls[0] < quarter * 0.1:
        return "utf-32-le"
    if quarter and min(nuls[0], nuls[1]) > quarter * 0.9 and nuls[3] < quarter * 0.1:
        return "utf-32-be"
    half = len(start) // 2
    even, odd = nuls[0] + nuls[2], nuls[1] + nuls[3]
    if odd > half * 0.2 and even < odd / 10:
        return "utf-16-le"
    if even > half * 0.2 and odd < even / 10:
        return "utf-16-be"
    return None


def _decode_escaped(content: bytes) -> Text | None:
    if not _ESCAPE.search(content):
        return None
    for codec in _SEVEN_BIT:
        try:
            return Text(content.decode(codec), "iso-2022-jp", has_unreadable=False)
        except UnicodeDecodeError:
            continue
    return None


def _decode_stated(content: bytes, stated: str) -> Text | None:
    codec = codec_of_label(stated)
    if codec is None:
        return None
    try:
        return Text(content.decode(codec), codec, has_unreadable=False)
    except UnicodeDecodeError:
        return None


def _doubted(content: bytes, text: Text) -> Text:
    """UTF-8, or a question: a name of one or two letters may be UTF-8 by chance, in letters that nobody mixes."""
    letters = {letter for letter in text.text if letter > "\x7f"}
    if len(letters) >= _TELLING_LETTERS or any(letter > _TWO_BYTES for letter in letters):
        return text
    scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in letters if letter > "\xff"}
    if len(scripts) == 0 or (len(scripts) == 1 and scripts < _SCRIPTS):
        return text
    other = [line for line in _LINE_END.split(content) if not line.isascii()]
    rivals = [name for name in _CANDIDATES if name != "cp1252" and not _count_unreadable(other, name)]
    return replace(text, readings=_readings(other, ["utf-8", *rivals])) if rivals else text


def _climb(content: bytes) -> Text:
    lines = [line for line in _LINE_END.split(content) if line]
    foreign = [line for line in lines if not line.isascii()]
    # In a short list one bad line is few, unless there is no other.
    few = max(len(lines) > 1, len(lines) * limits.UNREADABLE_LINES_PERCENT // 100)
    unreadable = {"utf-8": _count_unreadable(foreign, "utf-8")}
    # Other encodings hardly ever look like UTF-8 by chance, so a file most of whose lines do is UTF-8.
    if unreadable["utf-8"] * 2 >= len(foreign):
        for encoding in _CANDIDATES:
            unreadable[encoding] = _count_unreadable(foreign, encoding)
        plausible = _most_plausible(foreign, {name: count for name, count in unreadable.items() if count <= few})
        if plausible:
            text = decode_as(content, plausible[0])
            return replace(text, readings=_readings(foreign, plausible)) if len(plausible) > 1 else text
    best = min(unreadable, key=lambda encoding: unreadable[encoding])
    if unreadable[best] > few:
        raise RefusedFileError(Refusal.UNKNOWN_ENCODING)
    return decode_as(content, best)


def _most_plausible(foreign: list[bytes], unreadable: dict[str, int]) -> list[str]:
    """The encodings that leave few lines unreadable and are the most plausible of these; several where it is open."""
    sample = b"\n".join(foreign)[:_PLAUSIBLE_BYTES]
    readings = {encoding: sample.decode(encoding, "ignore") for encoding in unreadable if encoding != "utf-8"}
    judged = {encoding: plausibility(text, encoding) for encoding, text in readings.items()}
    if len(judged) > 1 and any(map(_WITHIN_ADDRESS.search, foreign)):
        # A letter of the West within an address is a bad byte rather than a part of it.
        judged.pop("cp1252", None)
    whole = [
        name
        for name, level in judged.items()
        if not unreadable[name] and (level or (name != "cp1252" and not _GLUED.search(readings[name])))
    ]
    best = max(judged.values(), default=IMPLAUSIBLE)
    if best > POSSIBLE:
        found = [encoding for encoding, level in judged.items() if level == best]
        if min(count_letters(readings[encoding]) for encoding in found) < _TELLING_LETTERS:
            # One name or word proves nothing, however common its letters are.
            found = list(dict.fromkeys([*found, *whole]))
    else:
        # None of them is what people usually write. All that read the whole of it may be meant. A single one that
        # reads like nothing is no answer, either.
        found = whole if len(whole) > 1 or (whole and best) else list(judged)
    return sorted(found, key=lambda encoding: (-judged[encoding], unreadable[encoding]))


def _readings(foreign: list[bytes], candidates: list[str]) -> tuple[EncodingReading, ...]:
    """How the same few lines read in each of the encodings."""
    shown_lines = foreign[:_SHOWN_LINES]
    return tuple(
        EncodingReading(
            encoding,
            tuple(
                shown(decode_as(line[:_SHOWN_BYTES], encoding).text)[: limits.LAYOUT_CELL_CHARACTERS]
                for line in shown_lines
            ),
        )
        for encoding in candidates
    )


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
    return _KEEPERS[_UNIT_BYTES.get(encoding, 1)]


def _keep(unit_bytes: int) -> Callable[[UnicodeError], tuple[str, int]]:
    def keep(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        end = min(error.start + unit_bytes, len(error.object))
        return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : end]), end

    return keep


_KEEPERS: Final = {unit_bytes: f"addressbook.keep_{unit_bytes}" for unit_bytes in (1, 2, 4)}
for _unit_bytes, _name in _KEEPERS.items():
    codecs.register_error(_name, _keep(_unit_bytes))
