from typing import Any, NoReturn

from django.db import models

from addressbook import limits


class Action(models.TextChoices):
    """What was done, by the names under which the console's own activity log records it where it has one."""

    ADD_GROUP = "add_group", "Add recipient group"
    RENAME_GROUP = "rename_group", "Update recipient group"
    DELETE_GROUP = "delete_group", "Delete recipient group"
    EMPTY_GROUP = "empty_group", "Delete address all from recipient group"
    INSERT_ADDRESS = "insert_address", "Insert Address"
    UPLOAD_ADDRESSES = "upload_addresses", "Add recipient list via Excel file upload"
    FETCH_REFUSED = "fetch_refused", "Download refused rows"
    DELETE_ADDRESS = "delete_address", "Delete address"
    REMOVE_FROM_GROUP = "remove_from_group", "Delete address from recipient group"
    CHANGE_GROUP = "change_group", "Change recipient group"
    CREATE_BOOK = "create_book", "Create address book"
    ADOPT_BOOK = "adopt_book", "Adopt address book"
    CHANGE_BOOK = "change_book", "Change address book settings"
    CHANGE_KEYS = "change_keys", "Change API keys"
    REMOVE_KEYS = "remove_keys", "Remove API keys"
    ADD_MEMBER = "add_member", "Add member"
    CHANGE_MEMBER = "change_member", "Change member"
    REMOVE_MEMBER = "remove_member", "Remove member"
    TURN_SYNC_ON = "turn_sync_on", "Turn sync on"
    TURN_SYNC_OFF = "turn_sync_off", "Turn sync off"
    CHOOSE_EXISTING = "choose_existing", "Choose what becomes of the remote contents"
    PAUSE_SYNC = "pause_sync", "Pause sync"
    RESUME_SYNC = "resume_sync", "Resume sync"
    SEND_AGAIN = "send_again", "Send everything again"
    REBUILD_REMOTE = "rebuild_remote", "Rebuild the remote address book"
    CANCEL_JOB = "cancel_job", "Cancel job"
    ACCESS_REFUSED = "access_refused", "Access refused"


class AuditEvent(models.Model):
    """One line of the history: who did what, when, from where, to how many, and why.

    It outlives the people and books that it speaks of, hence no foreign keys. Nothing changes or deletes a line.
    Addresses never stand in it in full.
    """

    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150)
    ip_address = models.GenericIPAddressField(null=True)
    book_id = models.BigIntegerField(null=True)
    book_name = models.CharField(max_length=limits.BOOK_NAME_CHARACTERS)
    action = models.CharField(max_length=30, choices=Action)
    detail = models.JSONField(default=dict)
    reason = models.CharField(max_length=limits.REASON_CHARACTERS, blank=True)

    class Meta:
        # Serves a book's history, newest first.
        indexes = [models.Index(fields=["book_id", "-id"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.action}"

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The history is append-only")
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The history is append-only")
