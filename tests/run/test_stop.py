"""Stopping, and starting again on what is there."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.run.console import Console, gone
from tests.run.test_kill import FAMILY
from tests.run.test_start import PASSWORD, sign_in
from tests.support.stack import wait_for

pytestmark = pytest.mark.engine_independent


def test_second_start_keeps_everything_and_shows_no_password(make_console: Callable[..., Console]) -> None:
    console = make_console().start()
    password = console.password
    # The web server may be ready before the last worker has its children.
    wait_for(lambda: len(console.family()) >= FAMILY, 60)
    family = console.family()
    assert console.stop(signal.SIGINT) == 0
    assert gone(family, 0)
    assert not (console.data_dir / "supervisord.pid").exists()
    for path in console.data_dir.glob("celerybeat-schedule*"):
        path.write_bytes(b"garbage" * 1000)
    console.start(ADMIN_PASSWORD=PASSWORD)
    assert console.password is None
    assert "changepassword admin" in console.output
    assert sign_in(console, password).url.endswith("/books/main/")
    assert not gone(console.parents("beat"), 3)
    assert "Traceback" not in (console.data_dir / "logs" / "beat.log").read_text()


@pytest.mark.parametrize("seconds", [0.5, 2, 4])
def test_interrupt_during_the_start_leaves_no_process(make_console: Callable[..., Console], seconds: float) -> None:
    console = make_console()
    console.begin()
    time.sleep(seconds)
    family = console.family()
    console.stop(signal.SIGINT)
    assert gone(family)
