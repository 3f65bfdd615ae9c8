"""The parent and its child: whatever happens to the child, the parent gets a code and goes on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from libraries import spreadsheets
from libraries.spreadsheets import Choice, Layout, Reading, Refusal, RefusedFileError, child, limits, reading
from tests.libraries.spreadsheets import files

LAYOUT = {
    "kind": "text",
    "sheets": [],
    "sheet": None,
    "encoding": "utf-8",
    "delimiter": "",
    "header_row": None,
    "email_column": 0,
    "group_column": None,
    "columns": [],
    "sample": [],
}


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "stored"
    path.write_text("Email,Group\n" + "".join(f"user{n}@example.com,g{n % 3}\n" for n in range(2_500)))
    return path


def speak(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a child in place that does not keep to the protocol."""
    start = f"import os, signal, struct, sys, time\nlayout = {json.dumps(json.dumps({'layout': LAYOUT}))}.encode()\n"
    start += "def send(data): os.write(1, struct.pack('>I', len(data)) + data)\n"
    monkeypatch.setattr(reading, "_COMMAND", (sys.executable, "-c", start + script))


def refusal(path: Path) -> Refusal:
    with pytest.raises(RefusedFileError) as refused, spreadsheets.read(path, name="list.csv") as found:
        for _ in found:
            pass
    return refused.value.code


def test_rows_come_in_batches_with_their_numbers(stored: Path) -> None:
    with spreadsheets.read(stored, name="list.csv") as found:
        batches = list(found)
    assert max(map(len, batches)) <= limits.READER_BATCH_ROWS
    rows = [row for batch in batches for row in batch]
    assert [row.number for row in rows] == list(range(2, 2_502))
    assert rows[-1] == (2_501, "user2499@example.com", "g0", None, None, False)


def test_same_rows_come_again_with_the_layout_as_choice(stored: Path) -> None:
    layout = spreadsheets.inspect(stored, name="list.csv")
    with spreadsheets.read(stored, name="list.csv", choice=layout.as_choice()) as found:
        assert found.layout == layout
        assert sum(map(len, found)) == 2_500


def test_layout_survives_json(stored: Path) -> None:
    layout = spreadsheets.inspect(stored, name="list.csv")
    assert Layout.from_json(json.loads(json.dumps(layout.as_json()))) == layout


def test_choice_overrides_every_part(stored: Path) -> None:
    choice = Choice(header_row=3, email_column=1, group_column=0, delimiter=",", encoding="cp1252")
    with spreadsheets.read(stored, name="list.csv", choice=choice) as found:
        first = next(row for batch in found for row in batch)
    assert first == (4, "g2", "user2@example.com", None, None, False)


def test_nothing_is_read_while_no_column_is_known(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_text("one\ntwo\n")
    with spreadsheets.read(path, name="list.txt") as found:
        assert found.layout.email_column is None
        assert list(found) == []


def test_leaving_early_ends_the_child(stored: Path) -> None:
    with spreadsheets.read(stored, name="list.csv") as found:
        next(iter(found))
    assert found._child.returncode is not None
    found.close()


def test_lost_file_is_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spreadsheets.read(tmp_path / "gone", name="list.csv")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os.abort()", Refusal.TOO_MUCH_MEMORY),
        ("os.kill(os.getpid(), signal.SIGKILL)", Refusal.TOO_MUCH_MEMORY),
        ("os.kill(os.getpid(), signal.SIGXCPU)", Refusal.TOO_SLOW),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Refusal.DAMAGED),
        ("sys.exit(3)", Refusal.READER_FAILED),
        ("os.write(1, b'rubbish' * 1000)", Refusal.READER_FAILED),
        ("send(b'rubbish')", Refusal.READER_FAILED),
        ("send(b'[]')", Refusal.READER_FAILED),
        ("send(b'{}')", Refusal.READER_FAILED),
        ("send(b'7')", Refusal.READER_FAILED),
        ("send(layout)", Refusal.READER_FAILED),
        ("send(layout); send(b'{\"rows\": [1, 2]}')", Refusal.READER_FAILED),
        ('send(layout); send(b\'{"refused": "unheard of", "detail": {}}\')', Refusal.READER_FAILED),
        ("send(layout); os.write(1, struct.pack('>I', 2**31))", Refusal.READER_FAILED),
    ],
)
def test_every_end_of_the_child_is_a_refusal(
    stored: Path, monkeypatch: pytest.MonkeyPatch, end: str, code: Refusal
) -> None:
    speak(monkeypatch, end)
    assert refusal(stored) is code


@pytest.mark.parametrize("last", ["", "send(layout)", "os.write(1, b'\\0')"])
def test_child_that_falls_silent_is_ended(stored: Path, monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    monkeypatch.setattr(limits, "READER_SILENCE_SECONDS", 1)
    speak(monkeypatch, f"{last}\ntime.sleep(600)")
    assert refusal(stored) is Refusal.TOO_SLOW


def test_child_that_sleeps_is_gone_after_close(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speak(monkeypatch, "send(layout)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)")
    found: Reading = spreadsheets.read(stored, name="list.csv")
    process = found._child.pid
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_child_that_cannot_start_is_a_refusal(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_COMMAND", ("/nonexistent/python",))
    assert refusal(stored) is Refusal.READER_FAILED


def test_child_gets_no_environment(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    speak(monkeypatch, 'sys.exit(0) if \'SECRET_KEY\' in os.environ else send(b\'{"refused": "empty", "detail": {}}\')')
    assert refusal(stored) is Refusal.EMPTY


def test_child_stops_when_nobody_listens(stored: Path) -> None:
    started = subprocess.Popen(
        reading._COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=reading._ENVIRONMENT
    )
    assert started.stdin
    assert started.stdout
    started.stdout.close()
    request = {"path": str(stored), "name": "a.csv", "choice": {}, "with_cells": True, "layout_only": False}
    started.stdin.write(json.dumps(request).encode())
    started.stdin.close()
    assert started.wait(timeout=30) in (0, -signal.SIGPIPE)


def test_limits_hold_in_the_child() -> None:
    script = "from libraries.spreadsheets import child; child._limit_resources(); bytearray(2**30)"
    failed = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=reading._PROJECT, check=False)
    assert failed.returncode == 1
    assert b"MemoryError" in failed.stderr


def test_child_writes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "written"
    script = "import sys; from libraries.spreadsheets import child; child._limit_resources()\n"
    script += "with open(sys.argv[1], 'w') as file: file.write('x')"
    failed = subprocess.run([sys.executable, "-c", script, path], stderr=-1, cwd=reading._PROJECT, check=False)
    assert b"File too large" in failed.stderr
    assert path.read_bytes() == b""


def test_child_knows_no_django() -> None:
    script = "import sys; import libraries.spreadsheets.child; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=reading._PROJECT, check=False).returncode == 0


def test_many_readings_at_once_do_not_mix(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        path = tmp_path / f"stored{number}"
        path.write_bytes(files.xlsx([["Email"], *[[f"user{n}@example.com"] for n in range(number + 1)]]))
        paths.append(path)
    readings = [spreadsheets.read(path, name="list.xlsx") for path in paths]
    assert [sum(map(len, found)) for found in readings] == [1, 2, 3, 4]


def test_length_of_a_message_is_four_bytes() -> None:
    assert child.LENGTH.size == 4
