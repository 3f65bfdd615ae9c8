"""Keeping the remote book equal to ours."""

from addressbook.services.sync.connection import NotConnectedError, client_for

__all__ = ["NotConnectedError", "client_for"]
