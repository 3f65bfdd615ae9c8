"""The limits of people, books, history and work: value, unit in the name, and reason.

Messages, forms and documentation read the numbers from the limits, so that a number on the screen cannot drift from
the number that is enforced.
"""

from typing import Final

from libraries.spreadsheets.limits import UPLOAD_FILE_BYTES

# Addresses ------------------------------------------------------------------------------------------------------

# The console takes as many at a time; it is also the only address count that NAVER publishes.
TYPED_ADDRESSES_PER_REGISTRATION: Final = 1_000

# Groups ---------------------------------------------------------------------------------------------------------

# Ours: NAVER documents none. Far beyond what a person can tell apart in a tree, and what one page can still carry.
GROUPS_PER_BOOK: Final = 10_000

# Books ----------------------------------------------------------------------------------------------------------

BOOK_NAME_CHARACTERS: Final = 60

# A link that makes somebody a member: long enough for a holiday, short enough for what lies about in mailboxes.
INVITATION_DAYS: Final = 7

# Open at a time; more than a book has people joining in a week.
INVITATIONS_PER_BOOK: Final = 50

# Of a link as it is pasted; ours have some hundred.
INVITATION_LINK_CHARACTERS: Final = 500

# Jobs ------------------------------------------------------------------------------------------------------------

# Who waits to write on SQLite (with a rollback journal also to read) looks every 100 ms whether it is their turn. Work
# that writes one batch after the other lets them in for a little longer than that, after so long a time: a click waits
# for half a second at most.
WAITING_WRITER_SECONDS: Final = 0.11
WRITING_WITHOUT_PAUSE_SECONDS: Final = 0.5

# Where they look every 3 ms (workspace.sqlite), far shorter pauses do, and a click waits for a batch at most.
WAITING_WRITER_SHORT_SECONDS: Final = 0.005
WRITING_WITHOUT_SHORT_PAUSE_SECONDS: Final = 0.05

# Work in batches copies so many pages of SQLite's log, 32 MB, into the database between two of them: before a click
# fills the log so far that it has to (workspace.sqlite.CHECKPOINT_PAGES).
LOG_PAGES_COPIED_BETWEEN_BATCHES: Final = 8_000

# Memory for the pages of one batch: each may be one of an index whose keys lie in no order.
BATCH_CACHE_KIB: Final = 65_536

# A write-ahead log of SQLite that readers keep from beginning again is cut when it exceeds this by work that writes one
# batch after the other. Between two looks such work writes some 10 MB; 64 MB is what the log may reach.
LOG_BYTES: Final = 48 * 1024 * 1024
# The cutting waits so long for readers, and writers wait with it; a page of the screen takes less.
LOG_CUT_WAITS_MILLISECONDS: Final = 50

# A worker that has not moved its job for this long is taken for dead. A batch takes well under a second.
JOB_LEASE_SECONDS: Final = 30

# A job that took its worker down this often is given up.
JOB_ATTEMPTS: Final = 3

# After this long a job that nobody claimed is announced to the workers again: its message may be lost, or the workers
# may merely be busy, and then one more message a minute does no harm.
JOB_FORGOTTEN_AFTER_SECONDS: Final = 60

# An act can be undone for this long. What is needed for it holds addresses that were deleted, so it is kept no longer
# than a person still remembers what went wrong.
UNDO_KEPT_DAYS: Final = 30

# A form that is sent twice is recognised for this long.
SUBMISSION_MEMORY_HOURS: Final = 48

# Reset -----------------------------------------------------------------------------------------------------------

# An act that cannot be taken back, or that opens the house, asks for the password again when it was last given longer
# ago than this: long enough for a person who has just signed in to do it, too short for a desk left alone.
FRESH_SIGN_IN_SECONDS: Final = 5 * 60

# A form that was opened soon enough after that may be sent this long after it: keys have to be fetched and copied.
FRESH_SIGN_IN_FORM_SECONDS: Final = 15 * 60

# So many wrong passwords in a row for such an act end the session: who has only the session must then know it all.
WRONG_PASSWORDS_BEFORE_SIGN_OUT: Final = 5

# Persons of whom every trace is erased at a time: it is done for people who ask for it. Beyond that there is Reset.
TRACES_ERASED_AT_ONCE: Final = 1_000

# History ---------------------------------------------------------------------------------------------------------

REASON_CHARACTERS: Final = 200

# Korean rules ask for two years from 50,000 people on.
HISTORY_KEPT_DAYS: Final = 731

# Old lines go a month at a time: their removal is a line itself, and one a day would never let an idle book rest.
HISTORY_TRIMMED_EVERY_DAYS: Final = 30

# Lines that are removed in one transaction.
LINES_PER_TRIM: Final = 1_000

HISTORY_PAGE_LINES: Final = 50

# Refused accesses of one person that the history lists: a person who lost a role meets a few, a script thousands.
REFUSALS_LISTED_PER_HOUR: Final = 10

# Of the path of a refused access; the longest of ours has some hundred.
REFUSED_PATH_CHARACTERS: Final = 200

# People whom the filter of the history offers by name.
PEOPLE_IN_HISTORY_FILTER: Final = 500

