"""Lists: files of addresses that are looked for in the book, and then acted on as their owner says.

They are received, read, questioned and applied as files to register are. What differs is here: which of the addresses
are there, and the acts.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from addressbook import actions, limits
from addressbook.models import Group, Membership, Upload
from addressbook.services.addresses import memberships, statements
from addressbook.services.addresses.undo_log import UndoNotes
from addressbook.services.uploads import files
from addressbook.services.uploads.file_groups import CHOSEN_GROUP
from addressbook.services.uploads.rows import RowsBatch, key_in, line, read_batch
from libraries.email_addresses import EmailAddress
from workspace.models import AddressBook, Edition
from workspace.models.actions import Text

# Does the act to one batch, in its transaction, under the lock of the book; returns what it has changed.
Step = Callable[[Edition, Upload, RowsBatch, UndoNotes], dict[str, int]]
# How many of these keys of a book are of some kind, by the name of the kind.
Counting = Callable[[AddressBook, Sequence[str]], Mapping[str, int]]


class UnknownActError(Exception):
    """There is no such act on a list."""


class NoReasonError(Exception):
    """The act has to be justified."""


@dataclass(frozen=True, slots=True)
class ListAct:
    """`counts` names and labels what `step` counts; `done` is said at its end.

    `outlives_reset`: it changes nothing that a reset takes away. `is_asked_alone`: a list that was sent for it is asked
    about no other acts.
    """

    step: Step
    counts: Mapping[str, Text]
    done: Text = ""
    needs_group: bool = False
    needs_reason: bool = False
    outlives_reset: bool = False
    is_asked_alone: bool = False


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some addresses of a list, as (email, key). `after` leads to the next; None on the last page."""

    pairs: list[tuple[str, str]]
    after: int | None


def add_act(action: str, act: ListAct) -> None:
    """One more thing that can be done to a list. Apps add theirs when they are ready."""
    _ACTS[action] = act


def also_count(counting: Counting) -> None:
    """Have the addresses of every list counted by this function too. Apps add theirs when they are ready."""
    if counting not in _COUNTINGS:
        _COUNTINGS.append(counting)


def outliving_reset() -> list[str]:
    """The acts that change nothing that a reset takes away, and so go on after one."""
    return [action for action, act in _ACTS.items() if act.outlives_reset]


def act_of(action: str) -> ListAct:
    """Raises UnknownActError."""
    try:
        return _ACTS[action]
    except KeyError as error:
        raise UnknownActError(action) from error


def arrange(upload: Upload, rows_path: Path, *, beat: Callable[[], None]) -> dict[str, Any]:
    """Move the addresses that are in the book to the front of the rows file; returns what is known of all of them.

    `there_bytes` is where the others begin.
    """
    inside: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    edition, known, unknown = upload.edition, 0, 0
    rest_path = rows_path.with_name("missing")
    there_path = rows_path.with_name("there")
    with rows_path.open("rb") as rows, there_path.open("wb") as there, rest_path.open("wb") as rest:
        # As they stand: every line of a list is an address, and goes on as it is.
        while lines := list(islice(rows, limits.KEYS_PER_LOOK_UP)):
            keys = [key_in(line) for line in lines]
            ids = statements.ids_by_key(edition.pk, keys)
            there.writelines(line for line, key in zip(lines, keys, strict=True) if key in ids)
            rest.writelines(line for line, key in zip(lines, keys, strict=True) if key not in ids)
            known, unknown = known + len(ids), unknown + len(lines) - len(ids)
            inside.update(_inside(ids.values()))
            for counting in _COUNTINGS:
                kinds.update(counting(edition.book, keys))
            beat()
    there_bytes = there_path.stat().st_size
    with there_path.open("ab") as there, rest_path.open("rb") as rest:
        shutil.copyfileobj(rest, there)
    there_path.replace(rows_path)
    return {
        "new": unknown,
        "already_there": known,
        "there_bytes": there_bytes,
        "kinds": dict(kinds),
        **_in_groups(edition, inside),
    }


