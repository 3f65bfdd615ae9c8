"""Moments as the service writes them."""

from datetime import UTC, datetime

from libraries.outbound_mailer.types import NesDateTime


def moment_of(date: NesDateTime | None) -> datetime | None:
    return datetime.fromtimestamp(date.utc / 1000, UTC) if date else None
