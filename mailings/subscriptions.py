"""What mail is told of by the packages below. Services are imported inside: see `mailings.tasks`."""

from collections.abc import Collection

from workspace.models import AddressBook
from workspace.services.work.changing import Change, Fact, on_change


def _tell_the_other_account(change: Change) -> None:
    if change.facts & {Fact.CONNECTED, Fact.LEADS_ELSEWHERE}:
        from mailings.services.results import outside
        from mailings.services.suppressions import telling

        telling.tell_everything(change.book)
        outside.begin_again(change.book)


def _forget_the_other_account(change: Change) -> None:
    if change.facts & {Fact.CONNECTED, Fact.LEADS_ELSEWHERE, Fact.DISCONNECTED}:
        from mailings.services.templates import refreshing

        refreshing.forget_service(change.book)


def _forget(book: AddressBook, keys: Collection[str]) -> None:
    from mailings.services import forgetting

    forgetting.forget(book=book, keys=keys)


# Of Download.Scope.
_MAIL_SCOPES = ("mail", "mails", "person")


def subscribe() -> None:
    from addressbook.services.downloads import writers
    from addressbook.services.reset import forget_person
    from addressbook.services.uploads import lists
    from mailings import actions  # noqa: F401 - so that the history can tell of them
    from mailings.services.suppressions import of_lists

    writers.written_by("mailings.services.results.export", *_MAIL_SCOPES)
    writers.written_by("mailings.services.suppressions.file_of_unsubscribes", "optout")
    on_change(_tell_the_other_account)
    on_change(_forget_the_other_account)
    forget_person.holds_addresses(_forget)
    lists.also_count(of_lists.counted)
    for action, act in of_lists.ACTS.items():
        lists.add_act(action, act)
