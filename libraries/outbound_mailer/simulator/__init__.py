"""The Outbound Mailer API served locally, for tests and for seeing sync without an account. See
docs/api-client.md.
"""

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from libraries.outbound_mailer.simulator.gateway import Account
from libraries.outbound_mailer.simulator.settings import AddressComparison, JobOrder, SimulatorSettings
from libraries.outbound_mailer.simulator.simulator import DEFAULT_ACCOUNT, Simulator

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
