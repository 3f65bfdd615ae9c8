"""Undo: takes back exactly what an act added, and gives back exactly what it took away, from the records of `undo_log`.

- `requests`: what people do: look what an undo would change (`preview`), and have it done (`undo`).
- `running`: the undo itself, a step and a transaction at a time; the same steps for a click and for a job.
- `steps`: what each step does, and what it leaves and why.
- `housekeeping`: records go with their time (`sweep`), with a person (`forget`) and with an edition (`erase_records`).

Later changes by other acts are kept: an address that was registered again, one that was put into another group, a
group whose name is taken. Each is counted and named.
"""

from addressbook.services.undo.housekeeping import erase_records, forget, sweep
from addressbook.services.undo.previewing import Preview, preview
from addressbook.services.undo.requests import NotUndoableError, Reason, Undone, find, undo, undoable_acts
from addressbook.services.undo.running import run

__all__ = [
    "NotUndoableError",
    "Preview",
    "Reason",
    "Undone",
    "erase_records",
    "find",
    "forget",
    "preview",
    "run",
    "sweep",
    "undo",
    "undoable_acts",
]
