"""The numbers of the client and the simulator: value, unit in the name, and the reason.

Numbers of NAVER's API pages unless the line says otherwise. Where a page says KB or MB without saying which, or two
pages disagree, the larger reading is taken: nothing is refused here that the service might accept.
"""

from typing import Final

# RFC 5321 section 4.5.3.1.3 allows a path of 256 octets with its angle brackets.
ADDRESS_LENGTH_CHARACTERS: Final = 254

# 1 to 100 characters of Hangul, Latin letters, digits, full stop, underscore and hyphen; the alphabet goes between the
# brackets of a regular expression. The console's own limits of the same names are compared with these in a test.
GROUP_NAME_CHARACTERS: Final = 100
GROUP_NAME_ALPHABET: Final = r"가-힣ㄱ-ㅎㅏ-ㅣA-Za-z0-9._-"

# The gateway refuses a timestamp that is this far from its own clock, in either direction.
CLOCK_SKEW_SECONDS: Final = 300

# Not published by NAVER: ours, long enough for a distant region, short enough for a worker's lease.
CONNECT_TIMEOUT_SECONDS: Final = 5
# The longest silence, while sending as well as while waiting.
SILENCE_SECONDS: Final = 30

# Ours: a server that drips its answer byte by byte passes every time-out for silence, so the whole call has its own.
CALL_SECONDS: Final = 60
# On top of that a body gets the time that a line of 2 Mbit/s takes: 8 MB are out after 32 s there, and after 16 s at
# 4 Mbit/s. A call of the sync, at most 1,000 addresses or 257 kB, gets one more second.
SLOWEST_LINE_BYTES_PER_SECOND: Final = 250_000

# A write never goes out on a connection that was idle for longer: the server may just be closing it, and the outcome
# would be unknown. The shortest idle time-outs in use are 2 s.
IDLE_BEFORE_WRITE_SECONDS: Final = 1.0

# Ours: the longest documented answer is a template structure; anything beyond this is not an answer of this API.
ANSWER_BYTES: Final = 32 * 1024 * 1024

# Ours: a Retry-After of days must not silence a book; the caller asks again after an hour at most.
RETRY_AFTER_SECONDS: Final = 3_600

# Recipients that are named one by one in a mail request; more only through address book groups.
RECIPIENTS_PER_REQUEST: Final = 100_000
COPIES_PER_MAIL: Final = 30  # CC and BCC, each
GROUPS_PER_FILTER: Final = 5
RESERVATION_DAYS: Final = 30

SENDER_NAME_BYTES: Final = 69
# The data type's page says 69 characters; 69 bytes is the rule of SENS mail v2, which a form may ask for on top.
RECIPIENT_NAME_CHARACTERS: Final = 69
TITLE_BYTES: Final = 500
BODY_BYTES: Final = 500 * 1024  # with the unsubscribe text
TEMPLATE_DESCRIPTION_BYTES: Final = 300
# The pages say 0 to 100, at most 100, and 20 to 100.
REFERENCES_HEADER_CHARACTERS: Final = 100
ATTACHMENT_BYTES: Final = 10 * 1024 * 1024
ATTACHMENTS_PER_MAIL_BYTES: Final = 20 * 1024 * 1024

# An upload that no mail has named is deleted after this long.
UPLOAD_SECONDS: Final = 24 * 3_600
# An address stays on the send block list for 7 days unless the console says otherwise.
SEND_BLOCK_SECONDS: Final = 7 * 24 * 3_600
