"""Undo: takes back exactly what an act added, and gives back exactly what it took away, from the records of `journal`.

- `requests`: what people do: look what an undo would change (`preview`), and have it done (`undo`).
- `running`: the undo itself, a step and a transaction at a time; the same steps for a click and for a job.
- `steps`: what each step does, and what it leaves and why.
- `housekeeping`: records go with their time (`sweep`), with a person (`forget`) and with an edition (`erase_records`).

What came or went since by other acts stays as it is: an address that was registered anew, one that has been put into
another group, a group whose name somebody else has taken. Each is counted and named.
"""

from addressbook.services.undo.housekeeping import erase_records, forget, sweep
from addressbook.services.undo.previewing import Preview, preview
from addressbook.services.undo.requests import NotUndoableError, Undone, Why, find, undo, undoable_acts
from addressbook.services.undo.running import run

__all__ = [
    "NotUndoableError",
    "Preview",
    "Undone",
    "Why",
    "erase_records",
    "find",
    "forget",
    "preview",
    "run",
    "sweep",
    "undo",
    "undoable_acts",
]
