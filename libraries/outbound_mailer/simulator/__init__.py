"""The Outbound Mailer API served locally, for tests and for seeing sync without an account. See
docs/api-client.md.
"""

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from libraries.outbound_mailer.simulator.gateway import Account
from libraries.outbound_mailer.simulator.ledger import DeliveredMail
from libraries.outbound_mailer.simulator.outcomes import HARD_BOUNCES, Outcome
from libraries.outbound_mailer.simulator.settings import AddressComparison, JobOrder, ListOrder, SimulatorSettings
from libraries.outbound_mailer.simulator.simulator import DEFAULT_ACCOUNT, Simulator

__all__ = [
    "DEFAULT_ACCOUNT",
    "HARD_BOUNCES",
    "Account",
    "AddressComparison",
    "DeliveredMail",
    "Fault",
    "FaultKind",
    "JobOrder",
    "ListOrder",
    "Outcome",
    "Simulator",
    "SimulatorSettings",
]
