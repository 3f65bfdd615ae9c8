"""The line of the sync, on whatever page it stands."""

from typing import Any

from addressbook import limits
from addressbook.services import sync
from addressbook.views.sync.sync_sentences import line_of
from workspace.views.pages.access import Access


def sync_context(access: Access, status: sync.Status | None = None) -> dict[str, Any]:
    """What the line needs. It is asked for again only while something moves."""
    status = status or sync.status(access.book)
    polls = {
        sync.State.SENDING: limits.SYNC_POLL_SECONDS,
        sync.State.LANDING: limits.SYNC_POLL_SECONDS,
        sync.State.WAITING: limits.SYNC_WAITING_POLL_SECONDS,
    }
    is_quiet = status.state in {sync.State.OFF, sync.State.IN_SYNC, sync.State.SETTLED, sync.State.DIFFERS}
    return {
        "sync": status,
        "sync_line": line_of(status),
        "sync_poll_seconds": polls.get(status.state, 0),
        "late_groups": set() if is_quiet else sync.groups_on_their_way(access.edition),
    }
