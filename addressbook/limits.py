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

# Console and API: 1 to 100 characters of Hangul, Latin letters, digits, full stop, underscore and hyphen. What stands
# below goes between the brackets of a regular expression; Hangul is read as syllables and the letters of a keyboard.
GROUP_NAME_CHARACTERS: Final = 100
GROUP_NAME_ALPHABET: Final = r"가-힣ㄱ-ㅎㅏ-ㅣA-Za-z0-9._-"

# Ours: NAVER documents none. Far beyond what a person can tell apart in a tree, and what one page can still carry.
GROUPS_PER_BOOK: Final = 10_000

# The first minutes ------------------------------------------------------------------------------------------------

# Several pages of the list, and with their places in groups few enough rows to be undone within a click.
SAMPLE_ADDRESSES: Final = 400

# `make demo`: enough that search, pages and jobs have something to do, and loaded within seconds.
DEMO_ADDRESSES: Final = 5_000

# The screen ------------------------------------------------------------------------------------------------------

PAGE_SIZES_ROWS: Final = (20, 50, 100)
DEFAULT_PAGE_SIZE_ROWS: Final = 50

# Longer texts cannot be part of an address.
SEARCH_CHARACTERS: Final = ADDRESS_LENGTH_CHARACTERS

# Up to so many finds are listed by one look at all addresses; with more, they are counted by one, and a page of them is
# soon found by another.
SEARCH_FINDS_FEW: Final = 5_000

# More than that are shown before they are counted, which begins after so long: whoever types on need not wait for it.
COUNTING_BEGINS_AFTER_MS: Final = 100
# Where no count has come, because it failed or a new search did, it is asked for again.
COUNTING_AGAIN_SECONDS: Final = 10

# From this many groups on, the tree shows a filter.
GROUPS_BEFORE_FILTER: Final = 15

# Groups named on one row of the list before "+3 more"; the rest is in "Edit group".
GROUPS_NAMED_PER_ROW: Final = 5

# Invalid entries listed with their reasons while typing; the notification counts all of them.
INVALID_ENTRIES_LISTED: Final = 100

# Recipients that "Send mail" offers to copy: the API takes 100,000 a request, a person pastes no more than this.
ADDRESSES_TO_COPY: Final = 1_000

# Masking ---------------------------------------------------------------------------------------------------------

# Where a book is masked, an address is shown as `ho***@example.com`: up to so many characters of its beginning, as long
# as so many stay hidden. One hidden letter could be guessed by hand.
MASK: Final = "***"
MASKED_CHARACTERS_SHOWN: Final = 2
MASKED_CHARACTERS_HIDDEN: Final = 2

# Whole addresses that somebody to whom they are masked may look up in an hour: enough for the calls of people who ask
# whether they are on the list, too few to guess at names.
LOOK_UPS_PER_HOUR: Final = 20

# Books ----------------------------------------------------------------------------------------------------------

BOOK_NAME_CHARACTERS: Final = 60

# A link that makes somebody a member: long enough for a holiday, short enough for what lies about in mailboxes.
INVITATION_DAYS: Final = 7

# Open at a time; more than a book has people joining in a week.
INVITATIONS_PER_BOOK: Final = 50

# Of a link as it is pasted; ours have some hundred.
INVITATION_LINK_CHARACTERS: Final = 500

# Jobs ------------------------------------------------------------------------------------------------------------

# Up to this many rows an act is done while the user waits; beyond it becomes a job. 1,000 rows take about 0.1 s.
ROWS_WITHIN_A_CLICK: Final = 1_000

# One transaction of a job: a writer on SQLite holds up all others, so it must end within 100 ms.
ROWS_PER_JOB_BATCH: Final = 1_000

# A bulk act takes more rows at a time, up to so many times more, as long as its transactions end in half this time.
BULK_BATCH_GROWS_TIMES: Final = 8
BULK_BATCH_SECONDS: Final = 0.1

# Who waits on SQLite, be it to read, looks every 100 ms whether it is their turn. Work that writes one batch after the
# other lets them in for a little longer than that, after so long a time: a click waits for half a second at most.
WAITING_WRITER_SECONDS: Final = 0.11
WRITING_WITHOUT_PAUSE_SECONDS: Final = 0.5

# A worker that has not moved its job for this long is taken for dead. A batch takes well under a second.
JOB_LEASE_SECONDS: Final = 30

# A job that took its worker down this often is given up.
JOB_ATTEMPTS: Final = 3

