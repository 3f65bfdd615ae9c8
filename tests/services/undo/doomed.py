"""A process that works on an undo and is killed at the n-th crash point (0: at none).

`python -m tests.services.undo.doomed N JOB`, with the settings and the database of the test in its environment. Prints
the points that it reached.
"""

import os
import signal
import sys

import django


def main() -> None:
    fatal, job_id = map(int, sys.argv[1:])
    django.setup()
    from celery import current_app

    from addressbook import limits
    from addressbook.models import Job
    from addressbook.services import crash_points, jobs, undo

    current_app.send_task = lambda *arguments, **options: None  # no other worker is to hear of it
    limits.ROWS_PER_JOB_BATCH = 2
    reached: list[str] = []

    def strike(point: str) -> None:
        reached.append(point)
        if len(reached) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.reached = strike
    claimed = jobs.claim(Job, job_id)
    assert claimed is not None
    undo.run(claimed)
    sys.stdout.write("\n".join(reached))


if __name__ == "__main__":
    main()
