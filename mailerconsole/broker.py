"""The broker of an installation on one machine: messages are files in the data folder.

Kombu's own transport writes a message into the file that the workers already see, so that one may read it half; and it
moves messages through the system's temporary folder, maybe to another disk. Either loses a message now and then, and
its job then waits for the sweeper. Here a message appears whole and is taken by whoever deletes it.
"""

import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any, ClassVar

from kombu.transport import filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    # A wake-up goes to one worker. Without fanout there is no table of exchanges on disk that could be left half
    # written, and then keep every process from publishing.
    supports_fanout = False

    def get_table(self, exchange: str) -> Any:
        return self.state.exchanges[exchange]["table"]

    def _delete(self, queue: str, *args: Any, **kwargs: Any) -> None:
        self._purge(queue)

    # kombu's own classes disagree on the name of the second argument.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time_ns():020}_{uuid.uuid4()}.{queue}.msg"
        path = Path(self.data_folder_out, name)
        draft = path.with_suffix(".draft")
        draft.write_bytes(str_to_bytes(dumps(payload)))
        draft.rename(path)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message of `queue`; raises Empty. Of several that reach for it, one gets it."""
        for path in sorted(Path(self.data_folder_in).iterdir()):
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                payload = path.read_bytes()
                path.unlink()
            except FileNotFoundError:
                continue  # another worker was faster
            return loads(bytes_to_str(payload))
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
    # There is no host; with one expected here, kombu would warn of its absence at every connection.
    default_connection_params: ClassVar[dict[str, Any]] = {}
