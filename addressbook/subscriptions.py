"""What the address book is told of by the packages below. Services are imported inside: see `addressbook.tasks`."""

from workspace.services.work.changing import Change, on_change


def _tell_sync(change: Change) -> None:
    from addressbook.services.sync import switches

    switches.book_changed(change)


def subscribe() -> None:
    on_change(_tell_sync)
