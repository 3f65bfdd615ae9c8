from addressbook.models.addresses import Address, Membership
from addressbook.models.audit import Action, AuditEvent
from addressbook.models.books import AddressBook, BookMember, Edition, Region, Role, Zone
from addressbook.models.downloads import DepartedAddress, DepartedMembership, Download
from addressbook.models.groups import Group
from addressbook.models.jobs import Job, JobState, LeasedWork
from addressbook.models.submissions import Submission
from addressbook.models.uploads import Upload
from addressbook.models.users import User

__all__ = [
    "Action",
    "Address",
    "AddressBook",
    "AuditEvent",
    "BookMember",
    "DepartedAddress",
    "DepartedMembership",
    "Download",
    "Edition",
    "Group",
    "Job",
    "JobState",
    "LeasedWork",
    "Membership",
    "Region",
    "Role",
    "Submission",
    "Upload",
    "User",
    "Zone",
]
