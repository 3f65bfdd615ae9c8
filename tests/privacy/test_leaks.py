"""People's addresses, passwords and keys go through the real processes, and are then looked for where they must not be.

Allowed is the database (addresses), and the file store while a file is kept. Everything else that the processes write
is searched: logs, messages to the workers, files on their way in, temporary files, the state of the scheduler.
"""

import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
import redis
import requests
from django.conf import settings
from django.db import connection

from addressbook.models import Address, Download, Upload
from tests.support.stack import Stack, wait_for
from tests.support.totp import App
from workspace.models import JobState
from workspace.services.people import second_factor

pytestmark = pytest.mark.django_db(transaction=True)


class Person:
    """Somebody with a browser, as far as forms go."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.url
        self.session = requests.Session()
        self.get("/sign-in/")

    def get(self, path: str, **options) -> requests.Response:
        return self.session.get(self.url + path, timeout=60, **options)

    def post(self, path: str, files=None, headers=None, **fields) -> requests.Response:
        data = {"csrfmiddlewaretoken": self.session.cookies["csrftoken"], "token": str(uuid4()), **fields}
        return self.session.post(self.url + path, data=data, files=files, headers=headers, timeout=60)


class Messages:
    """All that passes the broker, read while it passes."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._monitor if settings.REDIS_URL else self._watch, daemon=True)
        self._begun = threading.Event()

    def __enter__(self) -> "Messages":
        self._thread.start()
        assert self._begun.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        self._begun.set()
        while not self._over.wait(0.002):
            for path in Path(settings.DATA_DIR, "broker").rglob("*"):
                with suppress(OSError):  # taken meanwhile
                    self.seen.add(path.name.encode())
                    self.seen.add(path.read_bytes())

    def _monitor(self) -> None:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1)
        with client.monitor() as monitor:
            self._begun.set()
            while not self._over.is_set():
                with suppress(redis.TimeoutError):
                    self.seen.add(monitor.next_command()["command"].encode())


@contextmanager
def no_addresses() -> Iterator[None]:
    """The table of the addresses is away for a while: a fault in the statement that holds what was searched for."""
    table = Address._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")


def written(since: float) -> Iterator[tuple[str, bytes]]:
    """Every file of the data folder but the database and the kept files, and what is new in the temporary folder."""
    data = Path(settings.DATA_DIR)
    for path in data.rglob("*"):
        place = path.relative_to(data)
        if path.is_file() and place.parts[0] != "files" and "sqlite3" not in path.name:
            yield str(place), path.read_bytes()
    for path in Path(tempfile.gettempdir()).iterdir():
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime >= since and path.stat().st_size < 20_000_000:
                yield str(path), path.read_bytes()


def forms_of(canary: str) -> list[bytes]:
    return [canary.encode(), canary.encode("utf-16-le"), canary.encode().hex().encode()]


