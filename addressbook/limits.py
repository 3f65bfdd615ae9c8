"""Every limit of the product: its value, the unit in its name, and why it is what it is.

Messages, forms and documentation read the numbers from here, so that a number on the screen cannot drift from the
number that is enforced. This module imports nothing of ours.
"""

from typing import Final

# Addresses ------------------------------------------------------------------------------------------------------

# RFC 5321 section 4.5.3.1.3 allows a path of 256 octets with its angle brackets.
ADDRESS_LENGTH_CHARACTERS: Final = 254

# RFC 5321 section 4.5.3.1.1 allows 64 octets before the @; RFC 1035 section 2.3.4 allows labels of 63 after it.
LOCAL_PART_LENGTH_CHARACTERS: Final = 64
DOMAIN_LABEL_LENGTH_CHARACTERS: Final = 63

# Verdicts on domains that are kept in memory. A mailing list of a million addresses rarely has more domains
# than this, and 10,000 domains of the greatest length take about 6 MB a process.
DOMAIN_VERDICTS_CACHED: Final = 10_000

# The console takes as many at a time; it is also the only address count that NAVER publishes.
TYPED_ADDRESSES_PER_REGISTRATION: Final = 1_000

# Groups ---------------------------------------------------------------------------------------------------------

# Console and API: 1 to 100 characters of Hangul, Latin letters, digits, full stop, underscore and hyphen.
GROUP_NAME_CHARACTERS: Final = 100

# Ours: NAVER documents none. Far beyond what a person can tell apart in a tree, and what one page can still carry.
GROUPS_PER_BOOK: Final = 10_000

# The screen ------------------------------------------------------------------------------------------------------

PAGE_SIZES_ROWS: Final = (20, 50, 100)
DEFAULT_PAGE_SIZE_ROWS: Final = 50

# Longer texts cannot be part of an address.
SEARCH_CHARACTERS: Final = ADDRESS_LENGTH_CHARACTERS

# From this many groups on, the tree shows a filter.
GROUPS_BEFORE_FILTER: Final = 15

# Groups named on one row of the list before "+3 more"; the rest is in "Edit group".
GROUPS_NAMED_PER_ROW: Final = 5

# Invalid entries listed with their reasons while typing; the notification counts all of them.
INVALID_ENTRIES_LISTED: Final = 100

# Recipients that "Send mail" offers to copy: the API takes 100,000 a request, a person pastes no more than this.
ADDRESSES_TO_COPY: Final = 1_000

# Books ----------------------------------------------------------------------------------------------------------

BOOK_NAME_CHARACTERS: Final = 60

# Jobs ------------------------------------------------------------------------------------------------------------

# Up to this many rows an act is done while the user waits; beyond it becomes a job. 1,000 rows take about 0.1 s.
ROWS_WITHIN_A_CLICK: Final = 1_000

# One transaction of a job: a writer on SQLite holds up all others, so it must end within 100 ms.
ROWS_PER_JOB_BATCH: Final = 1_000

# A worker that has not moved its job for this long is taken for dead. A batch takes well under a second.
JOB_LEASE_SECONDS: Final = 30

# A job that took its worker down this often is given up.
JOB_ATTEMPTS: Final = 3

# After this long a job that nobody claimed is announced to the workers again: its message may be lost, or the workers
# may merely be busy, and then one more message a minute does no harm.
JOB_FORGOTTEN_AFTER_SECONDS: Final = 60

# How often a page asks for the state of a running job.
JOB_POLL_SECONDS: Final = 1

# A form that is sent twice is recognised for this long.
SUBMISSION_MEMORY_HOURS: Final = 48

# History ---------------------------------------------------------------------------------------------------------

REASON_CHARACTERS: Final = 200
