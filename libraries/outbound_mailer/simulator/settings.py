"""What NAVER does not document, as switches (fact sheet section 10, mark P). The defaults are the likelier
behaviour.
"""

from dataclasses import dataclass
from enum import StrEnum


class AddressComparison(StrEnum):
    """When two spellings are one address."""

    EXACT = "exact"
    LOWER_CASE = "lower_case"


class JobOrder(StrEnum):
    """In which order the waiting creations of a book are carried out."""

    ARRIVAL = "arrival"
    REVERSED = "reversed"
    PARALLEL = "parallel"  # the groups of all of them in turn


class ListOrder(StrEnum):
    """In which order lists of mails and requests come when none was asked for."""

    ARRIVAL = "arrival"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """The number in each comment is the behaviour of section 10 that the switch belongs to."""

    # How long a creation waits before it is applied; None: until run_jobs() (9).
    delay_seconds: float | None = 0.0
    # How long a mail stays in each of READY and SENDING (22).
    mail_step_seconds: float = 0.0
    # How long a new request stays in P, without rows, and how many of its mails are finished each second; None: all of
    # them at once (22).
    preparing_seconds: float = 0.0
    mails_per_second: float | None = None
    # How long after its acceptance a request appears in the list; None: never.
    listing_delay_seconds: float | None = 0.0
    list_order: ListOrder = ListOrder.ARRIVAL

    # How many recipients of a request get no mail, without a word (22).
    dropped_recipients: int = 0

    # Regions hold separate books, templates and mails (1).
    separate_regions: bool = True
    # The status of a refused signature: 401 by the gateway's page, 400 by the product's overview (4).
    authentication_failure_status: int = 401
    authentication_failure_details: str = "Invalid authentication information."
    # Error codes as JSON numbers instead of strings (8).
    numeric_codes: bool = False
    # Product errors carry their code as errorCode too, as the swagger has it (8).
    product_error_code_twice: bool = False
    # 413 above this (6).
    max_body_bytes: int | None = None

    # `groups: []` is accepted and does nothing (10).
    accept_no_groups: bool = False
    # A malformed address is dropped by the job instead of failing the whole call (10).
    drop_invalid_addresses: bool = False
    # A group without a name is refused, as the page of 2026 says (12).
    require_group_name: bool = False
    address_comparison: AddressComparison = AddressComparison.EXACT  # (13)
    # One name twice in a request is refused instead of merged (14).
    refuse_repeated_names: bool = False
    job_order: JobOrder = JobOrder.ARRIVAL  # (15)
    # An empty book shows `groups: null` instead of `[]` (16).
    null_groups_when_empty: bool = False
    # Deleting or emptying an unknown group, removing unknown addresses: an error 77103, or nothing happens
    # (18).
    unknown_group_is_error: bool = True
    unknown_address_is_error: bool = False
    # Deleting the whole book also cancels the creations that still wait (19).
    delete_cancels_waiting_jobs: bool = False
    # 77102 above this many addresses, or groups, in one creation (20).
    max_addresses_per_request: int | None = None
    max_groups_per_request: int | None = None

    # GET /unsubscribers and /config, which have pages but are not in the overview of 2026.
    undocumented_operations: bool = False

    # A restored template is in use again (23).
    restored_template_is_used: bool = True
    # The template structure without `isUse` shows templates out of use too (23).
    structure_shows_unused: bool = True
