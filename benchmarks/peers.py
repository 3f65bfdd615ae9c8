"""The same work done with django-import-export, in its own recommended bulk settings, beside ours in the same run.

It imports addresses only, into no group, and every row is judged by email-validator as ours are. As in its admin, the
rows are looked at once without keeping them (its preview) and then imported.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import tablib
from email_validator import validate_email
from import_export.fields import Field
from import_export.resources import ModelResource

from addressbook.models import Address
from benchmarks import Rows
from benchmarks.uploads import content, measure, new_book
from workspace.models import Edition, User
from workspace.services.history.audit import Actor

THEIR_ROWS = 40_000
OUR_ROWS = 100_000


def rows() -> Rows:
    by = Actor(User.objects.create_user("bench-peers"))
    with tempfile.TemporaryDirectory() as folder:
        theirs = Path(folder, "theirs.csv")
        theirs.write_text(content(THEIR_ROWS))
        ours = Path(folder, "ours.csv")
        ours.write_text(content(OUR_ROWS))
        preview, imported = import_with_django_import_export(theirs, by)
        checked, applied, _, _ = measure(ours, by)
    yield f"django-import-export, CSV of {THEIR_ROWS:,}: preview, import", f"{preview:.1f} s, {imported:.1f} s", ""
    whole = preview + imported
    yield (
        f"ours, CSV of {OUR_ROWS:,} into a group: check, apply",
        f"{checked:.1f} s, {applied:.1f} s, {(checked + applied) / whole:.2f} × theirs",
        f"≤ {whole:.1f} s (1 ×)",
    )


class AddressResource(ModelResource):
    email: Any = Field(attribute="email", column_name="Email")

    class Meta:
        model = Address
        fields = ("email",)
        import_id_fields = ("email",)
        # What its documentation advises for many new rows.
        use_bulk = True
        batch_size = 1_000
        skip_diff = True
        force_init_instance = True

    def __init__(self, edition: Edition) -> None:
        super().__init__()
        self.edition = edition

    def after_init_instance(self, instance: Address, new: bool, row: Any, **kwargs: Any) -> None:
        found = validate_email(row["Email"], check_deliverability=False)
        instance.edition = self.edition
        instance.key = found.normalized.lower()
        instance.registered_at = self.edition.opened_at


def import_with_django_import_export(path: Path, by: Actor) -> tuple[float, float]:
    """Seconds of its preview and of its import, reading the file included."""
    book, _ = new_book(by)
    assert book.current_edition is not None  # noqa: S101 - create_book has just opened it
    seconds = []
    for dry_run in (True, False):
        start = time.perf_counter()
        dataset = tablib.Dataset().load(path.read_text(), format="csv")
        result = AddressResource(book.current_edition).import_data(dataset, dry_run=dry_run, raise_errors=True)
        seconds.append(time.perf_counter() - start)
        assert result.totals["new"] == THEIR_ROWS  # noqa: S101 - else it measured something else
    assert Address.objects.filter(edition=book.current_edition).count() == THEIR_ROWS  # noqa: S101 - likewise
    return seconds[0], seconds[1]
