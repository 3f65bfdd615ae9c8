"""A list of 100,000 addresses: its check beside that of an upload of the same file, and each act on it."""

import tempfile
import time
from pathlib import Path
from uuid import uuid4

from django.core.files import File

from addressbook import actions as addressbook_actions
from addressbook.models import Upload
from addressbook.services import uploads
from benchmarks import Rows
from benchmarks.uploads import FEWER_ROWS, content, measure, stored_files, work
from mailings import actions
from mailings.models import Suppression
from workspace.models import AddressBook, User
from workspace.services.history.audit import Actor


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-lists"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.csv")
        path.write_text(content(FEWER_ROWS))
        _, _, book, group = measure(path, by)
        upload = Upload.objects.get(edition=book.current_edition)
        # The same file into a book that has its addresses: what a check costs that finds all of them.
        of_upload = check(path, book, by, Upload.Purpose.REGISTER)[1]
        size = f"{FEWER_ROWS:,} addresses"
        listed, of_list = check(path, book, by, Upload.Purpose.LIST)
        yield f"check of a list of {size}", f"{of_list:.2f} s", f"upload of the same file: {of_upload:.2f} s"
        for action, text in (
            (actions.REGISTER_UNSUBSCRIBES, "register as unsubscribed"),
            (actions.REMOVE_UNSUBSCRIBES, "remove the unsubscribes"),
            (addressbook_actions.REMOVE_FROM_GROUP, "take out of all groups"),
            (addressbook_actions.CHANGE_GROUP, "put into a group"),
            (addressbook_actions.DELETE_ADDRESS, "delete from the book"),
        ):
            group_id = group.pk if action == addressbook_actions.CHANGE_GROUP else None
            yield f"{text}, {size}", f"{act(listed, book, by, action, group_id):.1f} s", ""
            if action == actions.REGISTER_UNSUBSCRIBES:
                start = time.perf_counter()
                check(path, book, by, Upload.Purpose.LIST)
                yield "check where all of them are unsubscribed", f"{time.perf_counter() - start:.2f} s", ""
            listed = check(path, book, by, Upload.Purpose.LIST)[0]
        upload.delete()
        Suppression.objects.filter(book=book).delete()


def check(path: Path, book: AddressBook, by: Actor, purpose: Upload.Purpose) -> tuple[Upload, float]:
    Upload.objects.filter(finished_at=None).delete()
    with stored_files(), path.open("rb") as file:
        upload = uploads.receive(
            book=book, group_id=None, file=File(file), name=path.name, token=uuid4(), by=by, purpose=purpose
        )
    seconds = work(upload)
    upload.refresh_from_db()
    return upload, seconds


def act(upload: Upload, book: AddressBook, by: Actor, action: str, group_id: int | None) -> float:
    uploads.apply_list(
        book=book,
        upload_id=upload.pk,
        action=action,
        group_id=group_id,
        reason="Measured",
        seen=upload.attempt,
        by=by,
    )
    seconds = work(upload)
    upload.refresh_from_db()
    assert upload.state == "complete"  # noqa: S101 - else it measured something else
    return seconds
