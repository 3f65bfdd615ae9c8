"""What people do with an upload: send a file, decide how it is read, say OK."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Group, Upload
from addressbook.services.addresses import groups
from addressbook.services.addresses.undo_log import UndoNotes
from addressbook.services.uploads import files, lists
from addressbook.services.uploads.mending import as_choice, choice_of, mended, mending_of, reread
from libraries.spreadsheets import Choice
from libraries.spreadsheets import limits as spreadsheet_limits
from workspace import limits as workspace_limits
from workspace.models import AddressBook, Edition, JobState
from workspace.services.books import books
from workspace.services.history.audit import Actor
from workspace.services.work import acts, crash_points, jobs, stored_files
from workspace.services.work.changing import changing
from workspace.services.work.submissions import Submitted


class FileTooLargeError(Exception):
    """More than limits.UPLOAD_FILE_BYTES."""


class UploadGoneError(Exception):
    """There is no such upload in the book, or its file has gone."""


class CheckOutdatedError(Exception):
    """The user saw an older check: the file has been read in another way since."""


class TooManyUploadsError(Exception):
    """limits.UPLOADS_PER_BOOK of the book wait, or are being worked on, already."""


class NothingToApplyError(Exception):
    """The check has found no address to register."""


def find(edition: Edition, upload_id: int) -> Upload:
    """Raises UploadGoneError; an upload of another edition or book is as good as gone."""
    upload = Upload.objects.select_related("group", "requested_by").filter(edition=edition, pk=upload_id).first()
    if upload is None:
        raise UploadGoneError
    return upload


def receive(
    *,
    book: AddressBook,
    group_id: int | None,
    file: File,
    name: str,
    token: UUID,
    by: Actor,
    purpose: Upload.Purpose = Upload.Purpose.REGISTER,
    action: str = actions.UPLOAD_ADDRESSES,
) -> Upload:
    """Store the file and have it checked. `action`: of a list, what its owner probably wants.

    Raises FileTooLargeError, GroupGoneError or TooManyUploadsError, and then nothing is kept.
    """
    if (file.size or 0) > spreadsheet_limits.UPLOAD_FILE_BYTES:
        raise FileTooLargeError
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    submitted = Submitted(by, token, "receive_upload", [digest.hexdigest(), name, group_id, purpose], book)
    stored_file = files.keep(file)
    try:
        crash_points.reached("receive: file stored")
        with transaction.atomic():
            edition = books.lock(book)
            if earlier := submitted.earlier_outcome():
                stored_files.discard_on_commit(stored_file)
                return find(edition, earlier["upload"])
            group = groups.find(edition, group_id) if group_id is not None else None
            if Upload.objects.filter(edition=edition, finished_at__isnull=True).count() >= limits.UPLOADS_PER_BOOK:
                raise TooManyUploadsError
            now = timezone.now()
            upload = Upload.objects.create(
                edition=edition,
                requested_by=by.user,
                requester=by.user.get_username(),
                requested_from=by.ip_address,
                created_at=now,
                expires_at=now + timedelta(hours=limits.UPLOAD_KEPT_HOURS),
                name=_printable(name),
                size=file.size,
                sha256=digest.hexdigest(),
                stored_file=stored_file,
                group=group,
                purpose=purpose,
                action=action,
            )
            submitted.remember({"upload": upload.pk})
            jobs.announce_on_commit(upload)
            crash_points.reached("receive: before commit")
    except BaseException:
        stored_files.discard(stored_file)
        raise
    return upload


def choose(*, book: AddressBook, upload_id: int, choice: Choice, seen: int, by: Actor) -> Upload:
    """Have the file checked again, read in this way. `seen` is the attempt whose check the user saw.

    Raises UploadGoneError or CheckOutdatedError. Sent twice, the second finds the check under way and changes nothing.
    """
    with transaction.atomic():
        upload = _locked(books.lock(book), upload_id)
        wanted = as_choice(choice, reread(mending_of(upload), choice_of(upload), choice))
        if upload.is_working and upload.phase == Upload.Phase.CHECK and upload.choice == wanted:
            return upload
        _require_seen(upload, seen)
        upload.choice = wanted
        _send_to_work(upload, Upload.Phase.CHECK, rows_total=0)
    return upload


def mend(*, book: AddressBook, upload_id: int, wish: str, seen: int, by: Actor) -> Upload:
    """Have the file checked again with one more decision (see `mending.mended`), on the check that the user saw.

    Raises UploadGoneError, CheckOutdatedError or UnknownFindingError.
    """
    with transaction.atomic():
        upload = _locked(books.lock(book), upload_id)
        _require_seen(upload, seen)
        upload.choice = as_choice(choice_of(upload), mended(upload, wish))
        _send_to_work(upload, Upload.Phase.CHECK, rows_total=0)
    return upload


def apply(*, book: AddressBook, upload_id: int, group_id: int | None, seen: int, by: Actor) -> Upload:
    """OK: register what the check accepted, into the group if one is given; makes the groups that the file names.

    Raises UploadGoneError, CheckOutdatedError, NothingToApplyError, GroupGoneError or TooManyGroupsError, and then
    nothing was changed. Sent twice, the second changes nothing.
    """
    with changing(book, by=by) as change:
        edition = change.edition
        upload = _locked(edition, upload_id)
        if upload.phase == Upload.Phase.APPLY or upload.is_list:
            return upload
        _require_seen(upload, seen)
        if not upload.check_result.get("addresses"):
            raise NothingToApplyError
        upload.group = groups.find(edition, group_id) if group_id is not None else None
        noted = UndoNotes()
        created = _make_groups(edition, upload, noted)
        upload.act = acts.begin(edition, actions.UPLOAD_ADDRESSES)
        noted.keep(upload.act)
        upload.outcome = {"groups_created": created, "group": upload.group.name if upload.group else ""}
        _send_to_work(upload, Upload.Phase.APPLY, rows_total=upload.check_result["addresses"])
    return upload


def apply_list(
    *, book: AddressBook, upload_id: int, action: str, group_id: int | None, reason: str, seen: int, by: Actor
) -> Upload:
    """OK: do `action` to the addresses of a list.

    Raises UploadGoneError, CheckOutdatedError, NothingToApplyError, UnknownActError, NoReasonError or GroupGoneError,
    and then nothing was changed. Sent twice, the second changes nothing.
    """
    act = lists.act_of(action)
    reason = " ".join(reason.split())
    with changing(book, by=by) as change:
        upload = _locked(change.edition, upload_id)
        if upload.phase == Upload.Phase.APPLY or not upload.is_list:
            return upload
        _require_seen(upload, seen)
        if not upload.check_result.get("addresses"):
            raise NothingToApplyError
        if act.needs_reason and not reason:
            raise lists.NoReasonError
        upload.group = groups.find(change.edition, group_id) if group_id is not None else None
        if act.needs_group and upload.group is None:
            raise groups.GroupGoneError
        upload.action, upload.reason = action, reason if act.needs_reason else ""
        upload.act = acts.begin(change.edition, action)
        upload.outcome = {"group": upload.group.name} if upload.group else {}
        _send_to_work(upload, Upload.Phase.APPLY, rows_total=upload.check_result["addresses"])
    return upload


def apply_rows_of(*, book: AddressBook, name: str, rows: Path, count: int, by: Actor) -> Upload:
    """Register `count` addresses that were checked elsewhere: a rows file, as `uploads.rows` has it, into no group."""
    with rows.open("rb") as content:
        digest = files.sha256(content)
    rows_file = files.keep_path(rows)
    try:
        with changing(book, by=by) as change:
            now = timezone.now()
            upload = Upload(
                edition=change.edition,
                requested_by=by.user,
                requester=by.user.get_username(),
                requested_from=by.ip_address,
                created_at=now,
                expires_at=now + timedelta(hours=limits.UPLOAD_KEPT_HOURS),
                name=_printable(name),
                size=rows.stat().st_size,
                sha256=digest,
                rows_file=rows_file,
                rows_sha256=digest,
                check_result={"rows": count, "addresses": count},
                outcome={"groups_created": 0, "group": ""},
                act=acts.begin(change.edition, actions.UPLOAD_ADDRESSES),
            )
            _send_to_work(upload, Upload.Phase.APPLY, rows_total=count)
    except BaseException:
        stored_files.discard(rows_file)
        raise
    return upload


def _locked(edition: Edition, upload_id: int) -> Upload:
    upload = Upload.objects.select_for_update(of=("self",)).filter(edition=edition, pk=upload_id).first()
    if upload is None:
        raise UploadGoneError
    return upload


def _require_seen(upload: Upload, seen: int) -> None:
    if upload.finished_at is not None or not upload.stored_file:
        raise UploadGoneError
    if upload.state != JobState.CHECKED or upload.attempt != seen:
        raise CheckOutdatedError


def _send_to_work(upload: Upload, phase: Upload.Phase, *, rows_total: int) -> None:
    upload.phase = phase
    upload.cursor, upload.rows_done, upload.rows_total = None, 0, rows_total
    jobs.put_back(upload)


def _make_groups(edition: Edition, upload: Upload, noted: UndoNotes) -> int:
    """Make the groups of the file that are not there; the upload then refers to all of them by id."""
    names = [group["name"] for group in upload.groups]
    there = dict(edition.groups.filter(name__in=names).values_list("name", "pk")) if names else {}
    missing = [name for name in names if name not in there]
    if missing and edition.groups.count() + len(missing) > workspace_limits.GROUPS_PER_BOOK:
        raise groups.TooManyGroupsError
    made = Group.objects.bulk_create(Group(edition=edition, name=name) for name in missing)
    for group in made:
        there[group.name] = group.pk
        noted.made_group(group)
    upload.groups = [{"name": name, "id": there[name]} for name in names]
    return len(made)


def _chunks(file: File) -> Iterator[bytes]:
    file.seek(0)
    yield from file.chunks()
    file.seek(0)


def _printable(name: str) -> str:
    """A file name as text for a page: what cannot be shown or stored is left out."""
    return "".join(character for character in name if character.isprintable())[-255:] or "?"
