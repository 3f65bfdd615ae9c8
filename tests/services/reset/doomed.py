"""A process that resets, restores, merges or erases, and is killed at the n-th crash point (0: at none).

`python -m tests.services.reset.doomed N FOLDER ACT ID ...`, with the settings and the database of the test in its
environment. Prints the points that it reached.
"""

import os
import signal
import sys
from uuid import UUID

import django


def main() -> None:
    fatal, folder, act, *arguments = sys.argv[1:]
    django.setup()
    from celery import current_app
    from django.conf import settings

    from addressbook import limits
    from addressbook.services import crash_points

    settings.MEDIA_ROOT = folder
    current_app.send_task = lambda *arguments, **options: None  # no other worker is to hear of it
    limits.ROWS_PER_ERASING_BATCH = limits.ROWS_PER_JOB_BATCH = limits.ROWS_WITHIN_A_CLICK = 2
    reached: list[str] = []

    def strike(point: str) -> None:
        reached.append(point)
        if len(reached) == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.reached = strike
    {"reset": reset, "undo": undo, "merge": merge, "erase": erase, "forget": forget}[act](*arguments)
    sys.stdout.write("\n".join(reached))


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


if __name__ == "__main__":
    main()
