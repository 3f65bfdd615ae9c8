"""Reading a file from outside: the parent's side of the child process that parses it."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from libraries.spreadsheets import limits
from libraries.spreadsheets.child import LENGTH
from libraries.spreadsheets.errors import Defect, Refusal, RefusedFileError
from libraries.spreadsheets.layout import Choice, Layout
from libraries.spreadsheets.outside import OutsideCell
from libraries.spreadsheets.rows import Batch

_PROJECT: Final = Path(__file__).resolve().parents[2]
_COMMAND: Final = (sys.executable, "-s", "-P", "-B", "-X", "utf8", "-m", "libraries.spreadsheets.child")
_ENVIRONMENT: Final = {"PYTHONPATH": str(_PROJECT)}
_PIPE_BYTES: Final = 1024 * 1024

# A parser in Rust aborts where it gets no memory; where the machine itself has none left, the kernel kills.
_DEATHS: Final[dict[int, Refusal]] = {
    signal.SIGABRT: Refusal.TOO_MUCH_MEMORY,
    signal.SIGKILL: Refusal.TOO_MUCH_MEMORY,
    signal.SIGXCPU: Refusal.TOO_SLOW,
    signal.SIGSEGV: Refusal.DAMAGED,
    signal.SIGBUS: Refusal.DAMAGED,
    signal.SIGILL: Refusal.DAMAGED,
    signal.SIGTRAP: Refusal.DAMAGED,
}


class Reading:
    """A file being read: its layout at once, then its rows in batches, once. Use it with `with`, or `close` it.

    However the child process ends, this raises RefusedFileError with a code, and no process is left behind.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, name: str, choice: Choice, with_cells: bool, layout_only: bool
    ) -> None:
        request = {
            "path": os.fspath(Path(path).resolve(strict=True)),
            "name": name,
            "choice": asdict(choice),
            "with_cells": with_cells,
            "layout_only": layout_only,
        }
        self._child = _start(json.dumps(request).encode())
        self._buffer = bytearray()
        self._selector = selectors.DefaultSelector()
        assert self._child.stdout is not None  # noqa: S101 - it was started with a pipe
        self._selector.register(self._child.stdout, selectors.EVENT_READ)
        try:
            self.layout = self._receive_layout()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Batch]:
        try:
            while True:
                message = self._receive()
                if "end" in message:
                    return
                yield _batch(message)
        finally:
            self.close()

    def close(self) -> None:
        """End the child, whatever it is doing. May be called at any time, and again."""
        self._child.kill()
        self._child.wait()
        self._selector.close()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _receive_layout(self) -> Layout:
        try:
            return Layout.from_json(self._receive()["layout"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RefusedFileError(Refusal.READER_FAILED) from None

    def _receive(self) -> dict[str, Any]:
        """The next message. Raises RefusedFileError for the child's refusal, its death, its silence, its nonsense."""
        (length,) = LENGTH.unpack(self._take(LENGTH.size))
        if length > limits.READER_MESSAGE_BYTES:
            raise RefusedFileError(Refusal.READER_FAILED)
        try:
            message = json.loads(self._take(length))
            if "refused" in message:
                raise RefusedFileError(Refusal(message["refused"]), **message["detail"])
        except (ValueError, TypeError, KeyError):
            raise RefusedFileError(Refusal.READER_FAILED) from None
        if not isinstance(message, dict):
            raise RefusedFileError(Refusal.READER_FAILED)
        return message

    def _take(self, count: int) -> bytes:
        """So many bytes of the child's output, waiting no longer than limits.READER_SILENCE_SECONDS in all."""
        output = self._child.stdout
        assert output is not None  # noqa: S101 - it was started with a pipe
        deadline = time.monotonic() + limits.READER_SILENCE_SECONDS
        while len(self._buffer) < count:
            if not self._selector.select(max(deadline - time.monotonic(), 0)):
                raise RefusedFileError(Refusal.TOO_SLOW)
            received = os.read(output.fileno(), _PIPE_BYTES)
            if not received:
                raise RefusedFileError(self._cause_of_death())
            self._buffer += received
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _cause_of_death(self) -> Refusal:
        try:
            status = self._child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return Refusal.READER_FAILED
        return _DEATHS.get(-status, Refusal.READER_FAILED)


def read(path: str | os.PathLike[str], *, name: str, choice: Choice | None = None, with_cells: bool = False) -> Reading:
    """Begin to read a file. `name` is the one that its owner gave it: it must fit the content.

    With `choice`, what it decides is not searched for: `layout.as_choice()` of a check reads the same rows again.
    With `with_cells`, every row comes with all of its cells. Raises RefusedFileError here or while it is iterated,
    within ten seconds of reading, and FileNotFoundError.
    """
    return Reading(path, name=name, choice=choice or Choice(), with_cells=with_cells, layout_only=False)


def inspect(path: str | os.PathLike[str], *, name: str, choice: Choice | None = None) -> Layout:
    """Where the addresses stand in a file. Raises what `read` raises."""
    with Reading(path, name=name, choice=choice or Choice(), with_cells=False, layout_only=True) as reading:
        return reading.layout


def _start(request: bytes) -> subprocess.Popen[bytes]:
    try:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            bufsize=0,
        )
    except OSError:
        raise RefusedFileError(Refusal.READER_FAILED) from None
    assert child.stdin is not None  # noqa: S101 - it was started with a pipe
    # A child that is dead already says so when its output is read.
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(request)
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    return child


def _batch(message: dict[str, Any]) -> Batch:
    try:
        first, emails, groups, defects, cells, hidden, outside, sheet, is_unread = message["rows"]
        by_index = {int(index): Defect(code) for index, code in defects.items()}
        found = [OutsideCell(*cell) for cell in outside]
        return Batch(first, emails, groups, by_index, cells, hidden, found, sheet, is_unread)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RefusedFileError(Refusal.READER_FAILED) from None
