"""Says on the terminal when the console can be used; runs beside the supervisor until then.

For a container's health check it asks once and says by its exit code: with `--web` whether the web server answers, with
`--beat` whether the scheduler has kept its schedule lately.
"""

import http.client
import os
import signal
import sys
import time
from pathlib import Path

from mailerconsole.operations.listening import Endpoint

# A small machine takes some seconds for the first imports.
PATIENCE_SECONDS = 120
POLL_SECONDS = 0.1
BEAT_SECONDS = 400


def main() -> None:
    endpoint = Endpoint.from_environment()
    if sys.argv[1:] == ["--web"]:
        sys.exit(not answers(endpoint))
    if sys.argv[1:] == ["--beat"]:
        sys.exit(not keeps_schedule())
    deadline = time.monotonic() + PATIENCE_SECONDS
    # Ctrl-C reaches this process too: it has nothing to say then.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while not is_ready(endpoint):
        if os.getppid() != int(os.environ["SUPERVISOR_PID"]):
            return
        if time.monotonic() > deadline:
            sys.exit(f"Mailer Console is not ready after {PATIENCE_SECONDS} seconds. See {os.environ['DATA_DIR']}/logs")
        time.sleep(POLL_SECONDS)
    print(f"Mailer Console is ready at {endpoint.url}", os.environ["READY_ANNOUNCEMENT"], sep="\n", flush=True)  # noqa: T201


def is_ready(endpoint: Endpoint) -> bool:
    return Path(os.environ["WORKER_READY_FILE"]).exists() and answers(endpoint)


def answers(endpoint: Endpoint) -> bool:
    """Whether /healthz says 200. Sent for the first host that the site answers to, which may not be this machine."""
    connection = http.client.HTTPConnection(endpoint.local_host, endpoint.port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": _site_host()})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def keeps_schedule() -> bool:
    """Whether beat has written its schedule since two of its savings, which are three minutes apart."""
    from django.conf import settings

    schedule = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    # dbm may write one file or several with suffixes, by what the machine has.
    written = [file.stat().st_mtime for file in schedule.parent.glob(f"{schedule.name}*")]
    return bool(written) and time.time() - max(written) < BEAT_SECONDS


def _site_host() -> str:
    from django.conf import settings

    host: str = settings.ALLOWED_HOSTS[0]
    return "localhost" if host == "*" else host.removeprefix(".")


if __name__ == "__main__":
    main()
