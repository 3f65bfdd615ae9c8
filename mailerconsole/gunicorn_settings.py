"""How gunicorn serves the project; read by `gunicorn --config`."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from mailerconsole import logs
from mailerconsole.operations.listening import Endpoint

# A store of files that hangs must not hold a thread for minutes (mailerconsole.file_store).
os.environ["SERVES_CLICKS"] = "1"

# The id of the process follows.
_COUNTS = "mailer-console-metrics-"

_endpoint = Endpoint.from_environment()
_endpoint.require_proxy()
bind = _endpoint.bind
# gthread that does not wait for slow clients.
worker_class = "mailerconsole.deadlines.DeadlineWorker"
workers = 2
threads = 4
# A request that takes longer than this is stuck; whatever is long runs as a job.
timeout = 60
graceful_timeout = 8
# Its path would be the same for every gunicorn of the user, and nothing here speaks to it.
control_socket_disable = True
# The heartbeat files of the workers must not wait for a busy disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the files have random names
# Its own lines like all others; each request is logged by mailerconsole.operations.request_log.
logconfig_dict = logs.configuration(os.environ.get("LOG_FORMAT") or "json", os.environ.get("LOG_LEVEL", "INFO"))
accesslog = None


def discard_folders_of_the_dead(place: Path) -> None:
    """Folders of counts whose gunicorn was killed, which could not clean up after itself."""
    for folder in place.glob(f"{_COUNTS}*"):
        pid = folder.name.removeprefix(_COUNTS).partition("-")[0]
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and pid.isdigit() and not _is_alive(int(pid)):
                shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's by now: left alone
    return True


# Where the processes count together what /metrics shows. New at every start: the counts begin at none.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    discard_folders_of_the_dead(Path(worker_tmp_dir or tempfile.gettempdir()))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=f"{_COUNTS}{os.getpid()}-", dir=worker_tmp_dir)
# Whether a request came over https is what our own proxies say, where there are any (settings.TRUSTED_PROXIES).
forwarded_allow_ips = "*" if int(os.environ.get("TRUSTED_PROXIES", "0")) else "127.0.0.1"


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
