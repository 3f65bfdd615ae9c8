from addressbook.models.addresses import Address, Membership
from addressbook.models.downloads import DepartedAddress, DepartedMembership, Download
from addressbook.models.groups import Group
from addressbook.models.growth import GrowthWeek
from addressbook.models.jobs import Erasure, Job
from addressbook.models.sync import BookSync, ParkedEntry, Pause, RemoteCounts, Removal
from addressbook.models.undo import UndoRecord
from addressbook.models.uploads import Upload

__all__ = [
    "Address",
    "BookSync",
    "DepartedAddress",
    "DepartedMembership",
    "Download",
    "Erasure",
    "Group",
    "GrowthWeek",
    "Job",
    "Membership",
    "ParkedEntry",
    "Pause",
    "RemoteCounts",
    "Removal",
    "UndoRecord",
    "Upload",
]
