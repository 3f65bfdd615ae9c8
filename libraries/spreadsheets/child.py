"""The disposable process in which a file is judged and parsed. Run as `python -m libraries.spreadsheets.child`.

It reads one request from standard input and writes messages to standard output: the length in four bytes, then JSON.
First the layout, then batches of rows, at the end `{"end": true}`; or one refusal, after which nothing follows. What
limits it sets on itself holds for every library it loads afterwards. It knows no Django and gets no environment, so a
file that takes it over finds no secret in it.
"""

import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from libraries.spreadsheets import limits

LENGTH: Final = struct.Struct(">I")
Message = dict[str, Any]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get among the messages.
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.read())
    _limit_resources()
    try:
        for message in _messages(request):
            _send(output, message)
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more: not even a clean ending is of use


def _limit_resources() -> None:
    """Limit memory, processor time and files. macOS does not know all of these limits; the parent's clock is left."""
    memory, seconds = limits.READER_MEMORY_BYTES, limits.READER_CPU_SECONDS
    for name, soft, hard in (
        ("RLIMIT_AS", memory, memory),
        ("RLIMIT_DATA", memory, memory),
        ("RLIMIT_CPU", seconds, seconds + 1),
        ("RLIMIT_FSIZE", 0, 0),
        ("RLIMIT_CORE", 0, 0),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (soft, hard))
        except (AttributeError, ValueError, OSError):
            continue


def _messages(request: Message) -> Iterator[Message]:
    # Imported under the limits, and after them so that a slow disk is not taken for a slow file.
    from libraries.spreadsheets.errors import Refusal, RefusedFileError

    try:
        yield from _read(request)
    except RefusedFileError as refused:
        yield {"refused": refused.code, "detail": refused.detail}
    except MemoryError:
        yield {"refused": Refusal.TOO_MUCH_MEMORY, "detail": {}}
    except (KeyboardInterrupt, BrokenPipeError, GeneratorExit):
        raise
    except BaseException:  # the panics of python-calamine derive from it
        yield {"refused": Refusal.DAMAGED, "detail": {}}


def _read(request: Message) -> Iterator[Message]:
    from libraries.spreadsheets.guard import admit
    from libraries.spreadsheets.layout import Choice, find_layout
    from libraries.spreadsheets.rows import read_others, read_rows
    from libraries.spreadsheets.sources import open_source

    choice = Choice(**request["choice"])
    with Path(request["path"]).open("rb") as file:
        content = file.read(limits.UPLOAD_FILE_BYTES + 1)
        size = os.fstat(file.fileno()).st_size
    admitted = admit(content, request["name"], size)
    found = find_layout(admitted.kind, open_source(admitted, choice.encoding, choice.delimiter), choice)
    yield {"layout": found.layout.as_json()}
    if request["layout_only"]:
        return
    batches = read_rows(found.table, found.layout, with_cells=request["with_cells"])
    if not request["with_cells"]:
        batches = chain(batches, read_others(found.others))
    for batch in batches:
        columns = [batch.first, batch.emails, batch.groups, batch.defects, batch.cells, list(batch.hidden)]
        yield {"rows": [*columns, list(batch.outside), batch.sheet, batch.is_unread]}
    yield {"end": True}


def _send(output: BinaryIO, message: Message) -> None:
    data = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(data) > limits.READER_MESSAGE_BYTES:
        data = json.dumps({"refused": "unpacked_too_large", "detail": {"limit": limits.READER_MESSAGE_BYTES}}).encode()
    output.write(LENGTH.pack(len(data)))
    output.write(data)
    output.flush()


if __name__ == "__main__":
    main()
