"""How much a request may hold, by who sends it and to where; refused by its length, before anything is read."""

import io

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from addressbook.models import Upload
from tests.workspace.views.test_access import TABLE, url_of
from workspace import limits

FORM = "application/x-www-form-urlencoded"
LARGE = {
    "register",
    "check_registration",
    "repair_registration",
    "edit_groups",
    "send_upload",
    "save_draft",
    "add_recipient_addresses",
    "add_attachment",
    "add_recipient_file",
    "register_unsubscribes",
    "remove_unsubscribes",
    "find_list",
    "register_template",
    "edit_template",
    "template_content",
    "template_frame",
    "import_templates",
}

# Of these, what a viewer may ask for: a template with the values of somebody.
READING = {"template_content", "template_frame"}


class Unread(io.BytesIO):
    """A body of which nobody may read a byte."""

    was_read = False

    def read(self, size=-1):
        self.was_read = self.was_read or size != 0
        return b""

    readline = read


def status_of(client: Client, url: str, size: object, content_type: str = FORM) -> int:
    """The answer to a POST of that length; 0 when its body was touched."""
    body = Unread()
    extra = {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": content_type, "wsgi.input": body}
    answer = client.generic("POST", url, **extra)
    return 0 if body.was_read else answer.status_code


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x"])
def test_nobody_signed_out_makes_us_hold_more_than_a_form(content_type, book, client) -> None:
    for name, row in TABLE.items():
        if name != "metrics":
            url = url_of(name, row, book.slug)
            assert status_of(client, url, limits.FORM_BYTES + 1, content_type) == 413, name


@pytest.mark.parametrize(("who", "names"), [("charlie", LARGE), ("vera", LARGE - READING)])
def test_large_forms_are_for_members_of_the_role(who, names, book, client_of, request) -> None:
    client = client_of(request.getfixturevalue(who))
    for name in sorted(names):
        url = url_of(name, TABLE[name], book.slug)
        for content_type in (FORM, "multipart/form-data; boundary=x"):
            assert status_of(client, url, limits.FORM_BYTES + 1, content_type) == 413, name


def test_only_where_addresses_are_posted(book, bob, client_of) -> None:
    client = client_of(bob)
    urls = {name: url_of(name, row, book.slug) for name, row in TABLE.items() if name != "sign_out"}
    assert {name for name, url in urls.items() if not status_of(client, url, limits.FORM_BYTES + 1)} == LARGE


def test_a_manager_posts_a_large_form(book, bob, client_of) -> None:
    text = "text=" + "a%40example.com%0A" * 20_000
    assert limits.FORM_BYTES < len(text) < limits.LARGE_FORM_BYTES
    answer = client_of(bob).post(reverse("check_registration", args=[book.slug]), text, FORM)
    assert answer.status_code == 200
    beyond = status_of(client_of(bob), reverse("register", args=[book.slug]), limits.LARGE_FORM_BYTES + 1)
    assert beyond == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "٣٣٣٣٣٣", "9" * 40])
def test_a_length_that_is_no_number_reads_nothing(length, client, db) -> None:
    assert status_of(client, reverse("sign_in"), length) in {200, 400, 413}  # 0: it was read


def test_a_body_in_chunks_is_refused(client, db) -> None:
    assert client.post(reverse("sign_in"), headers={"Transfer-Encoding": "chunked"}).status_code == 411


def incoming() -> list[str]:
    return [path.name for path in django_settings.FILE_UPLOAD_TEMP_DIR.iterdir()]


@pytest.mark.parametrize("who", [None, "charlie", "vera", "bob"])
@pytest.mark.parametrize("name", ["sign_in", "join", "set_language", "create_group", "check_registration"])
def test_no_file_is_written_where_none_is_expected(name, who, book, client, client_of, request, monkeypatch) -> None:
    written = []
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda *args, **options: written.append(options))
    sender = client_of(request.getfixturevalue(who)) if who else client
    file = SimpleUploadedFile("a.csv", b"a@example.com")
    sender.post(url_of(name, TABLE[name], book.slug), {"file": file, "text": "a@example.com"})
    assert written == []
    assert incoming() == []


@pytest.mark.parametrize(("who", "count"), [("vera", 0), ("bob", 1)])
def test_a_file_of_a_manager_arrives(who, count, book, client_of, request, file_store, token) -> None:
    file = SimpleUploadedFile("a.csv", b"a@example.com")
    url = reverse("send_upload", args=[book.slug])
    client_of(request.getfixturevalue(who)).post(url, {"file": file, "token": token()})
    assert Upload.objects.count() == count
