"""Hints of the screen, each of which a person puts away for good."""

from collections.abc import Collection
from enum import StrEnum

from django.db import transaction

from workspace.models import User


class Hint(StrEnum):
    """In the order in which they are shown, one at a time."""

    TREE = "tree"
    SELECTION = "selection"
    UNDO = "undo"


def next_for(user: User, suitable: Collection[Hint]) -> Hint | None:
    """The first of the suitable ones that the user has not put away."""
    return next((hint for hint in Hint if hint in suitable and hint not in user.hints_put_away), None)


def put_away(*, user: User, hints: Collection[Hint]) -> None:
    """They are not shown to this user again, in no book and on no machine. Safe to do again."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        row.hints_put_away = sorted({*row.hints_put_away, *map(str, hints)})
        row.save(update_fields=["hints_put_away"])
    user.hints_put_away = row.hints_put_away
