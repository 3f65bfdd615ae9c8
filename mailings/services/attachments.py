"""Files of a draft, kept here until they are sent."""

import hashlib
from pathlib import PurePosixPath
from typing import Final
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from mailings import limits
from mailings.models import Attachment
from mailings.services.drafts import find_draft
from mailings.services.rules import require_role
from workspace.models import AddressBook, Role
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work import stored_files

FOLDER: Final = "attachments"
# Kinds that mail programs refuse to hand over, because opening one runs it.
BLOCKED_ENDINGS: Final = frozenset(
    [
        "ade",
        "adp",
        "apk",
        "appx",
        "bat",
        "cab",
        "chm",
        "cmd",
        "com",
        "cpl",
        "dll",
        "dmg",
        "exe",
        "hta",
        "ins",
        "isp",
        "iso",
        "jar",
        "jnlp",
        "js",
        "jse",
        "lib",
        "lnk",
        "mde",
        "msc",
        "msi",
        "msix",
        "msp",
        "mst",
        "nsh",
        "pif",
        "ps1",
        "scr",
        "sct",
        "shb",
        "sys",
        "vb",
        "vbe",
        "vbs",
        "vxd",
        "wsc",
        "wsf",
        "wsh",
    ]
)


class BlockedKindError(Exception):
    """Mail programs do not hand over files of this kind; `ending` names it."""

    def __init__(self, ending: str) -> None:
        super().__init__(ending)
        self.ending = ending


class AttachmentTooLargeError(Exception):
    """The file alone, or all files together, are over the limit."""

    def __init__(self, *, together: bool) -> None:
        super().__init__("together" if together else "alone")
        self.together = together


class TooManyAttachmentsError(Exception):
    """More than limits.ATTACHMENTS_MOST."""


class EmptyAttachmentError(Exception):
    """The file holds nothing."""


def add(*, book: AddressBook, mailing_id: int, file: File, name: str, by: Actor) -> Attachment:
    """Raises one of the errors above, DraftGoneError or NotAllowedError, and then nothing is kept."""
    name = safe_name(name)
    ending = PurePosixPath(name.lower()).suffix.removeprefix(".")
    if ending in BLOCKED_ENDINGS:
        raise BlockedKindError(ending)
    size = file.size or 0
    if not size:
        raise EmptyAttachmentError
    if size > limits.ATTACHMENT_BYTES:
        raise AttachmentTooLargeError(together=False)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    stored = default_storage.save(f"{FOLDER}/{uuid4().hex}", file)
    try:
        with transaction.atomic():
            books.lock(book)
            require_role(book, by, Role.MANAGER)
            draft = find_draft(book, mailing_id)
            if draft.attachments.count() >= limits.ATTACHMENTS_MOST:
                raise TooManyAttachmentsError
            together = (draft.attachments.aggregate(total=Sum("size"))["total"] or 0) + size
            if together > limits.ATTACHMENTS_BYTES:
                raise AttachmentTooLargeError(together=True)
            return Attachment.objects.create(
                mailing=draft, name=name, size=size, sha256=digest.hexdigest(), stored_file=stored
            )
    except BaseException:
        stored_files.discard(stored)
        raise


def remove(*, book: AddressBook, mailing_id: int, attachment_id: int, by: Actor) -> None:
    """Without effect where it is gone. Raises DraftGoneError or NotAllowedError."""
    with transaction.atomic():
        books.lock(book)
        require_role(book, by, Role.MANAGER)
        draft = find_draft(book, mailing_id)
        attachment = draft.attachments.filter(pk=attachment_id).first()
        if attachment is not None:
            stored = attachment.stored_file
            attachment.delete()
            stored_files.discard_on_commit(stored)


def tidy() -> None:
    """Files that a killed process, or a store that was away, left behind without a row."""
    stored_files.discard_stray(FOLDER, lambda: set(Attachment.objects.values_list("stored_file", flat=True)))


def safe_name(name: str) -> str:
    """The name as it may stand in a mail: no folders, no control characters, 100 characters at most."""
    base = name.replace("\\", "/").rpartition("/")[2]
    base = "".join(character for character in base if character.isprintable()).strip(". ")
    stem, dot, ending = base.rpartition(".")
    if dot and len(ending) <= 10:
        base = f"{stem[: 99 - len(ending)]}.{ending}"
    return base[:100] or "file"
