"""The product's settings for tests: as in production but for fast password hashes and folders of their own.

`conftest.pytest_configure` sets the environment first. The processes of `tests/support/stack.py` run with these
settings too, so that they and the test agree on the database, the signing key and the passwords.
"""

import os
from pathlib import Path

# One folder for each process of pytest-xdist, which inherits the environment of the process that started it.
os.environ["DATA_DIR"] = str(Path(os.environ["TEST_ROOT"], os.environ.get("PYTEST_XDIST_WORKER", "main")))
# Kept from one run to the next: compressing the files takes ten seconds, and they seldom change.
os.environ["STATIC_ROOT"] = str(Path(__file__).resolve().parent.parent / "var" / "test-static")

if redis_server := os.environ.get("TEST_REDIS_SERVER"):
    # One database of the server for each process of pytest-xdist, so that none takes the messages of another.
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw") or "0"
    os.environ["REDIS_URL"] = f"{redis_server}/{number}"

from mailerconsole.settings import *  # noqa: F403
from mailerconsole.settings import DATA_DIR, DATABASES, IS_SQLITE, PASSWORD_HASHERS

# Argon2 is slow on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]

if IS_SQLITE:
    # A file, as in production: a database in memory knows neither locks nor other processes.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