# Lines that a check or a download of the history reads at a time.
HISTORY_READ_LINES: Final = 2_000

# Signing in -------------------------------------------------------------------------------------------------------

# NIST SP 800-63B-4 asks for 15 where the password is all there is and for 8 beside a second factor; the common ones are
# refused beside that.
PASSWORD_LEAST_CHARACTERS: Final = 12

# A sentence has room; whatever is longer only makes the server work.
PASSWORD_CHARACTERS: Final = 256

# Wrong guesses at one account that are free: people mistype, and try the password of before. One is forgotten an hour.
GUESSES_PER_ACCOUNT: Final = 5
ACCOUNT_GUESS_FORGOTTEN_SECONDS: Final = 60 * 60

# The same from one network address, behind which a whole office may sit.
GUESSES_PER_ADDRESS: Final = 50
ADDRESS_GUESS_FORGOTTEN_SECONDS: Final = 10 * 60

# The wait after one guess too many; it doubles with each further one. Of the longest there are 96 a day, at which a
# password of twelve characters that is not a common one is not found in a lifetime.
GUESS_WAIT_SECONDS: Final = 30
LONGEST_GUESS_WAIT_SECONDS: Final = 15 * 60

# Of an IPv6 address, as much as a provider gives to one household.
IPV6_NETWORK_BITS: Final = 64

# A browser in which somebody signed in is known for this long: guesses made elsewhere do not hold it up.
KNOWN_BROWSER_DAYS: Final = 180

# People of one browser whom it is known for.
PEOPLE_PER_BROWSER: Final = 20

# Without a click for this long, and after this long in any case, one signs in again. NIST SP 800-63B-4 (AAL2) asks
# for no more than an hour and a day; the second is a working day with its breaks.
IDLE_SESSION_SECONDS: Final = 60 * 60
LONGEST_SESSION_SECONDS: Final = 12 * 60 * 60

# A click is noted in the session at most this often: each note is a write.
CLICK_NOTED_SECONDS: Final = 60

# Acts on accounts that the page of the users lists.
ACTS_ON_USERS_LISTED: Final = 20

# Sign-ins that the page of the account lists.
SIGN_INS_LISTED: Final = 10

# Between the password and the code of the app: time to find the phone.
SECOND_STEP_SECONDS: Final = 10 * 60

# RFC 6238 recommends 30 seconds a code; apps assume it, and six digits. A code of the period before or after is
# accepted too, for clocks that are off, and for slow typing.
CODE_PERIOD_SECONDS: Final = 30
CODE_DIGITS: Final = 6
CODE_PERIODS_AROUND: Final = 1

# RFC 4226 asks for 160 bits.
CODE_SECRET_BYTES: Final = 20

RECOVERY_CODES: Final = 10

# Of an alphabet of 31: 49 bits, against which there is no guessing at a few an hour.
RECOVERY_CODE_CHARACTERS: Final = 10

# The file of new recovery codes can be fetched from their page for this long; they are kept nowhere.
RECOVERY_CODES_SHOWN_SECONDS: Final = 15 * 60

# What is typed as a code, with whatever spaces and hyphens.
TYPED_CODE_CHARACTERS: Final = 40

# A person waits for a test of the connection, so it gives up sooner than the sync does.
TRY_OUT_CONNECT_SECONDS: Final = 5
TRY_OUT_READ_SECONDS: Final = 10

# Keys of the provider have 20 and 40 characters.
API_KEY_CHARACTERS: Final = 200

# Of an access key that is four times as long at least; what is shown fits a column with the ellipsis before it.
ACCESS_KEY_CHARACTERS_SHOWN: Final = 4
MASKED_KEY_CHARACTERS: Final = 10

# Scheme and host.
BASE_URL_CHARACTERS: Final = 200

# Downloads -------------------------------------------------------------------------------------------------------

# A body this much larger than the limit on files is not read to its end only to be answered politely.
REQUEST_BODY_BYTES: Final = 8 * UPLOAD_FILE_BYTES

# A form of anybody: what a person types into a field, and a page of ids. What a signed-out visitor may make us hold.
FORM_BYTES: Final = 64 * 1024

# A form of a member in which addresses are posted: 1,000 of 254 characters, percent-encoded, fit six times over.
LARGE_FORM_BYTES: Final = 5 * 1024 * 1024

# Large forms that a process takes apart at a time: each needs some 35 times its size for some tenths of a second.
LARGE_FORMS_READ_AT_ONCE: Final = 1

# Fields of a form. A page of the list sends 100 ids and a few more; only "Edit group" has two for each group.
FIELDS_PER_FORM: Final = 1_000

# Files that one web process sends at once. Half of gunicorn's threads: whoever reads slowly holds one, and pages must
# go on being answered.
FILES_SENT_AT_ONCE: Final = 2
# After what cannot be done just now: a file takes a second through the proxy, a store ten until it is asked again.
TRY_AGAIN_SECONDS: Final = 10

# A stored file that no row names is one that a killed process left behind, once it is as old as this.
STRAY_FILE_HOURS: Final = 1
