"""Keeping the remote book equal to ours. See docs/sync.md."""

from addressbook.services.sync.lease import SyncLostError, wake_due
from addressbook.services.sync.overview import Difference, Parked, State, Status, groups_on_their_way, status, status_of
from addressbook.services.sync.running import run
from addressbook.services.sync.switches import (
    Existing,
    SyncOffError,
    choose_existing,
    look_again,
    pause,
    rebuild,
    resume,
    send_again,
    turn_off,
    turn_on,
)
from workspace.services.books.connection import NotConnectedError, client_for

__all__ = [
    "Difference",
    "Existing",
    "NotConnectedError",
    "Parked",
    "State",
    "Status",
    "SyncLostError",
    "SyncOffError",
    "choose_existing",
    "client_for",
    "groups_on_their_way",
    "look_again",
    "pause",
    "rebuild",
    "resume",
    "run",
    "send_again",
    "status",
    "status_of",
    "turn_off",
    "turn_on",
    "wake_due",
]
