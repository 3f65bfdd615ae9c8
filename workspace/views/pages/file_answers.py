"""A file as an answer: whole, or the part that was asked for (RFC 9110, section 14)."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, NamedTuple

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from workspace import limits

_CHUNK_BYTES: Final = 64 * 1024
# One range; several at once nobody asks for of such a file, and whoever does gets all of it.
# More than 19 digits is no place in a file, and beyond some thousands Python reads no number.
_RANGE: Final = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class ManyFilesError(Exception):
    """This process sends limits.FILES_SENT_AT_ONCE files already."""


class Place:
    """One of the places for files that a process sends at once; given back at `leave`, once."""

    _free = threading.BoundedSemaphore(limits.FILES_SENT_AT_ONCE)

    def __init__(self) -> None:
        """Raises ManyFilesError. It does not wait: that would hold the thread that a page needs."""
        if not self._free.acquire(blocking=False):
            raise ManyFilesError
        self._is_left = False

    def leave(self) -> None:
        if not self._is_left:
            self._is_left = True
            self._free.release()


@contextmanager
def place() -> Iterator[Place]:
    """A place, kept where nothing goes wrong within. Raises ManyFilesError."""
    taken = Place()
    try:
        yield taken
    except BaseException:
        taken.leave()
        raise


class Held:
    """A file that gives its place back when it is closed."""

    def __init__(self, file: IO[bytes], place: Place) -> None:
        self._file = file
        self._place = place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        self._place.leave()
        self._file.close()


class Part(NamedTuple):
    """Bytes from `start` to before `end`."""

    start: int
    end: int


class UnsatisfiableRangeError(Exception):
    """The file ends before the part begins."""


def wanted_part(header: str, if_range: str, *, size: int, etag: str) -> Part | None:
    """The part that a request asks for; None for the whole file, which a changed file and an unread header get too.

    Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "" or (if_range and if_range != etag):
        return None
    if match[1] == "":
        part = Part(max(0, size - int(match[2])), size)
    else:
        part = Part(int(match[1]), min(int(match[2]) + 1, size) if match[2] else size)
        if match[2] and int(match[2]) < int(match[1]):
            return None
    if part.start >= part.end:
        raise UnsatisfiableRangeError
    return part


def file_answer(
    file: IO[bytes], *, place: Place, name: str, content_type: str, size: int, etag: str, part: Part | None
) -> HttpResponseBase:
    """The file to be saved under `name`, not shown.

    It is closed and its place given back at the end, or when the client goes away.
    """
    start, end = part or Part(0, size)
    answer = StreamingHttpResponse(
        _Bytes(Held(file, place), start, end), content_type=content_type, status=206 if part else 200
    )
    if part is not None:
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _described(answer, end - start, name, etag)


def head_answer(*, name: str, content_type: str, size: int, etag: str) -> HttpResponse:
    answer = HttpResponse(content_type=content_type)
    _described(answer, size, name, etag)
    return answer


def unsatisfiable(size: int) -> HttpResponse:
    return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}, content_type="text/plain")


def _described(answer: HttpResponseBase, length: int, name: str, etag: str) -> HttpResponseBase:
    answer.headers["Content-Length"] = str(length)
    answer.headers["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    # Says too that the bytes are to stay as they are: see `middleware.PagesGZipMiddleware`.
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = etag
    return answer


class _Bytes:
    def __init__(self, file: Held, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self._end - self._start
        while left > 0 and (chunk := self._file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()
