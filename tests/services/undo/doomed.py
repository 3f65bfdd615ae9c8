"""What is done to undos in processes that may be killed (`tests.doom`)."""


def work(job_id: str) -> None:
    from addressbook.models import Job
    from addressbook.services import jobs, undo

    claimed = jobs.claim(Job, int(job_id))
    assert claimed is not None
    undo.run(claimed)
