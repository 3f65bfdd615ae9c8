from addressbook.models.addresses import Address, Membership
from addressbook.models.downloads import DepartedAddress, DepartedMembership, Download
from addressbook.models.groups import Group
from addressbook.models.sync import BookSync, ParkedEntry, Pause, RemoteCounts, Removal
from addressbook.models.undo import Act, UndoRecord
from addressbook.models.uploads import Upload

__all__ = [
    "Act",
    "Address",
    "BookSync",
    "DepartedAddress",
    "DepartedMembership",
    "Download",
    "Group",
    "Membership",
    "ParkedEntry",
    "Pause",
    "RemoteCounts",
    "Removal",
    "UndoRecord",
    "Upload",
]
