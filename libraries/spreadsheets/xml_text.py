"""XML parts of workbooks and XML files as UTF-8, without anything that makes a parser do more than read."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from libraries.spreadsheets.encodings import codec_of_label
from libraries.spreadsheets.errors import Refusal, RefusedFileError

_DECLARATION: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONGEST_TOKEN: Final = 64
_PROLOGUE: Final = re.compile(rb"\s*<\?xml[^>]{0,400}\?>")
_STATED_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_UTF_8: Final = frozenset({"utf-8", "us-ascii", "ascii", "utf8"})


def is_utf_8(start: bytes) -> bool:
    """Whether a part that begins so can be read as it is."""
    return _stated_codec(start) is None


def as_utf_8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The part in UTF-8, whatever its declaration says it is in. Raises RefusedFileError for a document type."""
    first = next(chunks, b"")
    codec = _stated_codec(first)
    return _checked(chain((first,), chunks) if codec is None else _transcoded(chain((first,), chunks), codec))


def _stated_codec(start: bytes) -> str | None:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(b"<\0"):
        return "utf-16-le"
    if start.startswith(b"\0<"):
        return "utf-16-be"
    prologue = _PROLOGUE.match(start.removeprefix(codecs.BOM_UTF8))
    stated = prologue and _STATED_ENCODING.search(prologue[0])
    if not stated or stated[1].decode().lower() in _UTF_8:
        return None
    codec = codec_of_label(stated[1].decode())
    # What says UTF-16 in single bytes is UTF-8: a program has converted it and left the declaration.
    return None if codec is None or codec.startswith("utf") else codec


def _transcoded(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    begun = False
    try:
        for chunk in chain(chunks, (b"",)):
            text = decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogatepass")
            if not begun and text:
                text, begun = _PROLOGUE.sub(b"", text.removeprefix(codecs.BOM_UTF8), count=1), True
            if text:
                yield text
    except UnicodeDecodeError:
        raise RefusedFileError(Refusal.DAMAGED) from None


def _checked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, each looked at before it is handed on, together with the end of the one before."""
    end = b""
    for chunk in chunks:
        seen = end + chunk
        if b"<!" in seen and _DECLARATION.search(seen):
            raise RefusedFileError(Refusal.UNSAFE_XML)
        end = chunk[-_LONGEST_TOKEN:]
        yield chunk
