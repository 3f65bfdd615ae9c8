"""The limits of running the product: value, unit in the name, and reason."""

from typing import Final

# Jobs ------------------------------------------------------------------------------------------------------------

# Metrics tell of the jobs that ended in the last hour: long enough for a quantile, short enough to show a change.
WORKLOAD_WINDOW_SECONDS: Final = 3_600

# Downloads -------------------------------------------------------------------------------------------------------

# Passwords that a process hashes at a time: each takes Argon2 100 MB for a third of a second.
PASSWORDS_HASHED_AT_ONCE: Final = 2
