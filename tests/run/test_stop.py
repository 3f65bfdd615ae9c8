"""Stopping, and starting again on what is there."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.run.console import Console, gone
from tests.run.test_start import PASSWORD, sign_in

pytestmark = pytest.mark.engine_independent


def test_second_start_keeps_everything_and_shows_no_password(console: Console) -> None:
    family = console.family()
    assert console.stop(signal.SIGINT) == 0
    assert gone(family, 0)
    assert not (console.data_dir / "supervisord.pid").exists()
    for path in console.data_dir.glob("celerybeat-schedule*"):
        path.write_bytes(b"garbage" * 1000)
    log = console.data_dir / "logs" / "beat.log"
    before = len(log.read_text())
    console.start(ADMIN_PASSWORD=PASSWORD)
    assert "shown only this once" not in console.output
    assert "changepassword admin" in console.output
    assert sign_in(console, console.password).url.endswith("/books/main/")
    assert not gone(console.parents("beat"), 3)
    assert "Traceback" not in log.read_text()[before:]


@pytest.mark.parametrize("seconds", [0.5, 2, 4])
def test_interrupt_during_the_start_leaves_no_process(make_console: Callable[..., Console], seconds: float) -> None:
    console = make_console()
    console.begin()
    time.sleep(seconds)
    family = console.family()
    console.stop(signal.SIGINT)
    assert gone(family)
