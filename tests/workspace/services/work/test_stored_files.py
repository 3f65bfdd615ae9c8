"""Files leave the store when no row names them, and whoever sweeps is not disturbed by whoever else does."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from workspace import limits
from workspace.services.work import stored_files

OLD = timedelta(hours=limits.STRAY_FILE_HOURS, minutes=1)


@pytest.fixture
def store(settings, tmp_path):
    """The names in a store with three files, one of them of a clock that was ahead."""
    settings.MEDIA_ROOT = tmp_path
    for name in ("a", "b", "c"):
        default_storage.save(f"things/{name}", ContentFile(b"x"))
    return lambda: set(default_storage.listdir("things")[1])


@pytest.fixture
def aged(monkeypatch):
    def aged(**ages: timedelta) -> None:
        def modified(name: str):
            age = ages[name.removeprefix("things/")]
            return timezone.now() - age

        monkeypatch.setattr(default_storage, "get_modified_time", modified)

    return aged


def test_what_is_old_or_of_no_clock_and_named_by_nobody_goes(store, aged) -> None:
    aged(a=OLD, b=-OLD, c=timedelta())
    stored_files.discard_stray("things", lambda: {"things/x"})
    assert store() == {"c"}


def test_what_is_named_stays(store, aged) -> None:
    aged(a=OLD, b=OLD, c=OLD)
    stored_files.discard_stray("things", lambda: {"things/a", "things/c"})
    assert store() == {"a", "c"}


def test_a_file_that_goes_meanwhile_harms_nothing(store) -> None:
    def named() -> set[str]:
        for name in ("a", "b", "c"):
            default_storage.delete(f"things/{name}")
        return set()

    stored_files.discard_stray("things", named)
    stored_files.discard("things/a", "")
    assert store() == set()


def test_a_folder_that_nobody_has_made_yet_is_empty(store) -> None:
    stored_files.discard_stray("nothing", lambda: pytest.fail("asked in vain"))
