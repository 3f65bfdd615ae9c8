"""The limits of the address book: value, unit in the name, and reason."""

from typing import Final

# Groups ---------------------------------------------------------------------------------------------------------

# Console and API: 1 to 100 characters of Hangul, Latin letters, digits, full stop, underscore and hyphen. What stands
# below goes between the brackets of a regular expression; Hangul is read as syllables and the letters of a keyboard.
GROUP_NAME_CHARACTERS: Final = 100
GROUP_NAME_ALPHABET: Final = r"가-힣ㄱ-ㅎㅏ-ㅣA-Za-z0-9._-"

# The first minutes ------------------------------------------------------------------------------------------------

# Several pages of the list, and with their places in groups few enough rows to be undone within a click.
SAMPLE_ADDRESSES: Final = 400

# `make demo`: enough that search, pages and jobs have something to do, and loaded within seconds.
DEMO_ADDRESSES: Final = 5_000

# The screen ------------------------------------------------------------------------------------------------------

PAGE_SIZES_ROWS: Final = (20, 50, 100)
DEFAULT_PAGE_SIZE_ROWS: Final = 50

# A search takes whole addresses too, pasted from a mail or a list: some two hundred of them.
SEARCH_CHARACTERS: Final = 5_000

# Ids of a selection that a form carries one by one; more go as one field (FIELDS_PER_FORM).
PICKED_ADDRESSES_APART: Final = 100
# So many can be ticked one by one, over pages and searches: twenty pages of the largest size. A database takes them as
# one list of values.
PICKED_ADDRESSES: Final = 2_000

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

# Rows that "Show selected" lists: more than a person goes through one by one.
SELECTED_SHOWN: Final = 1_000

# Masking ---------------------------------------------------------------------------------------------------------

# Whole addresses that somebody to whom they are masked may look up in an hour: enough for the calls of people who ask
# whether they are on the list, too few to guess at names.
LOOK_UPS_PER_HOUR: Final = 20

# Jobs ------------------------------------------------------------------------------------------------------------

# Up to this many rows an act is done while the user waits; beyond it becomes a job. 1,000 rows take about 0.1 s.
ROWS_WITHIN_A_CLICK: Final = 1_000

# One transaction of a job: a writer on SQLite holds up all others, so it must end within 100 ms.
ROWS_PER_JOB_BATCH: Final = 1_000

# A bulk act takes more rows at a time, up to so many times more, as long as its transactions end in this time.
BULK_BATCH_GROWS_TIMES: Final = 8
BULK_BATCH_SECONDS: Final = 0.1

# How often a page asks for the state of a running job.
JOB_POLL_SECONDS: Final = 1

# Reset -----------------------------------------------------------------------------------------------------------

# What a reset took away can be brought back for this long: over a weekend and the days off around it.
RECOVERY_COPY_DAYS: Final = 7

# One transaction of an erasing takes so many addresses, and fewer while it exceeds its time, for other writers wait for
# it. Large ones are cheaper: every page of the index of keys that one touches is written twice, and 16,000 addresses
# touch no more than four times the pages of 2,000.
ROWS_PER_ERASING_BATCH: Final = 16_000
ROWS_PER_ERASING_BATCH_LEAST: Final = 1_000
ERASING_STEP_SECONDS: Final = 1.0

# When this many addresses or fewer are left in all books, the tables are rewritten after an erasing, which is what
# takes the last bytes out of half-filled pages. Nobody can write meanwhile: a second or two for so many.
ADDRESSES_REWRITTEN: Final = 300_000

# What a transaction may still see cannot be taken out of the files. A rewriting waits so long (on PostgreSQL twice) for
# those that began before it: far longer than a click or a step of a job takes, and not as long as a dump.
OLDER_TRANSACTIONS_SECONDS: Final = 20

# Before an undo of a reset, what is in both editions is counted up to this size; it takes half a second.
ADDRESSES_COMPARED: Final = 100_000

# History ---------------------------------------------------------------------------------------------------------

# Steps of an undo, of at most ROWS_PER_JOB_BATCH rows each, that one transaction takes, to end within 100 ms on SQLite.
PIECES_PER_UNDO_BATCH: Final = 2

# Records of acts that are removed at a time once they can no longer be undone: up to about 3 MB.
UNDO_RECORDS_PER_SWEEP_STEP: Final = 100

# Records that are searched at a time for people who are to be forgotten; one of 4,000 addresses takes about 8 ms.
UNDO_RECORDS_PER_FORGET_STEP: Final = 5

# Signing in -------------------------------------------------------------------------------------------------------

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

# A worker that has not moved its book for this long is taken for dead. A call takes at most 62 s (CALL_SECONDS of
# addressbook/mailer/limits.py and what its body adds), so no two workers ever call for one book.
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

# Findings of a check that are shown: reasons, and rows of each; places outside of the chosen column, addresses of each.
FINDINGS_LISTED: Final = 30
ROWS_OF_A_FINDING_LISTED: Final = 5
OUTSIDE_PLACES_LISTED: Final = 20

# Uploads ---------------------------------------------------------------------------------------------------------

# A checked file waits this long for its owner's OK, and the refused rows of an upload can be fetched for as long.
UPLOAD_KEPT_HOURS: Final = 24

# Files of a book that wait or are worked on at a time: each may be kept for UPLOAD_KEPT_HOURS, 200 MB in all.
UPLOADS_PER_BOOK: Final = 20

# One transaction of an upload. 2,500 addresses with a group take about 30 ms on SQLite, so 100 ms hold on a busy disk.
ROWS_PER_UPLOAD_BATCH: Final = 2_500

# Keys that the check looks up at a time: a read, which nobody waits for.
KEYS_PER_LOOK_UP: Final = 5_000

# How often a check says how far it is, extends its lease, and looks whether it was cancelled.
UPLOAD_HEARTBEAT_SECONDS: Final = 1

# Up to this many refused rows are offered to be mended in the popup itself; more are mended in a spreadsheet.
ROWS_MENDED_IN_POPUP: Final = 20

# Addresses pointed out as likely slips in a check.

# Names of new groups that the check lists; it counts all of them.
NEW_GROUPS_LISTED: Final = 20


# Groups of the addresses of a list that its check names with their counts.
GROUPS_OF_A_LIST_LISTED: Final = 20

# Addresses of a list on one page.
ROWS_PER_LIST_PAGE: Final = 50


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

# What the provider's console takes: 10 MB, in the smaller reading, so that no reading of it refuses a file of ours.
CONSOLE_FILE_BYTES: Final = 10_000_000