# After this long a job that nobody claimed is announced to the workers again: its message may be lost, or the workers
# may merely be busy, and then one more message a minute does no harm.
JOB_FORGOTTEN_AFTER_SECONDS: Final = 60

# Metrics tell of the jobs that ended in the last hour: long enough for a quantile, short enough to show a change.
WORKLOAD_WINDOW_SECONDS: Final = 3_600

# How often a page asks for the state of a running job.
JOB_POLL_SECONDS: Final = 1

# A form that is sent twice is recognised for this long.
SUBMISSION_MEMORY_HOURS: Final = 48

# Reset -----------------------------------------------------------------------------------------------------------

# What a reset took away can be brought back for this long: over a weekend and the days off around it.
RECOVERY_COPY_DAYS: Final = 7

# An act that cannot be taken back, or that opens the house, asks for the password again when it was last given longer
# ago than this: long enough for a person who has just signed in to do it, too short for a desk left alone.
FRESH_SIGN_IN_SECONDS: Final = 5 * 60

# A form that was opened soon enough after that may be sent this long after it: keys have to be fetched and copied.
FRESH_SIGN_IN_FORM_SECONDS: Final = 15 * 60

# So many wrong passwords in a row for such an act end the session: who has only the session must then know it all.
WRONG_PASSWORDS_BEFORE_SIGN_OUT: Final = 5

# One transaction of an erasing takes so many addresses, and fewer while it exceeds its time, for other writers wait for
# it. Large ones are cheaper: every page of the index of keys that one touches is written twice, and 16,000 addresses
# touch no more than four times the pages of 2,000.
ROWS_PER_ERASING_BATCH: Final = 16_000
ROWS_PER_ERASING_BATCH_LEAST: Final = 1_000
ERASING_STEP_SECONDS: Final = 1.0

# Memory for the pages of one such transaction. With less, SQLite writes some before the end and shuts out who reads.
ERASING_CACHE_KIB: Final = 65_536

# When this many addresses or fewer are left in all books, the tables are rewritten after an erasing, which is what
# takes the last bytes out of half-filled pages. Nobody can write meanwhile: a second or two for so many.
ADDRESSES_REWRITTEN: Final = 300_000

# What a transaction may still see cannot be taken out of PostgreSQL's files. A rewriting waits so long, twice, for
# those that began before it: far longer than a click or a step of a job takes, and not as long as a dump.
OLDER_TRANSACTIONS_SECONDS: Final = 20

# Before an undo of a reset, what is in both editions is counted up to this size; it takes half a second.
ADDRESSES_COMPARED: Final = 100_000

# Persons of whom every trace is erased at a time: it is done for people who ask for it. Beyond that there is Reset.
TRACES_ERASED_AT_ONCE: Final = 1_000

# History ---------------------------------------------------------------------------------------------------------

REASON_CHARACTERS: Final = 200

# An act can be undone for this long. What is needed for it holds addresses that were deleted, so it is kept no longer
# than a person still remembers what went wrong.
UNDO_KEPT_DAYS: Final = 30

# Steps of an undo, of at most ROWS_PER_JOB_BATCH rows each, that one transaction takes, to end within 100 ms on SQLite.
PIECES_PER_UNDO_BATCH: Final = 2

# Records of acts that are removed at a time once they can no longer be undone: up to about 3 MB.
UNDO_RECORDS_PER_SWEEP_STEP: Final = 100

# Records that are searched at a time for people who are to be forgotten; one of 4,000 addresses takes about 8 ms.
UNDO_RECORDS_PER_FORGET_STEP: Final = 5

# Korean rules ask for two years from 50,000 people on.
HISTORY_KEPT_DAYS: Final = 731

# Old lines go a month at a time: their removal is a line itself, and one a day would never let an idle book rest.
HISTORY_TRIMMED_EVERY_DAYS: Final = 30

# Lines that are removed in one transaction.
LINES_PER_TRIM: Final = 1_000

HISTORY_PAGE_LINES: Final = 50

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

# How often a page asks how far the sync is; more rarely while the service does not answer.
SYNC_POLL_SECONDS: Final = 2
SYNC_WAITING_POLL_SECONDS: Final = 15

# From so many new rows on, PostgreSQL is asked to look at its tables anew: 30,000 samples of each, about 0.1 s.
ROWS_WORTH_ANALYSING: Final = 10_000

# Sync -------------------------------------------------------------------------------------------------------------

