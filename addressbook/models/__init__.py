from addressbook.models.addresses import Address, Membership
from addressbook.models.among import Among
from addressbook.models.audit import Action, AuditChain, AuditEvent
from addressbook.models.books import AddressBook, BookMember, Edition, Masking, Region, Role, Zone
from addressbook.models.connections import Connection
from addressbook.models.downloads import DepartedAddress, DepartedMembership, Download
from addressbook.models.groups import Group
from addressbook.models.invitations import Invitation
from addressbook.models.jobs import Erasure, Job, JobState, LeasedWork
from addressbook.models.sign_in import Authenticator, GuessCounter, RecoveryCode
from addressbook.models.submissions import Submission
from addressbook.models.sync import BookSync, ParkedEntry, Pause, Removal
from addressbook.models.undo import Act, UndoRecord
from addressbook.models.uploads import Upload
from addressbook.models.users import User

__all__ = [
    "Act",
    "Action",
    "Address",
    "AddressBook",
    "Among",
    "AuditChain",
    "AuditEvent",
    "Authenticator",
    "BookMember",
    "BookSync",
    "Connection",
    "DepartedAddress",
    "DepartedMembership",
    "Download",
    "Edition",
    "Erasure",
    "Group",
    "GuessCounter",
    "Invitation",
    "Job",
    "JobState",
    "LeasedWork",
    "Masking",
    "Membership",
    "ParkedEntry",
    "Pause",
    "RecoveryCode",
    "Region",
    "Removal",
    "Role",
    "Submission",
    "UndoRecord",
    "Upload",
    "User",
    "Zone",
]
