"""The simulator's state: one SQLite database, in memory or in a file that outlives the process.

Each book is a set of addresses with groups over it. Triggers keep the counts, so that they are true whatever
statement changes the rows, and reading them costs nothing however large the book is.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS books (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL UNIQUE, address_count INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS groups (
    sid INTEGER PRIMARY KEY AUTOINCREMENT, book INTEGER NOT NULL, name TEXT NOT NULL,
    address_count INTEGER NOT NULL DEFAULT 0, UNIQUE (book, name));
CREATE TABLE IF NOT EXISTS addresses (
    id INTEGER PRIMARY KEY, book INTEGER NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL, UNIQUE (book,
    key));
CREATE TABLE IF NOT EXISTS memberships (
    sid INTEGER NOT NULL REFERENCES groups ON DELETE CASCADE,
    address INTEGER NOT NULL REFERENCES addresses ON DELETE CASCADE,
    PRIMARY KEY (sid, address)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS memberships_of_address ON memberships (address);
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, book INTEGER NOT NULL, due REAL, entries TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, place TEXT NOT NULL, key TEXT,
    content TEXT NOT NULL, UNIQUE (kind, place, key));
CREATE TABLE IF NOT EXISTS mail_requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, request_id TEXT NOT NULL UNIQUE,
    requested_at REAL NOT NULL, listed_at REAL, ready_at REAL NOT NULL, starts_at REAL, done_at REAL,
    seconds_each REAL NOT NULL, first_mail INTEGER NOT NULL UNIQUE, mail_count INTEGER NOT NULL,
    recipient_count INTEGER NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, head TEXT NOT NULL,
    outcomes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    request INTEGER NOT NULL, position INTEGER NOT NULL, mail INTEGER NOT NULL, address TEXT NOT NULL, name TEXT,
    type TEXT NOT NULL, parameters TEXT, status TEXT NOT NULL, code TEXT, message TEXT, retries INTEGER NOT NULL,
    received INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS deliveries_in_order ON deliveries (request, position);
CREATE INDEX IF NOT EXISTS deliveries_to_address ON deliveries (address);
CREATE TABLE IF NOT EXISTS send_blocks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, address TEXT NOT NULL, code TEXT NOT NULL,
    message TEXT, since REAL NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS send_blocks_of_address ON send_blocks (place, address);
CREATE TRIGGER IF NOT EXISTS address_in AFTER INSERT ON addresses BEGIN
    UPDATE books SET address_count = address_count + 1 WHERE id = NEW.book; END;
CREATE TRIGGER IF NOT EXISTS address_out AFTER DELETE ON addresses BEGIN
    UPDATE books SET address_count = address_count - 1 WHERE id = OLD.book; END;
CREATE TRIGGER IF NOT EXISTS member_in AFTER INSERT ON memberships BEGIN
    UPDATE groups SET address_count = address_count + 1 WHERE sid = NEW.sid; END;
CREATE TRIGGER IF NOT EXISTS member_out AFTER DELETE ON memberships BEGIN
    UPDATE groups SET address_count = address_count - 1 WHERE sid = OLD.sid; END;
"""
_TABLES = (
    "memberships",
    "addresses",
    "groups",
    "jobs",
    "documents",
    "books",
    "deliveries",
    "mail_requests",
    "send_blocks",
)
_FOUND = "kind = ? AND place = ? AND COALESCE(key, CAST(number AS TEXT)) = ?"


class Database:
    """Not safe between threads by itself: the gateway handles one request at a time."""

    def __init__(self, path: Path | None) -> None:
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA foreign_keys = ON")
        # A killed process loses nothing; only a crash of the machine could, and no simulation outlives that.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested ones belong to the outermost."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, statement: str, *values: Any) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def run_many(self, statement: str, values: Iterable[tuple[Any, ...]]) -> None:
        self._connection.executemany(statement, values)

    def clear(self) -> None:
        """Forgets everything but the numbers already given out."""
        with self.transaction():
            for table in _TABLES:
                self.run(f"DELETE FROM {table}")  # noqa: S608  # names from above

    # Documents: what is neither address book nor mail is small, and kept as JSON ----------------------------------

    # A document without a key of its own is found by its number.

    def add(self, kind: str, place: str, content: dict[str, Any], key: str | None = None) -> int:
        """Stores a new document and returns its number."""
        insert = "INSERT INTO documents (kind, place, key, content) VALUES (?, ?, ?, ?)"
        return self.run(insert, kind, place, key, json.dumps(content)).lastrowid or 0

    def document(self, kind: str, place: str, key: str) -> dict[str, Any] | None:
        found = self.rows(f"SELECT content FROM documents WHERE {_FOUND}", kind, place, key)  # noqa: S608
        return json.loads(found[0][0]) if found else None

    def documents(self, kind: str, place: str) -> list[tuple[str, dict[str, Any]]]:
        """(key, content) pairs, oldest first."""
        select = (
            "SELECT COALESCE(key, CAST(number AS TEXT)), content FROM documents "
            "WHERE kind = ? AND place = ? ORDER BY number"
        )
        return [(key, json.loads(content)) for key, content in self.rows(select, kind, place)]

    def replace(self, kind: str, place: str, key: str, content: dict[str, Any]) -> None:
        self.run(f"UPDATE documents SET content = ? WHERE {_FOUND}", json.dumps(content), kind, place, key)  # noqa: S608

    def remove(self, kind: str, place: str, key: str) -> None:
        self.run(f"DELETE FROM documents WHERE {_FOUND}", kind, place, key)  # noqa: S608
