"""Lists that nobody sent: made of what is known already, they need no check and are acted on at once."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from addressbook import limits
from addressbook.models import Upload
from addressbook.services.uploads import files, lists
from addressbook.services.uploads.file_groups import CHOSEN_GROUP
from addressbook.services.uploads.rows import line
from libraries.email_addresses import EmailAddress
from workspace.models import AddressBook
from workspace.services.history.audit import Actor
from workspace.services.work import acts, jobs, stored_files
from workspace.services.work.changing import lock
from workspace.services.work.submissions import Submitted


class EmptyListError(Exception):
    """There is no address to act on."""


def act(
    *,
    book: AddressBook,
    addresses: Iterable[EmailAddress],
    name: str,
    action: str,
    reason: str,
    token: UUID,
    by: Actor,
) -> Upload:
    """Have `action` done to these addresses, all different. Raises EmptyListError or NoReasonError."""
    reason = " ".join(reason.split())
    if lists.act_of(action).needs_reason and not reason:
        raise lists.NoReasonError
    submitted = Submitted(by, token, "act_on_list", [name, action, reason], book)
    with files.scratch() as folder:
        path = folder / "rows"
        with path.open("w", encoding="utf-8", newline="\n") as rows:
            count = 0
            for count, address in enumerate(addresses, 1):  # noqa: B007 (the last number is how many)
                rows.write(line(address, CHOSEN_GROUP))
        with path.open("rb") as written:
            digest = files.sha256(written)
        stored, size = files.keep_path(path), path.stat().st_size
    try:
        with transaction.atomic():
            edition = lock(book)
            if earlier := submitted.earlier_outcome():
                stored_files.discard_on_commit(stored)
                return Upload.objects.get(edition__book=book, pk=earlier["upload"])
            if not count:
                raise EmptyListError
            now = timezone.now()
            upload = Upload.objects.create(
                edition=edition,
                requested_by=by.user,
                requester=by.user.get_username(),
                requested_from=by.ip_address,
                created_at=now,
                expires_at=now + timedelta(hours=limits.UPLOAD_KEPT_HOURS),
                name=name,
                size=size,
                sha256=digest,
                rows_file=stored,
                rows_sha256=digest,
                rows_total=count,
                purpose=Upload.Purpose.LIST,
                phase=Upload.Phase.APPLY,
                action=action,
                reason=reason,
                act=acts.begin(edition, action),
            )
            submitted.remember({"upload": upload.pk})
            jobs.announce_on_commit(upload)
    except BaseException:
        stored_files.discard(stored)
        raise
    return upload
