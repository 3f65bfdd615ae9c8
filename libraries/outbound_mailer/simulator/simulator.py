"""The simulator as one object: start it, drive it, look into it."""

import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from libraries.outbound_mailer.signing import Credentials
from libraries.outbound_mailer.simulator import control
from libraries.outbound_mailer.simulator.books import Book, BookContent
from libraries.outbound_mailer.simulator.clock import SimulatorClock
from libraries.outbound_mailer.simulator.database import Database
from libraries.outbound_mailer.simulator.faults import Faults
from libraries.outbound_mailer.simulator.gateway import Account, Gateway, Request
from libraries.outbound_mailer.simulator.ledger import DeliveredMail
from libraries.outbound_mailer.simulator.outcomes import Outcomes
from libraries.outbound_mailer.simulator.replies import Reply
from libraries.outbound_mailer.simulator.request_log import RequestLog
from libraries.outbound_mailer.simulator.server import LOOPBACK, SimulatorServer
from libraries.outbound_mailer.simulator.settings import SimulatorSettings
from libraries.outbound_mailer.zones import Region

DEFAULT_ACCOUNT = Account(Credentials("simulated-access-key", "simulated-secret-key"))


class Simulator:
    """The Outbound Mailer API served on loopback, as strict as the service.

    `state_file` keeps the data between processes. `token` opens the control API to who shows it, and the
    accounts of `practice_credentials` to who can work out their keys; without one neither is there. Use it in
    a `with`, or `start()` and `close()` it; `stop()` and another `start()` are an outage.
    """

    def __init__(
        self,
        accounts: Iterable[Account] = (DEFAULT_ACCOUNT,),
        settings: SimulatorSettings | None = None,
        *,
        port: int = 0,
        state_file: Path | None = None,
        token: str | None = None,
    ) -> None:
        self.clock = SimulatorClock()
        self.token = token
        self._port = port
        self._database = Database(state_file)
        self._gateway = Gateway(accounts, settings or SimulatorSettings(), self._database, self.clock, token)
        self._server: SimulatorServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Serves from now on, in a thread of its own, at `base_url`."""
        self._server = SimulatorServer(self._port, self._answer)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True).start()

    def stop(self) -> None:
        """Stops serving and keeps the data; `start()` serves them again at the same port."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def close(self) -> None:
        """Stops for good; only the data in a state file stay."""
        self.stop()
        with self._gateway.lock:
            self._database.close()

    @property
    def base_url(self) -> str:
        """Scheme, host and port: what the client takes as `base_url`."""
        return f"http://{LOOPBACK}:{self._running.server_port}"

    @property
    def connections_accepted(self) -> int:
        """How many connections clients have opened."""
        return self._running.connections_accepted

    @property
    def faults(self) -> Faults:
        return self._gateway.faults

    @property
    def log(self) -> RequestLog:
        return self._gateway.log

    @property
    def settings(self) -> SimulatorSettings:
        return self._gateway.settings

    @settings.setter
    def settings(self, settings: SimulatorSettings) -> None:
        self._gateway.settings = settings

    def book(self, access_key: str, region: Region = Region.KR) -> BookContent:
        """What an account's book holds now, with everything that has fallen due."""
        with self._gateway.lock:
            book = self._gateway.book(access_key, region)
            book.run_jobs(self.clock.now())
            return book.content()

    @property
    def outcomes(self) -> Outcomes:
        """What becomes of mails that are requested from now on."""
        return self._gateway.outcomes

    def delivered(
        self,
        access_key: str,
        region: Region = Region.KR,
        *,
        address: str | None = None,
        request_id: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[DeliveredMail]:
        """The ledger: the mails that an account's recipients have got by now, in the order of the requests."""
        with self._gateway.lock:
            ledger = self._gateway.ledger(access_key, region)
            return ledger.mails(address=address, request_id=request_id, after=after, limit=limit)

    def delivered_counts(self, access_key: str, region: Region = Region.KR) -> dict[str, int]:
        """How often each address has got a mail of this account."""
        with self._gateway.lock:
            return self._gateway.ledger(access_key, region).counts()

    def delivered_summary(self, access_key: str, region: Region = Region.KR) -> dict[str, Any]:
        """`mails`, `addresses`, `requests` as numbers, and `repeated`: who got more than one, and how many."""
        with self._gateway.lock:
            return self._gateway.ledger(access_key, region).summary()

    def run_jobs(self) -> int:
        """Carries out every waiting creation, due or not, and says how many that were."""
        with self._gateway.lock:
            places = self._database.rows("SELECT DISTINCT place FROM books")
            return sum(Book(self._database, place, self.settings).run_jobs(None) for (place,) in places)

    def jobs_waiting(self) -> int:
        """How many creations are still in the air, in all books."""
        with self._gateway.lock:
            select = "SELECT COUNT(*) FROM jobs WHERE due IS NULL OR due > ?"
            ((count,),) = self._database.rows(select, self.clock.now())
            return int(count)

    def reset(self) -> None:
        """Forgets all data, faults, outcomes and requests."""
        with self._gateway.lock:
            self._database.clear()
        self.faults.clear()
        self.outcomes.clear()
        self.log.clear()

    @property
    def _running(self) -> SimulatorServer:
        if self._server is None:
            raise RuntimeError("The simulator has not been started.")
        return self._server

    def _answer(self, request: Request) -> Reply:
        if request.target.startswith(control.PREFIX):
            return control.handle(self, request)
        return self._gateway.handle(request)