def page(upload: Upload, *, missing: bool, start: int, size: int) -> ListPage:
    """The addresses of a checked list that are in the book, or that are `missing`, from the place `start` on.

    Raises FileNotFoundError when the list has gone.
    """
    border = upload.check_result.get("there_bytes", 0)
    first, end = (border, None) if missing else (0, border)
    with files.local(upload.rows_file) as path, path.open("rb") as rows:
        start = _line_at(rows, max(first, start))
        batch = read_batch(rows, start, size)
        # A list that ends here is read beyond its end by a page that is not full.
        pairs, place = [], start
        for email, key in batch.pairs:
            if end is not None and place >= end:
                break
            pairs.append((email, key))
            place += len(_line(email, key))
        is_last = place >= end if end is not None else not rows.readline()
    return ListPage(pairs, None if is_last else place)


def _line_at(rows: IO[bytes], place: int) -> int:
    """The place itself if a line begins there, else that of the next line: it comes from a URL."""
    if place == 0:
        return 0
    rows.seek(place - 1)
    rows.readline()
    return rows.tell()


def _line(email: str, key: str) -> bytes:
    return line(EmailAddress(email, key), CHOSEN_GROUP).encode()


def _inside(ids: Any) -> dict[int, int]:
    rows = Membership.objects.filter(address__among=set(ids)).order_by()
    return dict(rows.values_list("group").annotate(Count("pk")))


def _in_groups(edition: Edition, inside: Counter[int]) -> dict[str, Any]:
    listed = inside.most_common(limits.GROUPS_OF_A_LIST_LISTED)
    names = dict(Group.objects.filter(edition=edition, pk__in=[pk for pk, _count in listed]).values_list("pk", "name"))
    groups = [{"name": names[pk], "count": count} for pk, count in listed if pk in names]
    return {"in_groups": groups, "in_groups_unlisted": len(inside) - len(groups)}


def _ids(edition: Edition, batch: RowsBatch) -> list[int]:
    return sorted(statements.ids_by_key(edition.pk, [key for _email, key in batch.pairs]).values())


def _delete(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> dict[str, int]:
    return {"deleted": memberships.delete_addresses(edition, _ids(edition, batch), noted=noted)}


def _take_out(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> dict[str, int]:
    """Out of the chosen group, or out of all."""
    ids = _ids(edition, batch)
    if "group" in upload.outcome:
        wanted: Any = [upload.group_id]
    else:
        wanted = Membership.objects.filter(address__among=ids).order_by().values("group").distinct()
    groups = list(Group.objects.filter(edition=edition, pk__in=wanted))
    return {"removed": sum(memberships.remove_from_group(group, ids, noted=noted) for group in groups)}


def _put_in(edition: Edition, upload: Upload, batch: RowsBatch, noted: UndoNotes) -> dict[str, int]:
    """Into the chosen group; a group that was deleted meanwhile is passed over."""
    group = Group.objects.filter(edition=edition, pk=upload.group_id or 0).first()
    return {"added": memberships.add_to_group(group, _ids(edition, batch), noted=noted) if group else 0}


_ACTS: Final[dict[str, ListAct]] = {
    actions.DELETE_ADDRESS: ListAct(
        _delete, {"deleted": _("Deleted")}, done=_("The addresses are out of the address book and of every group.")
    ),
    actions.REMOVE_FROM_GROUP: ListAct(
        _take_out, {"removed": _("Removed from groups")}, done=_("The groups of the listed addresses are changed.")
    ),
    actions.CHANGE_GROUP: ListAct(
        _put_in,
        {"added": _("Added to groups")},
        done=_("The groups of the listed addresses are changed."),
        needs_group=True,
    ),
}
_COUNTINGS: Final[list[Counting]] = []
