"""The broker of an installation on several machines: Redis, by kombu, which survives its restarts with this."""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as LostConnectionError


class Channel(redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> Any:
        """Raises LostConnectionError on a channel whose connection was closed.

        A busy worker that loses Redis closes its channel, which wants to give the messages back that it has not
        acknowledged yet. kombu 5.7.0 reads the address for that from a connection that is None by then; the
        AttributeError is none of the errors of a connection, and ended the worker ("Unrecoverable error"). What is
        not given back the sweep finds in the database. To be left out once kombu's `restore_unacked_once` bears it.
        """
        if self.connection is None or self.connection.client is None:
            raise LostConnectionError("This channel's connection was closed.")
        return super()._connparams(asynchronous=asynchronous)


class Transport(redis.Transport):
    Channel = Channel
