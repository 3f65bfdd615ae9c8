"""Every process of the Procfile under one supervisor, on one machine (docs/decisions/0001-supervisor.md).

The Procfile is the one list of processes: a line added there runs under `make run` too.
"""

import fcntl
import os
import pwd
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

BASE_DIR: Final = Path(__file__).resolve().parent.parent.parent

# The Procfile's line for what must be done once before the others start.
RELEASE: Final = "release"

# Until the supervisor listens to signals, Ctrl-C ends it at once (manage.py says why Python's own way is not enough).
_SUPERVISOR: Final = """\
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
from supervisor import supervisord
supervisord.main()
"""

# Beside the Procfile's processes on one machine: a stand-in for the service, until there is an account. Where the
# console is deployed, nothing stands in for anything, so it is not in the Procfile.
SIMULATOR: Final = "python manage.py simulate_mailer"
# With the sample addresses a few mails fail, so that there is something to see.
DEMO_SIMULATOR: Final = f"{SIMULATOR} --failing 0.02"


class AlreadyRunningError(Exception):
    """Another console runs on this data folder."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """How a process ends: how long it has after SIGTERM; the signal it gets when the supervisor itself was killed."""

    seconds: int = 10
    when_orphaned: str = "SIGTERM"


# Jobs go on where they were, so a worker need not be waited for: Ctrl-C should be answered within seconds. Without a
# supervisor it is killed, and Celery has its children killed with it: it would go on beside the next start's worker.
# Without work it takes five seconds, on a busy machine twice that.
_WORKER: Final = Stopping(seconds=12, when_orphaned="SIGKILL")
STOPPING: Final = {"worker": _WORKER, "changes": _WORKER, "mail": _WORKER}


def read_procfile(path: Path = BASE_DIR / "Procfile") -> dict[str, str]:
    """Command by process name, in the order of the file."""
    lines = (line.partition(":") for line in path.read_text().splitlines() if line.strip())
    return {name.strip(): command.strip() for name, _, command in lines}


def claim_data_dir(data_dir: Path) -> None:
    """Keep every other console off the folder until this process ends, whatever it is by then (the lock outlives exec).

    Raises AlreadyRunningError.
    """
    descriptor = os.open(data_dir / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise AlreadyRunningError from error
    os.set_inheritable(descriptor, True)


def become_supervisor(data_dir: Path, *, announcement: str, simulator: str = SIMULATOR) -> NoReturn:
    """Replace this process by the supervisor. `announcement` is printed once the processes answer."""
    logs = data_dir / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    mark = data_dir / "worker-ready"
    mark.unlink(missing_ok=True)
    os.environ |= {
        "DATA_DIR": str(data_dir),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "SUPERVISOR_PID": str(os.getpid()),
        "WORKER_READY_FILE": str(mark),
        "READY_ANNOUNCEMENT": announcement,
    }
    # The processes have no use for it, and an environment is easily shown.
    os.environ.pop("ADMIN_PASSWORD", None)
    config = data_dir / "supervisord.conf"
    config.write_text(configuration(data_dir, simulator))
    os.chdir(BASE_DIR)
    # Our child, and after the exec the supervisor's: it speaks on this terminal, which those of the supervisor cannot.
    subprocess.Popen([sys.executable, "-m", "mailerconsole.operations.readiness"])
    sys.stdout.flush()
    os.execv(  # noqa: S606 - our own interpreter
        sys.executable, [sys.executable, "-c", _SUPERVISOR, "--nodaemon", "--configuration", str(config)]
    )


def configuration(data_dir: Path, simulator: str = SIMULATOR) -> str:
    """The supervisor's configuration file: no control socket, logs in the data folder, troubles on the terminal too."""
    sections = [_section("supervisord", _own_options(data_dir))]
    processes = read_procfile()
    if os.environ.get("SIMULATOR_PORT"):
        processes["simulator"] = simulator
    names = [name for name in processes if name != RELEASE]
    sections += [_section(f"program:{name}", _process_options(name, processes[name], data_dir)) for name in names]
    # One group, so that all are told to stop at once and not one after the other.
    sections.append(_section("group:console", {"programs": ",".join(names)}))
    return "\n".join(sections)


def _own_options(data_dir: Path) -> dict[str, object]:
    options: dict[str, object] = {
        "logfile": data_dir / "logs" / "supervisor.log",
        "logfile_maxbytes": "1MB",
        "logfile_backups": 1,
        # Restarts and failures, not every start.
        "loglevel": "warn",
        "pidfile": data_dir / "supervisord.pid",
        "childlogdir": data_dir / "logs",
    }
    if os.geteuid() == 0:
        # Said explicitly, or the supervisor warns of it at every start.
        options["user"] = pwd.getpwuid(0).pw_name
    return options


def _process_options(name: str, command: str, data_dir: Path) -> dict[str, object]:
    stopping = STOPPING.get(name, Stopping())
    wrapper = [
        sys.executable,
        "-I",
        str(BASE_DIR / "mailerconsole" / "operations" / "end_with_parent.py"),
        stopping.when_orphaned,
    ]
    return {
        "command": shlex.join(wrapper + shlex.split(command)),
        "directory": BASE_DIR,
        "autorestart": "true",
        # Down sooner than this counts as a failed start; each one waits a second longer for the next. A hundred take
        # over an hour: a full disk or a database that is down may well be mended by then.
        "startsecs": 2,
        "startretries": 100,
        "stopwaitsecs": stopping.seconds,
        # SIGTERM to the parent alone, which then ends its children in good order; what is left is killed with it.
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": data_dir / "logs" / f"{name}.log",
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 3,
    }


def _section(name: str, options: dict[str, object]) -> str:
    # The supervisor expands %(names)s and would take a percent sign in a path for one.
    lines = (f"{key}={str(value).replace('%', '%%')}" for key, value in options.items())
    return "\n".join([f"[{name}]", *lines, ""])
