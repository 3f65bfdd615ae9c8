"""The limits of the API and of our client: value, unit in the name, and reason."""

from typing import Final

# Groups ---------------------------------------------------------------------------------------------------------

# Console and API: 1 to 100 characters of Hangul, Latin letters, digits, full stop, underscore and hyphen. What stands
# below goes between the brackets of a regular expression; Hangul is read as syllables and the letters of a keyboard.
GROUP_NAME_CHARACTERS: Final = 100
GROUP_NAME_ALPHABET: Final = r"가-힣ㄱ-ㅎㅏ-ㅣA-Za-z0-9._-"

# Outbound Mailer API ----------------------------------------------------------------------------------------
# Numbers of NAVER's API pages unless the line says otherwise. Where a page says KB or MB without saying which,
# the larger reading is taken, so that nothing is refused here that the service might accept.

# The gateway refuses a timestamp that is this far from its own clock, in either direction.
MAILER_CLOCK_SKEW_SECONDS: Final = 300

# Not published by NAVER: ours, long enough for a distant region, short enough for a worker's lease.
MAILER_CONNECT_TIMEOUT_SECONDS: Final = 5
MAILER_READ_TIMEOUT_SECONDS: Final = 30

# Ours: a server that drips its answer byte by byte passes every read time-out, so the whole answer has its own.
MAILER_ANSWER_SECONDS: Final = 60

# Ours: the longest documented answer is a template structure; anything beyond this is not an answer of this API.
MAILER_ANSWER_BYTES: Final = 32 * 1024 * 1024

# Ours: a Retry-After of days must not silence a book; the caller asks again after an hour at most.
MAILER_RETRY_AFTER_SECONDS: Final = 3_600

# Recipients that are named one by one in a send request; more only through address book groups.
MAILER_RECIPIENTS_PER_REQUEST: Final = 100_000
MAILER_COPIES_PER_MAIL: Final = 30  # CC and BCC, each
MAILER_GROUPS_PER_FILTER: Final = 5
MAILER_RESERVATION_DAYS: Final = 30

MAILER_SENDER_NAME_BYTES: Final = 69
MAILER_RECIPIENT_NAME_BYTES: Final = 69
MAILER_TITLE_BYTES: Final = 500
MAILER_BODY_BYTES: Final = 500 * 1024  # with the unsubscribe text
MAILER_TEMPLATE_DESCRIPTION_BYTES: Final = 300
MAILER_REFERENCES_HEADER_MINIMUM_CHARACTERS: Final = 20
MAILER_REFERENCES_HEADER_CHARACTERS: Final = 100
MAILER_ATTACHMENT_BYTES: Final = 10 * 1024 * 1024
MAILER_ATTACHMENTS_PER_MAIL_BYTES: Final = 20 * 1024 * 1024
