"""The Outbound Mailer API served locally, for tests and for seeing sync without an account. See
docs/api-client.md.
"""

from addressbook.mailer.simulator.faults import Fault, FaultKind
from addressbook.mailer.simulator.gateway import Account
from addressbook.mailer.simulator.settings import AddressComparison, JobOrder, SimulatorSettings
from addressbook.mailer.simulator.simulator import DEFAULT_ACCOUNT, Simulator

__all__ = [
    "DEFAULT_ACCOUNT",
    "Account",
    "AddressComparison",
    "Fault",
    "FaultKind",
    "JobOrder",
    "Simulator",
    "SimulatorSettings",
]
