"""Acts on mail: a row each, for the history."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mailings.models import Decision
from workspace.models.actions import DETAILS, Action, Detail, Details
from workspace.numbers import number


def _unsubscribed(detail: Details) -> str:
    count = detail.get("registered", 0)
    sentence = ngettext("%(count)s unsubscribe was registered.", "%(count)s unsubscribes were registered.", count)
    return sentence % {"count": number(count)}


def _resubscribed(detail: Details) -> str:
    count = detail.get("removed", 0)
    sentence = ngettext("%(count)s unsubscribe was removed.", "%(count)s unsubscribes were removed.", count)
    return sentence % {"count": number(count)}


def _blocks(detail: Details) -> str:
    values = {"asked": number(detail.get("asked", 0)), "blocked": number(detail.get("blocked", 0))}
    return gettext("Addresses asked for: %(asked)s, of them blocked: %(blocked)s.") % values


ADD_SENDER = Action("add_sender", "Add sender", _("Add sender"))
CHANGE_SENDER = Action("change_sender", "Change default sender", _("Change default sender"))
REMOVE_SENDER = Action("remove_sender", "Remove sender", _("Remove sender"))
CHANGE_MAIL_RULES = Action("change_mail_rules", "Change rules for sending", _("Change rules for sending"))
BEGIN_MAILING = Action("begin_mailing", "Begin mailing", _("Begin a mail"))
CHANGE_MAILING = Action("change_mailing", "Change draft of mailing", _("Edit a draft"))
DELETE_MAILING = Action("delete_mailing", "Delete draft of mailing", _("Delete a draft"))
CONFIRM_MAILING = Action("confirm_mailing", "Confirm mailing", _("Send a mail"))
RETURN_MAILING = Action("return_mailing", "Return mailing to draft", _("Make a mail a draft again"))
APPROVE_MAILING = Action(
    "approve_mailing", "Confirm mailing as second person", _("Confirm a mail as the second person")
)
STOP_MAILING = Action("stop_mailing", "Stop mailing", _("Stop sending"))
PAUSE_MAILING = Action("pause_mailing", "Pause mailing", _("Pause sending"))
RESUME_MAILING = Action("resume_mailing", "Resume mailing", _("Resume sending"))
DECIDE_PART = Action("decide_part", "Decide on a part of unknown outcome", _("Decide what becomes of a part"))
SEND_TEST_MAIL = Action("send_test_mail", "Send test mail", _("Send test mail"))
REGISTER_UNSUBSCRIBES = Action(
    "register_unsubscribes",
    "Register unsubscribe",
    _("Register unsubscribe for promotional emails"),
    _unsubscribed,
    said=("registered",),
)
REMOVE_UNSUBSCRIBES = Action(
    "remove_unsubscribes", "Remove unsubscribe", _("Remove unsubscribe"), _resubscribed, said=("removed",)
)
LOOK_UP_BLOCKS = Action("look_up_blocks", "Look up send block", _("Look up send blocks"), _blocks)
CREATE_CATEGORY = Action("create_category", "Create template category", _("Create template category"))
RENAME_CATEGORY = Action("rename_category", "Rename template category", _("Rename template category"))
DELETE_CATEGORY = Action("delete_category", "Delete template category", _("Delete template category"))
REGISTER_TEMPLATE = Action("register_template", "Create template", _("Register template"))
CHANGE_TEMPLATE = Action("change_template", "Update template", _("Edit template"))
DELETE_TEMPLATE = Action("delete_template", "Delete template", _("Delete template"))
RESTORE_TEMPLATE = Action("restore_template", "Restore template", _("Restore template"))
READ_TEMPLATES = Action("read_templates", "Read templates from the service", _("Refresh templates"))
IMPORT_TEMPLATES = Action("import_templates", "Import templates", _("Import templates"))
EXPORT_TEMPLATES = Action("export_templates", "Export templates", _("Export templates"))

DETAILS.update(
    sender=Detail(_("Sender")),
    mailing=Detail(_("Mail number")),
    copied_from=Detail(_("Copied from mail")),
    part=Detail(_("Part")),
    decision=Detail(_("Decision"), Decision),
    recipients=Detail(_("Recipients")),
    planned=Detail(_("Recipients")),
    open=Detail(_("Waiting for")),
    template=Detail(_("Template")),
    category=Detail(_("Category")),
    templates=Detail(_("Templates")),
    file=Detail(_("File")),
    new=Detail(_("New at the service")),
    changed=Detail(_("Changed at the service")),
    gone=Detail(_("No longer at the service")),
    templates_imported=Detail(_("Imported")),
    templates_already_there=Detail(_("Already there")),
    templates_refused=Detail(_("Not accepted")),
    templates_stopped=Detail(_("Stopped")),
    templates_twice=Detail(_("Duplicate names")),
)
