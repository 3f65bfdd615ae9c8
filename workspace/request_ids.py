"""The id of the request that this thread or task works for: in its log lines, and on the jobs that it causes."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# What a proxy may send along. Nothing that an address, a path or another field of a log line needs.
_VALID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")

MOST_CHARACTERS: Final = 64

# Of a Celery message.
MESSAGE_HEADER: Final = "request_id"

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id; empty outside of requests, as in sweeps."""
    return _current.get()


def chosen(offered: str | None) -> str:
    """The offered id when it is one, else a new one."""
    return offered if offered and _VALID.fullmatch(offered) else uuid.uuid4().hex


@contextmanager
def working_for(request_id: str) -> Iterator[None]:
    """Everything inside is done for this request."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def begin(request_id: str) -> None:
    """As `working_for`, where the end is told by `begin("")`: Celery's signals."""
    _current.set(request_id)
