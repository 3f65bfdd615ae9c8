"""What the address book is told of by the packages below, and what it tells them.

Services are imported inside: see `addressbook.tasks`.
"""

from workspace.services.work.changing import Change, on_change


def _tell_sync(change: Change) -> None:
    from addressbook.services.sync import switches

    switches.book_changed(change)


def subscribe() -> None:
    from addressbook.models import Download
    from workspace.views.history.named_values import add_names

    on_change(_tell_sync)
    add_names("scope", Download.Scope)
    add_names("format", Download.Format)