# Entries a call: addresses, memberships, groups. NAVER publishes no maximum; its console takes as many at a time.
SYNC_ROWS_PER_CALL: Final = 1_000

# The service carries a creation out some time after it has accepted it, and never says when. Where the counts cannot
# tell that it did, this long after the last change of the counts it is taken to have landed, or to be lost.
SYNC_LANDING_SECONDS: Final = 300

# Pauses between looks at the counts while something is in the air: short for the click that somebody waits for.
SYNC_SETTLE_PAUSES_SECONDS: Final = (0.5, 1, 2, 4, 8, 15, 30)

# A worker that has not moved its book for this long is taken for dead. A call takes at most 65 s
# (MAILER_CONNECT_TIMEOUT_SECONDS, MAILER_ANSWER_SECONDS), so no two workers ever call for one book.
SYNC_LEASE_SECONDS: Final = 120

# A worker lets go of a book after this long and queues again: other jobs get their turn.
SYNC_SLICE_SECONDS: Final = 5

# A pause up to this long is slept through; a longer one frees the worker.
SYNC_NAP_SECONDS: Final = 2

# Counts are compared again this long after they were equal: somebody may change the remote book in NAVER's console.
SYNC_VERIFY_SECONDS: Final = 3_600

# The first pause after a call that failed; it doubles each time up to the second number, and varies by a quarter.
SYNC_BACKOFF_SECONDS: Final = 5
SYNC_BACKOFF_LONGEST_SECONDS: Final = 900

# Refusals of single entries in a row before the service itself is taken to be the reason.
SYNC_REFUSALS_IN_A_ROW: Final = 20

# Ids of memberships looked at in one transaction: those of other books stand between ours. 5,000 take about 10 ms.
SYNC_ROWS_SCANNED: Final = 5_000

# Addresses looked at in one transaction for any that no group has brought along. 20,000 take about 40 ms.
SYNC_ROWS_PASSED_OVER: Final = 20_000

# New memberships, from either end, whose groups the screen marks as not yet there. 2,000 take about 3 ms.
SYNC_MEMBERSHIPS_SHOWN: Final = 2_000

# Groups named in a comparison; it counts all of them.
SYNC_DIFFERENCES_LISTED: Final = 100

# Parked entries listed with their reasons; the page counts all of them.
SYNC_PARKED_LISTED: Final = 100

# What the service says of a failure; its sentences are far shorter, and a page of HTML is none.
SYNC_REASON_CHARACTERS: Final = 500

# Files from outside ----------------------------------------------------------------------------------------------

# NAVER's console takes 10 MB a file; we count it in binary, so that neither reading of "10 MB" is refused.
UPLOAD_FILE_BYTES: Final = 10 * 1024 * 1024

# A workbook of Excel has about ten parts and two more a sheet. A thousand is far beyond what a person makes.
WORKBOOK_PARTS: Final = 1_000

# All parts together, counted while inflating. 363,000 rows of two columns take 52 MiB.
WORKBOOK_UNPACKED_BYTES: Final = 300 * 1024 * 1024

# One part may inflate to a hundred times its size; a sheet of 363,000 addresses reaches ten. The first MiB is
# free, for a tiny part of white space does no harm.
WORKBOOK_PART_RATIO: Final = 100
WORKBOOK_PART_FREE_BYTES: Final = 1024 * 1024

# The size of a sheet in Excel 2007 and later.
SHEET_ROWS: Final = 1_048_576
SHEET_COLUMNS: Final = 16_384

# The parser holds a sheet as a full grid of 24 bytes a cell, empty ones too. Ten million take 240 MB; a full sheet
# of nine columns still fits.
SHEET_GRID_CELLS: Final = 10_000_000

# About 60 bytes each in the parser. A full sheet with four columns of texts that are all different still fits.
WORKBOOK_SHARED_STRINGS: Final = 4_000_000

# Excel's own limit. It is also as far as a quoted field of a CSV file may reach before its quote is taken as text.
CELL_CHARACTERS: Final = 32_767

# What one reading may hand over in all: 300 times the file at most, or one text that a million cells share would
# become gigabytes.
READING_CHARACTERS: Final = 300 * 1024 * 1024

# The headings stand in one of the first rows that are not blank; columns are judged by this many rows below.
HEADER_SEARCH_ROWS: Final = 20
COLUMN_JUDGED_ROWS: Final = 200

