"""Serves the simulator as a process: `python -m libraries.outbound_mailer.simulator` and `manage.py
simulate_mailer`.
"""

import argparse
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from libraries.outbound_mailer.signing import Credentials
from libraries.outbound_mailer.simulator.gateway import Account
from libraries.outbound_mailer.simulator.outcomes import Outcome
from libraries.outbound_mailer.simulator.settings import SimulatorSettings
from libraries.outbound_mailer.simulator.simulator import DEFAULT_ACCOUNT, Simulator


def add_arguments(
    parser: argparse.ArgumentParser,
    *,
    port: int | None = None,
    delay: float = 0.0,
    state: Path | None = None,
    keys: Credentials | None = DEFAULT_ACCOUNT.credentials,
) -> None:
    """The arguments of both commands; the keywords are what holds where nothing is said. Without `keys` only
    practice accounts are accepted.
    """
    parser.add_argument(
        "--port", type=int, default=port, required=port is None, help="port on 127.0.0.1; 0: any free one"
    )
    parser.add_argument("--access-key", default=keys and keys.access_key, help="access key to accept (%(default)s)")
    parser.add_argument("--secret-key", default=keys and keys.secret_key, help="its secret key (%(default)s)")
    parser.add_argument("--delay", type=float, default=delay, help="seconds until a creation is applied (%(default)s)")
    parser.add_argument(
        "--state", type=Path, default=state, help="SQLite file that keeps the data (default: memory only)"
    )
    parser.add_argument("--failing", type=float, default=0.0, help="share of recipients whose mails fail (%(default)s)")


def serve(
    *,
    port: int,
    access_key: str | None,
    secret_key: str | None,
    delay: float,
    state: Path | None,
    token: str | None,
    failing: float,
    say: Callable[[str], object],
) -> None:
    """Serves until SIGTERM or SIGINT. Of the `failing` recipients, a share between 0 and 1, half do not exist and half
    have a full mailbox. Call it from the main thread.
    """
    accounts = [Account(Credentials(access_key, secret_key))] if access_key and secret_key else []
    settings = SimulatorSettings(delay_seconds=delay, mail_step_seconds=delay)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    simulator = Simulator(accounts, settings, port=port, state_file=state, token=token)
    if failing:
        simulator.outcomes.set(Outcome(share=failing / 2))
        # The same share of everybody holds those of the line above, for whom that comes first.
        simulator.outcomes.set(Outcome(share=failing, code="MAILBOX_ERROR", message="552 5.2.2 mailbox full"))
    try:
        simulator.start()
    except OSError as error:
        simulator.close()
        raise SystemExit(f"Cannot listen on port {port}: {error.strerror}") from None
    say(f"Simulated Outbound Mailer at {simulator.base_url}")
    stop.wait()
    simulator.close()
    say("Simulated Outbound Mailer stopped")
