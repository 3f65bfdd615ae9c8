"""Files in a bucket of an S3-compatible store that may hang, refuse or be missing without taking the console along."""

import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3File, S3Storage  # type: ignore[import-untyped]

from workspace.services.work.stored_files import StoreAwayError

# After a call that was not answered nothing is asked for so long, then by one call alone.
OPEN_SECONDS: Final = 10.0
# A probe that went well holds for so long: each is two requests that a provider may charge for.
PROBE_KEPT_SECONDS: Final = 15.0
# Well under what any check of health waits.
_PROBE: Final = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
_REFUSALS: Final = {
    "NoSuchBucket": "the bucket does not exist",
    "AccessDenied": "the keys may not do this",
    "403": "the keys may not do this",
    "AllAccessDisabled": "the bucket is closed",
    "InvalidAccessKeyId": "the store does not know the access key",
    "SignatureDoesNotMatch": "the secret key is not the one of the access key",
}


class Circuit:
    """Lets calls through until one is not answered; then none for OPEN_SECONDS, and one to find out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._closed_until_tried: float | None = None

    def enter(self) -> bool:
        """Whether a call may be made now."""
        with self._lock:
            now = self._clock()
            if self._closed_until_tried is None:
                return True
            if now < self._closed_until_tried:
                return False
            # This call finds out; the others go on waiting for it.
            self._closed_until_tried = now + OPEN_SECONDS
            return True

    def note(self, *, answered: bool) -> None:
        with self._lock:
            self._closed_until_tried = None if answered else self._clock() + OPEN_SECONDS


class S3Store(S3Storage):
    """`fails_fast`: for the web server, whose threads must not wait for a store that hangs. Raises StoreAwayError."""

    def __init__(self, *, fails_fast: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._circuit = Circuit() if fails_fast else None
        self._probe_client: Any = None
        self._probed_at = -PROBE_KEPT_SECONDS

    @contextmanager
    def calling(self, *, anyway: bool = False) -> Iterator[None]:
        """`anyway`: also while the circuit is open."""
        if self._circuit and not self._circuit.enter() and not anyway:
            raise StoreAwayError(f"The store of bucket {self.bucket_name} did not answer a moment ago.")
        try:
            yield
        except (BotoCoreError, Boto3Error) as error:
            self._note(answered=False)
            raise StoreAwayError(f"The store of bucket {self.bucket_name} does not answer: {error}") from error
        except ClientError as error:
            code = str(error.response["Error"].get("Code", ""))
            status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
            self._note(answered=status < 500)
            if code in _REFUSALS or status >= 500:
                why = _REFUSALS.get(code, f"it answers {status}")
                raise StoreAwayError(f"Bucket {self.bucket_name} cannot be used: {why}.") from error
            raise
        except FileNotFoundError:
            self._note(answered=True)
            raise
        else:
            self._note(answered=True)

    def _note(self, *, answered: bool) -> None:
        if self._circuit:
            self._circuit.note(answered=answered)

    def probe(self) -> None:
        """Raises StoreAwayError within seconds, unless a file can be written and deleted: reading alone says little."""
        if time.monotonic() - self._probed_at < PROBE_KEPT_SECONDS:
            return
        if self._probe_client is None:
            config = self.client_config.merge(_PROBE)
            place = {"endpoint_url": self.endpoint_url, "region_name": self.region_name, "verify": self.verify}
            self._probe_client = self._create_session().client("s3", config=config, **place)
        key = self._normalize_name(f"readiness-{platform.node() or 'console'}")
        with self.calling(anyway=True):  # it says how it is now, and closes the circuit
            self._probe_client.put_object(Bucket=self.bucket_name, Key=key, Body=b"")
            self._probe_client.delete_object(Bucket=self.bucket_name, Key=key)
        self._probed_at = time.monotonic()

    def _open(self, name: str, mode: str = "rb") -> Any:
        with self.calling():
            file = super()._open(name, mode)
        file.__class__ = _File
        return file

    def _save(self, name: str, content: Any) -> str:
        with self.calling():
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        with self.calling():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with self.calling():
            super().delete(name)

    def listdir(self, path: str) -> Any:
        with self.calling():
            return super().listdir(path)

    def size(self, name: str) -> int:
        with self.calling():
            return int(super().size(name))

    def get_modified_time(self, name: str) -> Any:
        with self.calling():
            return super().get_modified_time(name)


class _File(S3File):
    """Brought here at its first reading, which is a call too."""

    _file: Any

    def _get_file(self) -> Any:
        if self._file is not None:
            return super()._get_file()
        with self._storage.calling():
            try:
                return super()._get_file()
            except BaseException:
                self._file = None  # else the next reading would take the empty copy for the file
                raise

    file = property(_get_file, S3File._set_file)