# The first rows that the check shows as they were read, with so many of their columns; headings are kept, and
# addresses looked for, much further to the right.
LAYOUT_SAMPLE_ROWS: Final = 10
LAYOUT_COLUMNS: Final = 100
LAYOUT_SEARCHED_COLUMNS: Final = 1_000
LAYOUT_CELL_CHARACTERS: Final = 200

# Sheets that can be chosen from; each may have to be parsed to find the addresses.
LAYOUT_SHEETS: Final = 100

# A text file is read in an encoding when no more than this share of its lines cannot be: the rest are reported row
# by row. Beyond that it is another encoding, or no text.
UNREADABLE_LINES_PERCENT: Final = 10

# The child process that parses. 363,000 rows of xlsx take it 2 s and 110 MB; a grid at the limit above about 400 MB.
# A file can only make it calculate, so the limit on processor time ends every attack within ten seconds. The silence
# is for what no file can cause, and long enough for a machine that is busy.
READER_MEMORY_BYTES: Final = 512 * 1024 * 1024
READER_CPU_SECONDS: Final = 8
READER_SILENCE_SECONDS: Final = 20

# Rows handed over at a time, fewer when they are long, and the bytes that one such message may have at most.
READER_BATCH_ROWS: Final = 1_000
READER_BATCH_CHARACTERS: Final = 1_000_000
READER_MESSAGE_BYTES: Final = 16 * 1024 * 1024

# Uploads ---------------------------------------------------------------------------------------------------------

# A checked file waits this long for its owner's OK, and the refused rows of an upload can be fetched for as long.
UPLOAD_KEPT_HOURS: Final = 24

# One transaction of an upload. 2,500 addresses with a group take about 30 ms on SQLite, so 100 ms hold on a busy disk.
ROWS_PER_UPLOAD_BATCH: Final = 2_500

# Keys that the check looks up at a time: a read, which nobody waits for.
KEYS_PER_LOOK_UP: Final = 5_000

# How often a check says how far it is, extends its lease, and looks whether it was cancelled.
UPLOAD_HEARTBEAT_SECONDS: Final = 1

# Up to this many refused rows are offered to be mended in the popup itself; more are mended in a spreadsheet.
ROWS_MENDED_IN_POPUP: Final = 20

# Up to this many refused rows come back as a workbook with the cell at fault marked, which takes about 2 s. More come
# as CSV, which takes a twentieth of that: nobody mends them cell by cell.
REFUSED_ROWS_IN_WORKBOOK: Final = 5_000

# Addresses pointed out as likely slips in a check.
SLIPS_LISTED: Final = 20

# Names of new groups that the check lists; it counts all of them.
NEW_GROUPS_LISTED: Final = 20

# A file that no upload names is one that a killed process left behind, once it is as old as this.
STRAY_FILE_HOURS: Final = 1

# Downloads -------------------------------------------------------------------------------------------------------

# The console keeps a file for one week.
DOWNLOAD_KEPT_DAYS: Final = 7

# Files that a book has at a time, or is about to have. A million addresses make 20 MB.
DOWNLOADS_PER_BOOK: Final = 50

# Requests in the list; older ones are in the history.
DOWNLOADS_LISTED: Final = 50

# One read of a download. On SQLite it keeps writers from committing: 2,500 addresses in three groups each take 20 ms.
# The page shrinks where it takes longer than the time allowed, down to the least that is worth a statement.
ROWS_PER_DOWNLOAD_PAGE: Final = 2_500
LEAST_ROWS_PER_DOWNLOAD_PAGE: Final = 20
DOWNLOAD_PAGE_MILLISECONDS: Final = 50

# How often a download says how far it is, extends its lease, and looks whether it was cancelled.
DOWNLOAD_HEARTBEAT_SECONDS: Final = 1

# A query that failed to become a file is kept this long for another try.
DOWNLOAD_QUERY_KEPT_HOURS: Final = 24

# A sheet of XML beyond 2 GiB would need an extension of the zip format that not every spreadsheet program reads.
SHEET_XML_BYTES: Final = 1_500_000_000

# What the provider's console takes: 10 MB, in the smaller reading, so that no reading of it refuses a file of ours.
CONSOLE_FILE_BYTES: Final = 10_000_000

# A body this much larger than the limit on files is not read to its end only to be answered politely.
REQUEST_BODY_BYTES: Final = 8 * UPLOAD_FILE_BYTES

# Fields of a form. A page of the list sends 100 ids and a few more; only "Edit group" has two for each group.
FIELDS_PER_FORM: Final = 1_000
