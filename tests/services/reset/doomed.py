"""What is done to resets in processes that may be killed (`tests.doom`)."""

from uuid import UUID


def reset(book_id: str, user_id: str, token: str) -> None:
    from addressbook.models import AddressBook, User
    from addressbook.services import editions
    from addressbook.services import reset as service
    from addressbook.services.audit import Actor

    book = AddressBook.objects.get(pk=book_id)
    by = Actor(User.objects.get(pk=user_id))
    seen = editions.Contents(1, 2, 5)
    service.reset(book=book, seen=seen, keep_copy=False, token=UUID(token), by=by)


def undo(book_id: str, user_id: str, token: str) -> None:
    from addressbook.models import AddressBook, User
    from addressbook.services import editions, restoring
    from addressbook.services.audit import Actor

    book = AddressBook.objects.get(pk=book_id)
    by = Actor(User.objects.get(pk=user_id))
    seen, merge = editions.Contents(2, 1, 3), restoring.Newcomers.MERGE
    restoring.undo_reset(book=book, number=1, seen=seen, newcomers=merge, token=UUID(token), by=by)


def merge(job_id: str) -> None:
    from addressbook.models import Job
    from addressbook.services import jobs, merging

    claimed = jobs.claim(Job, int(job_id))
    assert claimed is not None
    merging.run(claimed)


def forget(job_id: str) -> None:
    from addressbook.models import Job
    from addressbook.services import jobs, traces

    claimed = jobs.claim(Job, int(job_id))
    assert claimed is not None
    traces.run(claimed)


def erase(erasure_id: str) -> None:
    from addressbook.models import Erasure
    from addressbook.services import erasing, jobs

    claimed = jobs.claim(Erasure, int(erasure_id))
    assert claimed is not None
    erasing.run(claimed)
