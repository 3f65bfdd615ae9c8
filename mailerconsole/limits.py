"""The limits of running the product: value, unit in the name, and reason."""

from typing import Final

# Jobs ------------------------------------------------------------------------------------------------------------

# Metrics tell of the jobs that ended in the last hour: long enough for a quantile, short enough to show a change.
WORKLOAD_WINDOW_SECONDS: Final = 3_600

# Signing in -------------------------------------------------------------------------------------------------------

# A link with which somebody sets a password: it opens an account, so it holds for a day.
PASSWORD_LINK_HOURS: Final = 24
