"""What is done to undos in processes that may be killed (`tests.support.kill`)."""


def work(job_id: str) -> None:
    from addressbook.models import Job
    from addressbook.services import undo
    from workspace.services.work import claiming

    claimed = claiming.claim(Job, int(job_id))
    assert claimed is not None
    undo.run(claimed)
