"""What is done to uploads in processes that may be killed (`tests.support.kill`)."""

from uuid import UUID

CONTENT = "email,group\n" + "".join(f"u{n}@example.com,{'Gold' if n % 2 else ''}\n" for n in range(5)) + "wrong,\n"


def work(upload_id: str) -> None:
    from addressbook.models import Upload
    from addressbook.services import uploads
    from workspace.services.work import claiming

    claimed = claiming.claim(Upload, int(upload_id))
    assert claimed is not None
    uploads.run(claimed)


def receive(book_id: str, user_id: str, token: str) -> None:
    from django.core.files.base import ContentFile

    from addressbook.services import uploads
    from workspace.models import AddressBook, User
    from workspace.services.history.audit import Actor

    uploads.receive(
        book=AddressBook.objects.get(pk=book_id),
        group_id=None,
        file=ContentFile(CONTENT.encode()),
        name="list.csv",
        token=UUID(token),
        by=Actor(User.objects.get(pk=user_id)),
    )
