"""What a worker does with a parcel."""

from tests.workspace.parcels.models import Parcel
from workspace.models import JobState
from workspace.services.work import jobs


def run(parcel: Parcel) -> None:
    while _pack(parcel):
        pass


def _pack(parcel: Parcel) -> bool:
    with jobs.batch(parcel) as batch:
        done = batch.row.rows_done
        rows = min(2, batch.row.rows_total - done)
        if not rows:
            jobs.finish(batch.row, JobState.COMPLETE)
            return False
        batch.keep(cursor=done + rows, rows=rows, changes={"cards": rows})
    return True
