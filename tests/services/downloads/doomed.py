"""A process that works on a download and is killed at the n-th crash point (0: at none).

`python -m tests.services.downloads.doomed N FOLDER make DOWNLOAD`, `... request BOOK USER TOKEN` or `... tidy`, with
the settings and the database of the test in its environment. Prints the points that it reached.
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
    limits.ROWS_PER_DOWNLOAD_PAGE = limits.LEAST_ROWS_PER_DOWNLOAD_PAGE = 2
    reached: list[str] = []

    def strike(point: str) -> None:
        reached.append(point)
        if len(reached) == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.reached = strike
    {"make": make, "request": request, "tidy": tidy}[act](*arguments)
    sys.stdout.write("\n".join(reached))


def make(download_id: str) -> None:
    from addressbook.models import Download
    from addressbook.services import downloads, jobs

    claimed = jobs.claim(Download, int(download_id))
    assert claimed is not None
    downloads.make(claimed)


def request(book_id: str, user_id: str, token: str) -> None:
    from addressbook.models import AddressBook, Download, User
    from addressbook.services import downloads
    from addressbook.services.audit import Actor

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


if __name__ == "__main__":
    main()
