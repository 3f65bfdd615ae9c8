"""What is done to resets in processes that may be killed (`tests.support.kill`)."""

from uuid import UUID


def reset(book_id: str, user_id: str, token: str) -> None:
    from addressbook.services.reset import editions
    from addressbook.services.reset import reset as service
    from workspace.models import AddressBook, User
    from workspace.services.history.audit import Actor

    book = AddressBook.objects.get(pk=book_id)
    by = Actor(User.objects.get(pk=user_id))
    seen = editions.Contents(1, 2, 5)
    service.reset(book=book, seen=seen, keep_copy=False, token=UUID(token), by=by)


def undo(book_id: str, user_id: str, token: str) -> None:
    from addressbook.services.reset import editions, restoring
    from workspace.models import AddressBook, User
    from workspace.services.history.audit import Actor

    book = AddressBook.objects.get(pk=book_id)
    by = Actor(User.objects.get(pk=user_id))
    seen, merge = editions.Contents(2, 1, 3), restoring.Newcomers.MERGE
    restoring.undo_reset(book=book, number=1, seen=seen, newcomers=merge, token=UUID(token), by=by)


def merge(job_id: str) -> None:
    from addressbook.models import Job
    from addressbook.services.reset import merging
    from workspace.services.work import claiming

    claimed = claiming.claim(Job, int(job_id))
    assert claimed is not None
    merging.run(claimed)


def forget(job_id: str) -> None:
    from addressbook.models import Job
    from addressbook.services.reset import forget_person
    from workspace.services.work import claiming

    claimed = claiming.claim(Job, int(job_id))
    assert claimed is not None
    forget_person.run(claimed)


def erase(erasure_id: str) -> None:
    from addressbook.models import Erasure
    from addressbook.services.reset import erasing
    from workspace.services.work import claiming

    claimed = claiming.claim(Erasure, int(erasure_id))
    assert claimed is not None
    erasing.run(claimed)
