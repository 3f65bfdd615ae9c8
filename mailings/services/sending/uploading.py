"""Attachments are uploaded before a part is marked as being called: an upload takes a while, and may be repeated."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from libraries.outbound_mailer import MailerClient
from mailings import limits
from mailings.models import Attachment


def upload_missing(mailing_id: int, client: MailerClient) -> None:
    """Give the service what it does not have or may have forgotten. Raises MailerError or InvalidRequestError."""
    oldest = timezone.now() - timedelta(hours=limits.FILE_ID_HOURS)
    for attachment in Attachment.objects.filter(mailing=mailing_id):
        if attachment.file_id and attachment.uploaded_at is not None and attachment.uploaded_at >= oldest:
            continue
        with default_storage.open(attachment.stored_file) as stored:
            uploaded = client.files.create([(attachment.name, stored.read())])
        attachment.file_id = uploaded.files[0].file_id
        attachment.uploaded_at = timezone.now()
        attachment.save(update_fields=["file_id", "uploaded_at"])
