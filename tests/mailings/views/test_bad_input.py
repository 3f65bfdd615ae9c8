"""What cannot be sent or read, typed or as a file: each is answered with a sentence, and nothing is lost."""

from html import unescape
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mailings import limits
from mailings.models import RecipientFile
from mailings.services.recipients import reading
from tests.support.html import text_of

pytestmark = pytest.mark.django_db

HELLO = "<p>Hello</p>"
PLACEHOLDERS = "".join(f"<p>${{p{number}}}</p>" for number in range(5_000))
CONTENTS = [
    ({"subject": "가" * 167}, "The subject has up to 501 bytes; at most 500 are allowed."),
    ({"subject": "😀" * 126}, "The subject has up to 504 bytes"),
    ({"subject": "a\r\nBcc: b@example.com"}, "The subject has a line break."),
    ({"subject": "x\u202ey"}, "The subject has a character that changes the reading direction."),
    ({"body": f"<p>{'x' * 600_000}</p>"}, "at most 488.3 KB are allowed"),
    ({"body": f"{HELLO}<script>alert(1)</script>"}, "Mail programs remove these elements: script. Take them out."),
    (
        {"body": f'{HELLO}<form action="https://example.com"><input name="a"></form>'},
        "remove these elements: form, input",
    ),
    ({"body": f'{HELLO}<a href="javascript:alert(1)">x</a>'}, "These links do not work in a mail: javascript:alert(1)"),
    ({"body": f'{HELLO}<img src="data:image/png;base64,AAAA" alt="x">'}, "Pictures need a public address with https"),
    ({"body": "<p>a\u202eb</p>"}, "The body has characters that change the reading direction."),
    ({"body": PLACEHOLDERS}, "The mail has 5,000 placeholders; at most 100 are allowed."),
    ({"body": "<p>${ x }</p>"}, "Recipients would read this as it is: ${ x }"),
]


class _Form(HTMLParser):
    """The fields of the page as a browser would send them again."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.subject = ""
        self.body = ""
        self._in_body = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "input" and found.get("name") == "subject":
            self.subject = found.get("value") or ""
        self._in_body = self._in_body or (tag == "textarea" and found.get("name") == "body")

    def handle_endtag(self, tag: str) -> None:
        self._in_body = self._in_body and tag != "textarea"

    def handle_data(self, data: str) -> None:
        self.body += data if self._in_body else ""

    def handle_entityref(self, name: str) -> None:
        self.handle_data(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.handle_data(unescape(f"&#{name};"))


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def at(book, draft):
    return lambda name, **more: reverse(name, kwargs={"slug": book.slug, "mailing_id": draft.pk, **more})


@pytest.fixture
def save(client, at, draft):
    def save(**fields: str):
        draft.refresh_from_db()
        sent = {"version": draft.version, "kind": "general", "sender": draft.sender_id, "subject": "Hi", "body": HELLO}
        answer = client.post(at("save_draft"), {**sent, "editor": "html", "when": "now", **fields})
        draft.refresh_from_db()
        return answer

    return save


@pytest.mark.parametrize(("fields", "sentence"), CONTENTS)
def test_a_content_that_cannot_be_sent_is_kept_and_said(save, client, at, draft, fields, sentence) -> None:
    assert save(**fields).status_code == 302

    form = _Form()
    form.feed(client.get(at("mailing")).content.decode())
    wanted = {"subject": "Hi", "body": HELLO, **fields}
    assert (draft.subject, draft.body) == (wanted["subject"], wanted["body"])
    assert (form.subject, form.body.removeprefix("\n")) == (wanted["subject"], wanted["body"])
    assert sentence in text_of(client.get(at("ask_send")))
    client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": "a@example.com"})
    answer = client.post(at("confirm_mailing"), {"token": uuid4(), "version": draft.version, "count": 1})
    draft.refresh_from_db()
    # A warning may be sent all the same; the frame of the preview runs none of it.
    assert draft.is_draft == (answer.status_code == 409)
    frame = client.get(at("preview_frame") if draft.is_draft else at("mailing_frame")).content.decode()
    for unwanted in ("<script", "<form", "javascript:", "data:image"):
        assert unwanted not in frame


def test_broken_tags_and_a_name_of_the_language_are_content_like_any_other(save, client, at, draft) -> None:
    body = "<p><b>Hello ${__proto__}</p></i><table><tr><td>"
    assert save(body=body, **{"value-__proto__": "x"}).status_code == 302
    assert (draft.body, draft.common_values) == (body, {"__proto__": "x"})
    assert "Hello x" in client.get(at("preview_frame")).content.decode()
    assert "__proto__" in client.get(at("mailing")).content.decode()


@pytest.mark.parametrize(("name", "kept"), [("../../etc/passwd", "passwd"), ("..\\x", "x"), ("a\u202eb.pdf", None)])
def test_the_name_of_an_attachment_is_no_path(client, at, draft, name, kept) -> None:
    client.post(at("add_attachment"), {"token": uuid4(), "file": SimpleUploadedFile(name, b"x")})
    attachment = draft.attachments.get()
    assert kept is None or attachment.name == kept
    assert not set("/\\\u202e") & set(attachment.name)


FILES = {
    "a column named email twice": (b"email,email\na@example.com,b@example.com\n", "Several columns could hold"),
    "300 columns": (b"email" + b",c%d" * 300 % tuple(range(300)) + b"\na@example.com" + b",1" * 300, "columns"),
    "without addresses": (b"city\nSeoul\n", "No column of addresses was found."),
    "nothing": (b"", "There is nothing in the file."),
    "an archive": (b"PK\x03\x04" + b"\x00" * 100, "file"),
    "rubbish": (bytes(range(256)) * 10, "file"),
}


@pytest.mark.parametrize("what", list(FILES))
def test_a_file_that_names_nobody_is_answered(client, at, draft, what) -> None:
    content, sentence = FILES[what]
    file = SimpleUploadedFile("list.csv", content)
    client.post(at("add_recipient_file"), {"token": uuid4(), "file": file})
    for waiting in RecipientFile.objects.all():
        reading.read_file(waiting.pk)
    page = text_of(client.get(at("mailing")))
    assert sentence in page or what == "nothing"
    assert "0 recipients" in page


def test_a_value_of_a_megabyte_and_a_placeholder_in_no_column(client, at, draft, save) -> None:
    save(body="<p>${city} ${shop}</p>")
    content = b"email,city\na@example.com," + b"x" * 1_000_000 + b"\nb@example.com,Seoul\n"
    client.post(at("add_recipient_file"), {"token": uuid4(), "file": SimpleUploadedFile("list.csv", content)})
    reading.read_file(RecipientFile.objects.get().pk)
    behind = text_of(client.get(at("recipients_behind", which="invalid")))
    assert f"A value has more than {limits.VALUE_CHARACTERS:,} characters." in behind
    assert "shop" in text_of(client.get(at("ask_send")))
    assert draft.sources.get().rows.get().email == "b@example.com"
