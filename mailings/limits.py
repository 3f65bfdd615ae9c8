"""Numbers of mail, each with its unit in its name and its reason. Those of the API itself: outbound_mailer.limits."""

from typing import Final

# What a draft may hold. The API counts bytes; "500 KB" is read as the smaller of its two meanings.
SUBJECT_BYTES: Final = 500
# The service writes "(광고) " before the subject of advertising; whether that counts is not documented.
ADVERTISING_MARK_BYTES: Final = 10
DRAFT_BODY_BYTES: Final = 500_000
UNSUBSCRIBE_TEXT_BYTES: Final = 10_000
SENDER_NAME_BYTES: Final = 69
# Gmail cuts a longer body off and hides the rest behind a link.
BODY_SHOWN_WHOLE_BYTES: Final = 102_000
# A longer subject is cut off in most lists of mails.
SUBJECT_SHOWN_CHARACTERS: Final = 60

ATTACHMENT_BYTES: Final = 10 * 1024 * 1024
ATTACHMENTS_BYTES: Final = 20 * 1024 * 1024
ATTACHMENTS_MOST: Final = 20

PLACEHOLDER_NAME_CHARACTERS: Final = 50
# More than any form letter needs, and few enough that a page can list them.
PLACEHOLDERS_MOST: Final = 100
VALUE_CHARACTERS: Final = 1_000

# Addresses of one call about unsubscribes; the API publishes no maximum.
TOLD_AT_ONCE: Final = 1_000
# Calls to find the addresses among them that the service refuses, before what is known by then is kept.
TELLING_CALLS: Final = 40
# The service's own list is read once a day, and not right after it was told something: it may list that late.
UNSUBSCRIBES_READ_HOURS: Final = 24
READ_AFTER_TELLING_SECONDS: Final = 60
# Blocks are asked for one by one while a person waits.
BLOCKS_LOOKED_UP_AT_ONCE: Final = 10
SUPPRESSIONS_A_PAGE: Final = 50

# Mails that the dialog about an address lists.
MAILS_OF_AN_ADDRESS: Final = 20
# A row of a typed registration and the line of the history that tells of it belong to one transaction.
LINE_FOLLOWS_WITHIN_SECONDS: Final = 60

# Recipients of one call. The API takes 100,000, but the size that its gateway lets through is not documented.
PART_RECIPIENTS: Final = 5_000
TYPED_RECIPIENTS: Final = 1_000
RECIPIENT_FILE_COLUMNS: Final = 100
# Rows of a file that one transaction inserts, to stay below a tenth of a second.
RECIPIENT_FILE_BATCH_ROWS: Final = 5_000
# How long a file that was read can be read in another way; it then names nobody any more.
RECIPIENT_FILE_KEPT_HOURS: Final = 24
# A file that a worker died of so often is not tried again.
RECIPIENT_FILE_ATTEMPTS: Final = 3

TEMPLATE_DESCRIPTION_BYTES: Final = 300
# Patience for a call about a template while a person waits: for a connection, and for each silence.
TEMPLATE_CALL_SECONDS: Final = (5, 20)
# How long a click waits for another one about the same template, before it says so.
TEMPLATE_WAIT_SECONDS: Final = 10
# A file of more is split: its rows, and an hour of calls, would hold up others.
TEMPLATES_PER_IMPORT: Final = 2_000
# Refused templates of a file that its report lists.
TEMPLATES_REFUSED_LISTED: Final = 100
CATEGORY_DEPTH: Final = 10
# Templates of a list: found ones, and those that a draft can be loaded from.
TEMPLATES_LISTED: Final = 200
# A tree with no more templates is shown whole; of a larger one, the open category.
TEMPLATES_OF_A_WHOLE_TREE: Final = 60

# How long `Send now` can be undone.
HELD_SECONDS: Final = 30
# The service's own limit for reservations; ours is the same, so that a mailing means the same on both.
SCHEDULED_AHEAD_DAYS: Final = 30
# A mailing that comes later than this asks before it is sent: "good morning" in the evening is a mistake.
MISSED_AFTER_MINUTES: Final = 15

# A worker's lease on a mailing: longer than any call may take. A turn ends well before it, so that others get theirs.
MAILING_LEASE_SECONDS: Final = 180
MAILING_TURN_SECONDS: Final = 60
# Pauses after failed calls, doubled each time.
CALL_PAUSE_SECONDS: Final = 5
CALL_PAUSE_LONGEST_SECONDS: Final = 600
# No wait but that for a scheduled time is longer: an hour that a service may ask for, and a quarter more.
LONGEST_WAIT_SECONDS: Final = 7_200
# Rows that one transaction of a freeze inserts, to stay below a tenth of a second.
FREEZE_BATCH_ROWS: Final = 10_000
# Rows of a page of mails; larger ones are not documented to work.
RESULTS_PAGE_ROWS: Final = 100
# The service forgets an upload after a day.
FILE_ID_HOURS: Final = 20
# When a call without an answer is looked for, in seconds after it. Acceptance is listed with an unknown delay.
UNKNOWN_LOOKS_SECONDS: Final = (10, 60, 300, 900)
# Addresses that an act on a mailing's results takes at once: they go into the job as one list of ids.
FOLLOW_UP_ADDRESSES: Final = 20_000
# So many parts without an answer, and no other is called before it is known more of them: something is broken.
UNKNOWN_PARTS_MOST: Final = 3
# How often the service's list of requests is read, and the span of one question; it keeps requests for two months.
OUTSIDE_READ_SECONDS: Final = 900
OUTSIDE_STEP_DAYS: Final = 7
OUTSIDE_KEPT_DAYS: Final = 61
# A request that the service has not finished after so long is shown as such.
UNFINISHED_HOURS: Final = 24
# How often the status of a request is asked for, in seconds since the last time; the last one repeats.
STATUS_LOOKS_SECONDS: Final = (5, 10, 30, 60, 300)

TEST_MAILS_PER_HOUR: Final = 10

# Defaults of a book's rules; see mail-ui 3.2 and 6 for the service's own.
MONTHLY_QUOTA_RECIPIENTS: Final = 1_000_000
BLOCKED_HOURS: Final = 168
RETENTION_MONTHS: Final = 13
RETENTION_MONTHS_MOST: Final = 36