def test_no_address_and_no_secret_leaks(stack, alice, book) -> None:
    began = time.time()
    name = f"canary{uuid4().hex}"
    secrets = {what: f"{what}{uuid4().hex}" for what in ("password", "mistyped", "asname", "accesskey", "secretkey")}
    alice.set_password(secrets["password"])
    alice.save(update_fields=["password"])

    with Messages() as messages:
        person = Person(stack)
        # Somebody who types the password into the wrong field, and mistypes it.
        assert person.post("/sign-in/", username=secrets["asname"], password="x").status_code == 200
        assert person.post("/sign-in/", username="alice", password=secrets["mistyped"]).status_code == 200
        signed_in = person.post("/sign-in/", username="alice", password=secrets["password"], next="/account/")
        assert "Your last sign-ins" in signed_in.text
        secrets["session"] = person.session.cookies["sessionid"]

        place = f"/books/{book.slug}"
        htmx = {"HX-Request": "true"}
        text = f"typed.{name}@example.com\nwrong {name}"
        assert person.post(f"{place}/register/", text=text, headers=htmx).status_code == 200
        assert name in person.post(f"{place}/", q=name, headers=htmx).text
        # Not our way, but nobody is kept from it.
        assert person.get(f"{place}/?q={name}").status_code == 200
        assert person.get(f"/nowhere/?q={name}@example.com").status_code == 404

        rows = f"email,note\nsent.{name}@example.com,x\nbroken {name},y\n".encode()
        file = {"file": (f"{name}.csv", rows, "text/csv")}
        assert person.post(f"{place}/uploads/send/", files=file, headers=htmx).status_code == 200
        wait_for(lambda: Upload.objects.filter(state=JobState.CHECKED).exists(), 60)
        upload = Upload.objects.get()
        assert person.post(f"{place}/uploads/{upload.pk}/apply/", seen=upload.attempt).status_code == 200
        wait_for(lambda: Upload.objects.get().state == JobState.COMPLETE, 60)
        broken = {"file": (f"{name}.xlsx", b"PK\x03\x04" + name.encode() * 1000, "application/zip")}
        person.post(f"{place}/uploads/send/", files=broken, headers=htmx)

        person.post(f"{place}/downloads/request/", scope="search", q=name, format="xlsx", headers=htmx)
        wait_for(lambda: Download.objects.filter(state=JobState.COMPLETE).exists(), 60)
        fetched = person.get(f"{place}/downloads/{Download.objects.get().pk}/file/")
        assert fetched.headers["Content-Disposition"].startswith("attachment")

        keys = {"access_key": secrets["accesskey"], "secret_key": secrets["secretkey"], "base_url": stack.service_url}
        assert "The keys are saved." in person.post(f"{place}/settings/keys/", **keys).text
        # Nobody answers there: an exception with the request in it.
        assert "could not be reached" in person.post(f"{place}/settings/keys/test/", headers=htmx).text

        app = App.typed(re.search(r'id="secret-key">([^<]+)<', person.get("/account/two-factor/").text)[1])
        shown = person.post("/account/two-factor/", code=app.code()).text
        codes = re.findall(r'<li class="entry">([^<]+)</li>', shown)
        assert len(codes) == 10
        secrets |= {"app": app.secret.hex(), "recovery code": codes[0].replace("-", ""), "shown code": codes[0]}

        with no_addresses():
            failed = person.post(f"{place}/", q=name, headers=htmx)
        assert failed.status_code == 500
        assert name not in failed.text
        too_large = person.post(f"{place}/register/", text=name * 200_000)
        assert too_large.status_code == 413
        assert person.post("/sign-out/").status_code == 200

    assert len(messages.seen) > 1
    found = [
        (what, place)
        for what, canary in {"address": name, **secrets}.items()
        for place, content in [*written(began), *(("a message", message) for message in messages.seen)]
        if any(form in content for form in forms_of(canary))
    ]
    assert found == []
    # The search itself works: what was done is in the logs, and the fault with its traceback.
    logs = stack.log("web")
    assert f'"path": "{place}/register/"' in logs
    assert "Traceback" in logs
    assert second_factor.is_on(alice)


def test_no_secret_stands_in_the_database(stack, alice, book) -> None:
    """A copy of the database opens nothing: of what was typed it holds hashes, and what only the key opens."""
    if connection.vendor != "sqlite":
        return
    secrets = [f"secret{uuid4().hex}" for _ in range(3)]
    alice.set_password(secrets[0])
    alice.save(update_fields=["password"])
    person = Person(stack)
    person.post("/sign-in/", username="alice", password=secrets[0])
    keys = {"access_key": secrets[1], "secret_key": secrets[2], "base_url": stack.service_url}
    assert "The keys are saved." in person.post(f"/books/{book.slug}/settings/keys/", **keys).text
    app = App.typed(re.search(r'id="secret-key">([^<]+)<', person.get("/account/two-factor/").text)[1])
    content = Path(connection.settings_dict["NAME"]).read_bytes()
    assert alice.username.encode() in content
    for secret in [*secrets, app.secret.hex()]:
        assert secret.encode() not in content
