import hashlib
import json
from datetime import UTC
from ipaddress import ip_address
from typing import Any, Final, NoReturn, Protocol

from django.db import models

from workspace import limits


class Action(models.TextChoices):
    """What was done, by the names under which the console's own activity log records it where it has one."""

    ADD_GROUP = "add_group", "Add recipient group"
    RENAME_GROUP = "rename_group", "Update recipient group"
    DELETE_GROUP = "delete_group", "Delete recipient group"
    EMPTY_GROUP = "empty_group", "Delete address all from recipient group"
    INSERT_ADDRESS = "insert_address", "Insert Address"
    UPLOAD_ADDRESSES = "upload_addresses", "Add recipient list via Excel file upload"
    FETCH_REFUSED = "fetch_refused", "Download refused rows"
    REQUEST_DOWNLOAD = "request_download", "Request file creation"
    MAKE_DOWNLOAD = "make_download", "Create download file"
    FETCH_DOWNLOAD = "fetch_download", "Download address book"
    DELETE_ADDRESS = "delete_address", "Delete address"
    REMOVE_FROM_GROUP = "remove_from_group", "Delete address from recipient group"
    CHANGE_GROUP = "change_group", "Change recipient group"
    RESET_BOOK = "reset_book", "Initialize address book"
    UNDO_RESET = "undo_reset", "Undo reset of address book"
    MERGE_ADDRESSES = "merge_addresses", "Merge addresses after undo of reset"
    ERASE_COPY = "erase_copy", "Erase recovery copy at once"
    ERASE_EDITION = "erase_edition", "Erase contents of address book"
    ERASE_TRACES = "erase_traces", "Delete addresses permanently"
    LOOK_UP_ADDRESS = "look_up_address", "Look up masked address"
    SHOW_ADDRESS = "show_address", "Show masked address"
    CREATE_BOOK = "create_book", "Create address book"
    ADOPT_BOOK = "adopt_book", "Adopt address book"
    MOVE_BOOK = "move_book", "Move address book"
    CHANGE_BOOK = "change_book", "Change address book settings"
    CHANGE_KEYS = "change_keys", "Change API keys"
    REMOVE_KEYS = "remove_keys", "Remove API keys"
    ADD_MEMBER = "add_member", "Add member"
    CHANGE_MEMBER = "change_member", "Change member"
    REMOVE_MEMBER = "remove_member", "Remove member"
    INVITE_MEMBER = "invite_member", "Invite member"
    WITHDRAW_INVITATION = "withdraw_invitation", "Withdraw invitation"
    ACCEPT_INVITATION = "accept_invitation", "Accept invitation"
    TURN_SYNC_ON = "turn_sync_on", "Turn sync on"
    TURN_SYNC_OFF = "turn_sync_off", "Turn sync off"
    CHOOSE_EXISTING = "choose_existing", "Choose what becomes of the remote contents"
    PAUSE_SYNC = "pause_sync", "Pause sync"
    RESUME_SYNC = "resume_sync", "Resume sync"
    SEND_AGAIN = "send_again", "Sync everything again"
    REBUILD_REMOTE = "rebuild_remote", "Replace the service’s copy of the address book"
    ADD_SENDER = "add_sender", "Add sender"
    CHANGE_SENDER = "change_sender", "Change default sender"
    REMOVE_SENDER = "remove_sender", "Remove sender"
    CHANGE_MAIL_RULES = "change_mail_rules", "Change rules for sending"
    BEGIN_MAILING = "begin_mailing", "Begin mailing"
    CHANGE_MAILING = "change_mailing", "Change draft of mailing"
    DELETE_MAILING = "delete_mailing", "Delete draft of mailing"
    CONFIRM_MAILING = "confirm_mailing", "Confirm mailing"
    RETURN_MAILING = "return_mailing", "Return mailing to draft"
    APPROVE_MAILING = "approve_mailing", "Confirm mailing as second person"
    STOP_MAILING = "stop_mailing", "Stop mailing"
    PAUSE_MAILING = "pause_mailing", "Pause mailing"
    RESUME_MAILING = "resume_mailing", "Resume mailing"
    DECIDE_PART = "decide_part", "Decide on a part of unknown outcome"
    SEND_TEST_MAIL = "send_test_mail", "Send test mail"
    REGISTER_UNSUBSCRIBES = "register_unsubscribes", "Register unsubscribe"
    REMOVE_UNSUBSCRIBES = "remove_unsubscribes", "Remove unsubscribe"
    LOOK_UP_BLOCKS = "look_up_blocks", "Look up send block"
    CREATE_CATEGORY = "create_category", "Create template category"
    RENAME_CATEGORY = "rename_category", "Rename template category"
    DELETE_CATEGORY = "delete_category", "Delete template category"
    REGISTER_TEMPLATE = "register_template", "Create template"
    CHANGE_TEMPLATE = "change_template", "Update template"
    DELETE_TEMPLATE = "delete_template", "Delete template"
    RESTORE_TEMPLATE = "restore_template", "Restore template"
    READ_TEMPLATES = "read_templates", "Read templates from the service"
    IMPORT_TEMPLATES = "import_templates", "Import templates"
    EXPORT_TEMPLATES = "export_templates", "Export templates"
    CANCEL_JOB = "cancel_job", "Cancel job"
    UNDO = "undo", "Undo"
    FETCH_HISTORY = "fetch_history", "Download history"
    TRIM_HISTORY = "trim_history", "Remove old history"
    ACCESS_REFUSED = "access_refused", "Access refused"
    SIGN_IN = "sign_in", "Sign in"
    SIGN_IN_SLOWED = "sign_in_slowed", "Sign-in slowed after wrong guesses"
    CHANGE_PASSWORD = "change_password", "Change password"
    END_SESSIONS = "end_sessions", "End all other sessions"
    TURN_ON_TWO_FACTOR = "turn_on_two_factor", "Turn two-factor sign-in on"
    TURN_OFF_TWO_FACTOR = "turn_off_two_factor", "Turn two-factor sign-in off"
    NEW_RECOVERY_CODES = "new_recovery_codes", "Make new recovery codes"
    CREATE_USER = "create_user", "Create user"
    DEACTIVATE_USER = "deactivate_user", "Deactivate user"
    ACTIVATE_USER = "activate_user", "Activate user"
    MAKE_SUPERUSER = "make_superuser", "Make superuser"
    UNMAKE_SUPERUSER = "unmake_superuser", "Make superuser an ordinary user"
    RESET_TWO_FACTOR = "reset_two_factor", "Turn two-factor sign-in of a user off"
    MAKE_PASSWORD_LINK = "make_password_link", "Make password link"


