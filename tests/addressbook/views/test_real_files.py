"""Files as people's programs write them, through the upload over HTTP with the real child, as a person expects them.

Those that begin with `real-` were written by the program named. What is told instead of taken counts as accounted for:
addresses outside the chosen column are taken with the click that the check offers.
"""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from addressbook.models import Upload
from tests.support.invariants import assert_consistent, contents
from tests.support.uploads import assert_accounted_for, work

pytestmark = pytest.mark.engine_independent

FOLDER = Path(__file__).parent / "real_files"
# The others, which the tests of the readers have too.
WRITTEN = Path(__file__).parents[2] / "libraries" / "spreadsheets" / "written"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
BODY = {"HX-Request": "true", "HX-Target": "upload-body"}


@pytest.fixture
def client(bob, client_of, file_store, no_other_worker):
    return client_of(bob)


@pytest.mark.parametrize("name", MANIFEST)
def test_a_real_file_gives_what_a_person_expects(name, client, book) -> None:
    expected = MANIFEST[name]
    path = FOLDER / name if (FOLDER / name).exists() else WRITTEN / name
    file = SimpleUploadedFile(name, path.read_bytes())
    client.post(reverse("send_upload", args=[book.slug]), {"token": uuid4(), "file": file}, headers=BODY)
    upload = work(Upload.objects.get())
    if upload.check_result.get("outside_count") and not (expected.get("invalid") or name.startswith("l0")):
        url = reverse("decide_upload", args=[book.slug, upload.pk])
        assert client.post(url, {"seen": upload.attempt, "wish": "place:all"}, headers=BODY).status_code == 200
        upload = work(upload)
    if upload.check_result.get("addresses"):
        url = reverse("apply_upload", args=[book.slug, upload.pk])
        client.post(url, {"seen": upload.attempt, "into": ""}, headers=BODY)
        upload = work(upload)
        assert_accounted_for(upload)
    registered = contents(book)
    if "registered" in expected:
        assert set(registered) == set(expected["registered"])
    if "registered_count" in expected:
        assert len(registered) == expected["registered_count"]
    if "refused_as" in expected:
        assert upload.outcome.get("refusal") == expected["refused_as"]
    for email, group in expected.get("groups", {}).items():
        assert group in registered[email]
    assert_consistent(book)
