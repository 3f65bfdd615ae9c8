"""Log lines: JSON objects for machines (the default), or plain lines, each with the id of the request it belongs to.

Addresses are taken out here again: an exception of a library or a database may quote one, and nothing later looks.
"""

import json
import logging
import os
import platform
import re
from datetime import UTC, datetime
from typing import Any, Final

from libraries.outbound_mailer.redaction import without_addresses
from workspace import request_ids

FORMATS: Final = ("json", "line")

# What has an @ and is no address: who signs in to a server (left out, with the password), and the names that our
# processes have among Celery's (Procfile), with the name of a machine behind: no address has a domain without a dot.
_SIGN_IN_OF_URL: Final = re.compile(r"\b([a-z][a-z0-9+.-]{1,20}://)[^\s/?#\"'<>]*@(?=[\w\[.])", re.IGNORECASE)
_NODE: Final = re.compile(
    r"\b(worker|changes|downloads|mail|sync|celery)@"
    rf"({re.escape(platform.node()) or 'localhost'}|[\w-]+)(?![\w.@%-]*\w)"
)
# Stands for the @ of a node while addresses are taken out; no text has it.
_AT: Final = "\ue000"


def cleaned(text: str) -> str:
    """The text without addresses, and without what signs in to the servers that it names."""
    text = _SIGN_IN_OF_URL.sub(r"\1", text.replace(_AT, " "))
    return without_addresses(_NODE.sub(rf"\1{_AT}\2", text)).replace(_AT, "@")


class _IdFilter(logging.Filter):
    """Notes the id on the record, in the thread that logs: a handler may write it from another."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_ids.current()
        return True


class _ExpectedFilter(logging.Filter):
    """Takes the traceback off a refused request: who may not do something is no fault, and anybody can cause lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True


class LineFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.__dict__.setdefault("request_id", "")
        text = super().format(record)
        fields = getattr(record, "fields", None)
        return cleaned(f"{text} {fields}" if fields else text)


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message; request_id where there is one; error with a traceback.

    `extra={"fields": {...}}` adds fields of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": cleaned(record.getMessage()),
            "process": record.process,
        }
        if request_id := getattr(record, "request_id", ""):
            entry["request_id"] = request_id
        for name, value in getattr(record, "fields", {}).items():
            entry[name] = cleaned(value) if isinstance(value, str) else value
        if record.exc_info:
            entry["error"] = cleaned(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False, default=str)


def write_at_once(text: str, *_: object) -> None:
    """A line from the handler of a signal, which must not wait for a lock that the interrupted code may hold."""
    name, formatter = "celery.apps.worker", logging.root.handlers[0].formatter if logging.root.handlers else None
    record = logging.LogRecord(name, logging.WARNING, "", 0, text.strip(), None, None)
    os.write(2, f"{(formatter or JsonFormatter()).format(record)}\n".encode())


def configuration(kind: str, level: str) -> dict[str, Any]:
    """The LOGGING of Django, and of gunicorn's own lines. An unknown kind is taken for JSON."""
    formatter = "mailerconsole.logs.LineFormatter" if kind == "line" else "mailerconsole.logs.JsonFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "mailerconsole.logs._IdFilter"},
            "expected": {"()": "mailerconsole.logs._ExpectedFilter"},
        },
        "formatters": {"chosen": {"()": formatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "chosen", "filters": ["request_id"]},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django would mail tracebacks, and print query parameters at DEBUG: neither may carry an address out.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.db.backends": {"level": "INFO"},
            "django.request": {"filters": ["expected"]},
            # A line for each message, and another for its end: mailerconsole.celery writes those that matter.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
        },
    }