# What superusers do with the accounts of others.
ON_USERS: Final = frozenset(
    {
        Action.CREATE_USER,
        Action.DEACTIVATE_USER,
        Action.ACTIVATE_USER,
        Action.MAKE_SUPERUSER,
        Action.UNMAKE_SUPERUSER,
        Action.RESET_TWO_FACTOR,
        Action.MAKE_PASSWORD_LINK,
    }
)

# What belongs to a person, and stands in the history of no book.
PERSONAL: Final = frozenset(
    {
        Action.SIGN_IN,
        Action.SIGN_IN_SLOWED,
        Action.CHANGE_PASSWORD,
        Action.END_SESSIONS,
        Action.TURN_ON_TWO_FACTOR,
        Action.TURN_OFF_TWO_FACTOR,
        Action.NEW_RECOVERY_CODES,
        *ON_USERS,
    }
)


class AuditChain(models.Model):
    """The lines that are chained to each other: those of one book (its id), or those without a book (0).

    A line follows the one before by its number and by a hash over its content and the hash of that one. This row says
    where the chain ends, and, once old lines were removed, where it begins: `first_number` is the first that is kept,
    `base_hash` the hash of the one before.
    """

    WITHOUT_BOOK = 0

    id = models.BigIntegerField(primary_key=True)
    last_number = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="")
    first_number = models.BigIntegerField(default=1)
    base_hash = models.CharField(max_length=64, default="")

    class Meta:
        app_label = "addressbook"

    def __str__(self) -> str:
        return f"history {self.pk}, {self.last_number} lines"


class AuditEvent(models.Model):
    """One line of the history: who did what, when, from where, to how many, and why.

    It outlives the people and books that it speaks of, hence no foreign keys. Nothing changes a line, and nothing
    deletes one before its time. Addresses never stand in it in full.
    """

    chain = models.BigIntegerField()
    number = models.BigIntegerField()
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150)
    ip_address = models.GenericIPAddressField(null=True)
    book_id = models.BigIntegerField(null=True)
    book_name = models.CharField(max_length=limits.BOOK_NAME_CHARACTERS)
    action = models.CharField(max_length=30)
    # The `Act` that it tells of, where that can be undone.
    act_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    reason = models.CharField(max_length=limits.REASON_CHARACTERS, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        app_label = "addressbook"
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="audit_number_once_per_chain")]
        # They serve the pages of a book's history, newest first: of everything, of one kind, of one person.
        indexes = [
            models.Index(fields=["chain", "-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["chain", "action", "-at", "-id"], name="audit_newest_of_action"),
            models.Index(fields=["chain", "username", "-at", "-id"], name="audit_newest_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.action}"

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The history is append-only")
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The history is append-only")


class Line(Protocol):
    """What a line of the history holds; the model, or a migration's picture of it."""

    chain: Any
    number: Any
    at: Any
    user_id: Any
    username: Any
    ip_address: Any
    book_id: Any
    book_name: Any
    action: Any
    act_id: Any
    detail: Any
    reason: Any


def digest(line: Line, *, previous: str) -> str:
    """The hash of a line that follows the one with the hash `previous` ("": it is the first).

    It must come out the same for as long as lines are kept, whatever database they were read from: so the content is
    brought into one form, and a new form would need a new name in the place of "1".
    """
    content = [
        "1",
        line.chain,
        line.number,
        line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        line.user_id,
        line.username,
        ip_address(line.ip_address).packed.hex() if line.ip_address else None,
        line.book_id,
        line.book_name,
        str(line.action),
        line.act_id,
        line.detail,
        line.reason,
        previous,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
