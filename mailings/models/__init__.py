from mailings.models.editors import Editor
from mailings.models.mailings import (
    COUNTERS,
    UNDER_WAY,
    Attachment,
    Mailing,
    MailingState,
    MailKind,
)
from mailings.models.outside import OutsideReading, OutsideRequest
from mailings.models.parts import Decision, MailingRun, Part, PartState
from mailings.models.recipients import (
    LeftOutEntry,
    Recipient,
    RecipientFile,
    RecipientSource,
    RecipientState,
    SourceRow,
    Suppression,
)
from mailings.models.senders import MailRules, Sender
from mailings.models.suppressions import Telling
from mailings.models.template_work import TemplateCall, TemplateEntry, TemplateImport, TemplateRefresh
from mailings.models.templates import Category, Template

__all__ = [
    "COUNTERS",
    "UNDER_WAY",
    "Attachment",
    "Category",
    "Decision",
    "Editor",
    "LeftOutEntry",
    "MailKind",
    "MailRules",
    "Mailing",
    "MailingRun",
    "MailingState",
    "OutsideReading",
    "OutsideRequest",
    "Part",
    "PartState",
    "Recipient",
    "RecipientFile",
    "RecipientSource",
    "RecipientState",
    "Sender",
    "SourceRow",
    "Suppression",
    "Telling",
    "Template",
    "TemplateCall",
    "TemplateEntry",
    "TemplateImport",
    "TemplateRefresh",
]
