"""The tree of groups by itself."""

from typing import Any

from addressbook.models import Group
from addressbook.views.sync.sync_line import sync_context
from workspace.views.pages.access import Access


def tree_context(access: Access) -> dict[str, Any]:
    """What the tree alone needs, to be replaced beside something else; the script marks the chosen group."""
    return {
        "access": access,
        "edition": access.edition,
        "groups": Group.objects.filter(edition=access.edition).as_tree(),
        "late_groups": sync_context(access)["late_groups"],
        "tree_out_of_band": True,
    }
