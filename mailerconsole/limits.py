"""The limits of running the product: value, unit in the name, and reason."""

from typing import Final

# Jobs ------------------------------------------------------------------------------------------------------------

# Metrics tell of the jobs that ended in the last hour: long enough for a quantile, short enough to show a change.
WORKLOAD_WINDOW_SECONDS: Final = 3_600

# Signing in -------------------------------------------------------------------------------------------------------

# A link with which somebody sets a password: it opens an account, so it holds for a day.
PASSWORD_LINK_HOURS: Final = 24

# Downloads -------------------------------------------------------------------------------------------------------

# Passwords that a process hashes at a time: each takes Argon2 100 MB for a third of a second.
PASSWORDS_HASHED_AT_ONCE: Final = 2

# A request without a buffering proxy before us: so long for its headers, and for a body as long again for so many
# bytes. A phone on a poor line sends five times as fast. gunicorn ends a stuck worker after 60 s.
REQUEST_GRACE_SECONDS: Final = 10
SLOWEST_CLIENT_BYTES_PER_SECOND: Final = 8 * 1024

# A piece of an answer, of 64 KiB at most, must be taken by the client within this time: at half that speed.
ANSWER_PIECE_SECONDS: Final = 16
