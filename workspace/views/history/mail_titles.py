"""The acts on mails, as the history calls them."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

MAIL_TITLES: Final[dict[str, str | Promise]] = {
    "add_sender": gettext_lazy("Add sender"),
    "change_sender": gettext_lazy("Change default sender"),
    "remove_sender": gettext_lazy("Remove sender"),
    "change_mail_rules": gettext_lazy("Change rules for sending"),
    "begin_mailing": gettext_lazy("Begin mailing"),
    "change_mailing": gettext_lazy("Change draft of mailing"),
    "delete_mailing": gettext_lazy("Delete draft of mailing"),
    "confirm_mailing": gettext_lazy("Confirm mailing"),
    "return_mailing": gettext_lazy("Return mailing to draft"),
    "approve_mailing": gettext_lazy("Confirm mailing as second person"),
    "stop_mailing": gettext_lazy("Stop mailing"),
    "pause_mailing": gettext_lazy("Pause mailing"),
    "resume_mailing": gettext_lazy("Resume mailing"),
    "decide_part": gettext_lazy("Decide on a part of unknown outcome"),
    "send_test_mail": gettext_lazy("Send test mail"),
}
