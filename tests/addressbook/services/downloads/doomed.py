"""What is done to downloads in processes that may be killed (`tests.support.kill`)."""

from uuid import UUID


def make(download_id: str) -> None:
    from addressbook.models import Download
    from addressbook.services import downloads
    from workspace.services.work import claiming

    claimed = claiming.claim(Download, int(download_id))
    assert claimed is not None
    downloads.make(claimed)


def request(book_id: str, user_id: str, token: str) -> None:
    from addressbook.models import Download
    from addressbook.services import downloads
    from workspace.models import AddressBook, User
    from workspace.services.history.audit import Actor

    downloads.request(
        book=AddressBook.objects.get(pk=book_id),
        scope=Download.Scope.BOOK,
        format=Download.Format.XLSX,
        group_id=None,
        query="",
        reason="",
        language="en",
        token=UUID(token),
        by=Actor(User.objects.get(pk=user_id)),
    )


def tidy() -> None:
    from addressbook.services import downloads

    downloads.tidy()
