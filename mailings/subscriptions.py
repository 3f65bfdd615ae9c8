"""What mail is told of by the packages below. Services are imported inside: see `mailings.tasks`."""

from workspace.services.work.changing import Change, Fact, on_change


def _tell_the_other_account(change: Change) -> None:
    if change.facts & {Fact.CONNECTED, Fact.LEADS_ELSEWHERE}:
        from mailings.services.suppressions import telling

        telling.tell_everything(change.book)


def subscribe() -> None:
    on_change(_tell_the_other_account)
