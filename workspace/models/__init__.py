from workspace.models.acts import Act
from workspace.models.audit import AuditChain, AuditEvent
from workspace.models.books import AddressBook, BookMember, Edition, Masking, Region, Role, Zone
from workspace.models.connections import Connection, SealingKey
from workspace.models.in_list import Among
from workspace.models.invitations import Invitation
from workspace.models.sign_in import Authenticator, GuessCounter, RecoveryCode
from workspace.models.submissions import Submission
from workspace.models.users import User
from workspace.models.work import EditionWork, JobState, LeasedWork

__all__ = [
    "Act",
    "AddressBook",
    "Among",
    "AuditChain",
    "AuditEvent",
    "Authenticator",
    "BookMember",
    "Connection",
    "Edition",
    "EditionWork",
    "GuessCounter",
    "Invitation",
    "JobState",
    "LeasedWork",
    "Masking",
    "RecoveryCode",
    "Region",
    "Role",
    "SealingKey",
    "Submission",
    "User",
    "Zone",
]
