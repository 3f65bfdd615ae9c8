"""A process that works on an upload and is killed at the n-th crash point (0: at none).

`python -m tests.services.uploads.doomed N FOLDER work UPLOAD` or `... receive BOOK USER TOKEN`, with the settings and
the database of the test in its environment. Prints the points that it reached.
"""

import os
import signal
import sys
from uuid import UUID

import django

CONTENT = "email,group\n" + "".join(f"u{n}@example.com,{'Gold' if n % 2 else ''}\n" for n in range(5)) + "wrong,\n"


def main() -> None:
    fatal, folder, act, *arguments = sys.argv[1:]
    django.setup()
    from celery import current_app
    from django.conf import settings

    from addressbook import limits
    from addressbook.services import crash_points

    settings.MEDIA_ROOT = folder
    current_app.send_task = lambda *arguments, **options: None  # no other worker is to hear of it
    limits.ROWS_PER_UPLOAD_BATCH = 2
    reached: list[str] = []

    def strike(point: str) -> None:
        reached.append(point)
        if len(reached) == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.reached = strike
    {"work": work, "receive": receive}[act](*arguments)
    sys.stdout.write("\n".join(reached))


def work(upload_id: str) -> None:
    from addressbook.models import Upload
    from addressbook.services import jobs, uploads

    claimed = jobs.claim(Upload, int(upload_id))
    assert claimed is not None
    uploads.run(claimed)


def receive(book_id: str, user_id: str, token: str) -> None:
    from django.core.files.base import ContentFile

    from addressbook.models import AddressBook, User
    from addressbook.services import uploads
    from addressbook.services.audit import Actor

    uploads.receive(
        book=AddressBook.objects.get(pk=book_id),
        group_id=None,
        file=ContentFile(CONTENT.encode()),
        name="list.csv",
        token=UUID(token),
        by=Actor(User.objects.get(pk=user_id)),
    )


if __name__ == "__main__":
    main()
