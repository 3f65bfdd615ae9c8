"""What the owner of an upload decided in its check: names of groups, suggestions, and addresses outside to take too.

It is kept in `Upload.choice` beside how the file is read, and the file is checked again with it: what was checked is
what is applied. It names no address.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from addressbook.models import Upload
from libraries.spreadsheets import NO_COLUMN, Choice

_KEY: Final = "mending"

# A place outside the chosen column: sheet (None: the one that is read), column, whether its rows are hidden.
Place = tuple[str | None, int, bool]
HIDDEN_ROWS: Final[Place] = (None, -1, True)


@dataclass(frozen=True, slots=True)
class Mending:
    """`groups` has the new name for each name of the file, "" to leave the group out.

    `suggestions` has the findings whose suggestions are taken: see `finding_key`.
    """

    groups: dict[str, str]
    suggestions: frozenset[str]
    places: frozenset[Place]

    @property
    def is_empty(self) -> bool:
        return not (self.groups or self.suggestions or self.places)


class UnknownFindingError(Exception):
    """The check has no finding of this kind and number."""


def mending_of(upload: Upload) -> Mending:
    kept = upload.choice.get(_KEY, {})
    places = frozenset((sheet, column, hidden) for sheet, column, hidden in kept.get("places", ()))
    return Mending(dict(kept.get("groups", {})), frozenset(kept.get("suggestions", ())), places)


def choice_of(upload: Upload) -> Choice:
    choice = Choice(**{name: value for name, value in upload.choice.items() if name != _KEY})
    # What stands beside the addresses of a list is none of its business.
    return replace(choice, group_column=NO_COLUMN) if upload.is_list else choice


def as_choice(choice: Choice, mending: Mending) -> dict[str, Any]:
    """Both as `Upload.choice` keeps them."""
    wanted = {name: value for name, value in asdict(choice).items() if value is not None}
    if not mending.is_empty:
        places = sorted(mending.places, key=lambda place: (place[0] or "", place[1], place[2]))
        wanted[_KEY] = {
            "groups": mending.groups,
            "suggestions": sorted(mending.suggestions),
            "places": [list(place) for place in places],
        }
    return wanted


def reread(mending: Mending, before: Choice, after: Choice) -> Mending:
    """What of it still says something when the file is read in another way: another column makes other places."""
    return mending if before == after else replace(mending, places=frozenset())


def mended(upload: Upload, wish: str) -> Mending:
    """The decisions with one more: `group:0`, `skip:0`, `drop:0`, `suggestion:0`, `place:0`, or `undo` for none.

    `all` stands for all of a kind. The numbers are those of the findings in the check. Raises UnknownFindingError.
    """
    mending, result = mending_of(upload), upload.check_result
    kind, _, number = wish.partition(":")
    if kind == "undo":
        return Mending({}, frozenset(), frozenset())
    if kind in ("group", "skip"):
        found = _picked(result.get("group_findings", ()), number)
        names = {entry["name"]: entry["proposal"] if kind == "group" else "" for entry in found}
        return replace(
            mending, groups={**mending.groups, **{name: new for name, new in names.items() if new is not None}}
        )
    if kind == "drop":
        names = dict.fromkeys(_picked(result.get("new_groups", ()), number), "")
        # A name that came out of a decision is dropped where it came from.
        renamed = {old: "" if new in names else new for old, new in mending.groups.items()}
        return replace(mending, groups={**renamed, **names})
    if kind == "suggestion":
        found = [entry for entry in result.get("findings", ()) if entry["suggested"]]
        return replace(mending, suggestions=mending.suggestions | {entry["key"] for entry in _picked(found, number)})
    if kind == "place":
        found = _picked(result.get("outside", ()), number)
        return replace(mending, places=mending.places | {(e["sheet"], e["column"], e["hidden"]) for e in found})
    raise UnknownFindingError


def _picked(found: Any, number: str) -> list[Any]:
    if number == "all":
        return list(found)
    listed = list(found)
    if not number.isdecimal() or int(number) >= len(listed):
        raise UnknownFindingError
    return [listed[int(number)]]


def finding_key(code: str, detail: str | None = None) -> str:
    """What a finding is known by in every check of the same file; names no address."""
    return f"{code}:{detail}" if detail else code
