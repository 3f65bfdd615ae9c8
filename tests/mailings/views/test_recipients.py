"""The numbers of a draft's recipients: each opens the addresses behind it, masked by the book's rule."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from addressbook import actions
from libraries import spreadsheets
from mailings.models import RecipientFile
from mailings.services.recipients import behind, reading
from tests.support.html import text_of
from workspace.models import AuditEvent, Masking

pytestmark = pytest.mark.django_db

GUESTS = b"""email,city
a@example.com,Seoul
broken@,Busan
b@example.com,
a@example.com,Jeju
c@example.com,for c@example.com
"""


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def at(book, draft):
    return lambda name, **more: reverse(name, kwargs={"slug": book.slug, "mailing_id": draft.pk, **more})


@pytest.fixture
def guests(client, at, draft, suppress, write):
    """A file was read: three people, one doubled, one invalid, one blocked."""
    client.post(at("add_recipient_file"), {"token": uuid4(), "file": SimpleUploadedFile("guests.csv", GUESTS)})
    reading.read_file(RecipientFile.objects.get().pk)
    suppress("blocked", "b@example.com")
    write(draft, subject="Hi", body="<p>${city}</p>", fallbacks={"city": "there"})
    return draft.sources.get()


def test_each_number_opens_the_addresses_behind_it(client, at, guests) -> None:
    page = client.get(at("mailing")).content.decode()
    expected = {
        "recipients": ["a@example.com", "c@example.com"],
        "chosen": ["a@example.com", "b@example.com", "c@example.com", "broken@"],
        "doubled": ["a@example.com", "Row 5"],
        "blocked": ["b@example.com"],
        "invalid": ["broken@", "Row 3", "File guests.csv"],
    }
    for which, texts in expected.items():
        assert f'id="behind-{which}"' in page
        answer = text_of(client.get(at("recipients_behind", which=which), headers={"HX-Request": "true"}))
        for text in texts:
            assert text in answer, which
    assert 'id="behind-unsubscribed"' not in page
    assert "Nobody any more." in text_of(client.get(at("recipients_behind", which="unsubscribed")))
    assert client.get(at("recipients_behind", which="planned")).status_code == 404


def test_the_pages_are_turned_without_scripts(client, at, guests, monkeypatch) -> None:
    monkeypatch.setattr(behind, "PAGE_ROWS", 2)
    monkeypatch.setattr("mailings.views.compose.behind.PAGE_ROWS", 2)
    first = client.get(at("recipients_behind", which="chosen"))
    assert "1–2 of 5" in text_of(first)
    assert "?page=2" in first.content.decode()
    # Beyond the last page, the last one.
    for number in ("3", "99", "9" * 30):
        last = text_of(client.get(at("recipients_behind", which="chosen") + f"?page={number}"))
        assert "5–5 of 5" in last or "1–2 of 5" in last


def test_the_refused_rows_come_back_with_their_reasons(client, at, guests, tmp_path) -> None:
    url = at("download_refused_recipients", source_id=guests.pk)
    assert url in client.get(at("mailing")).content.decode()
    answer = client.get(url)
    path = tmp_path / "refused.csv"
    path.write_bytes(b"".join(answer.streaming_content))
    assert 'filename="guests' in answer["Content-Disposition"] or "filename*=" in answer["Content-Disposition"]
    text = path.read_text("utf-8-sig")
    assert '"broken@","Busan",' in text
    assert "a@example.com" not in text
    with spreadsheets.read(path, name="refused.csv", with_cells=True) as again:
        assert again.layout.email_column == 0
    event = AuditEvent.objects.get(action=actions.FETCH_REFUSED)
    assert event.detail == {"mailing": guests.mailing_id, "rows": 1}
    assert client.get(at("download_refused_recipients", source_id=4711)).status_code == 404


def test_who_sees_addresses_masked_finds_none_in_a_draft(client, at, guests, book) -> None:
    urls = [at("mailing"), at("show_recipients"), at("ask_send"), at("preview_draft") + "?which=2"]
    urls += [at("preview_frame") + "?which=2", at("preview_draft") + "?which=longest&as=text"]
    urls += [at("recipients_behind", which=which) for which in behind.Behind]
    shown = [client.get(url).content.decode() for url in urls]
    assert any("c@example.com" in text for text in shown)
    assert any("for c@example.com" in text for text in shown)

    book.masking = Masking.EVERYBODY
    book.save()

    for url in urls:
        answer = client.get(url).content.decode()
        for address in ("a@example.com", "b@example.com", "c@example.com"):
            assert address not in answer, url


def test_the_number_of_queries_does_not_grow_with_the_rows(client, at, guests) -> None:
    counts = []
    for text in ("d@example.com", "\n".join(f"m{number}@example.com" for number in range(30))):
        client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": text})
        url = at("recipients_behind", which="invalid")
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        counts.append((len(asked), guests.mailing.sources.count()))
        guests.mailing.sources.exclude(pk=guests.pk).update(mailing=None)
    assert counts[0] == counts[1]


def test_how_a_file_is_read_is_chosen_on_the_page(client, at, draft) -> None:
    text = b"email,e-mail,city\na@example.com,b@example.com,Seoul\n"
    sent = {"token": uuid4(), "file": SimpleUploadedFile("guests.csv", text)}
    answer = client.post(at("add_recipient_file"), sent, headers={"HX-Request": "true"})
    assert "It is being read." in text_of(answer)
    assert 'hx-swap-oob="true"' in answer.content.decode()
    file = RecipientFile.objects.get()
    reading.read_file(file.pk)
    here = at("show_recipient_file", file_id=file.pk)
    asked = text_of(client.get(here))
    assert "Several columns could hold the addresses: email, e-mail. Choose one." in asked
    assert "Which column has the addresses?" in asked
    assert "Choose how to read it" in text_of(client.get(at("mailing")))

    url = at("choose_recipient_file", file_id=file.pk)
    chosen = {"seen": 1, "header_row": 1, "email_column": 1, "delimiter": "comma", "encoding": "utf-8"}
    assert client.post(url, chosen | {"encoding": "klingon"}).status_code == 422
    assert client.post(url, chosen | {"seen": 7}).status_code == 409
    assert client.post(url, chosen).status_code == 302
    reading.read_file(file.pk)

    shown = text_of(client.get(here))
    assert "Recipients 1 Duplicates 0 Invalid 0" in shown
    assert "First rows as read" in shown
    assert "Placeholders: ${email} ${city}" in shown
    assert draft.sources.get().rows.get().email == "b@example.com"


def test_the_box_also_register_them(client, at, book) -> None:
    assert "Also register them" in text_of(client.get(at("ask_recipients") + "?tab=file"))
    sent = {"token": uuid4(), "register": "1", "file": SimpleUploadedFile("guests.csv", GUESTS)}
    client.post(at("add_recipient_file"), sent)
    file = RecipientFile.objects.get()
    reading.read_file(file.pk)
    assert "registered in the address book too" in text_of(client.get(at("show_recipient_file", file_id=file.pk)))
    assert "guests.csv" in text_of(client.get(reverse("console", args=[book.slug])))


def test_a_number_that_moved_is_said_and_asked_again(client, at, draft, write, practice) -> None:
    write(draft, subject="Hi", body="<p>Hello</p>")
    client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": "a@example.com b@example.com"})
    draft.refresh_from_db()
    sent = {"version": draft.version, "count": 2}
    client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": "c@example.com"})

    answer = client.post(at("confirm_mailing"), {**sent, "token": uuid4()})

    assert answer.status_code == 409
    assert "1 recipient more than you saw: 3 now, 2 before. Nothing was sent." in text_of(answer)
    assert "Send to 3 recipients" in text_of(answer)
    draft.refresh_from_db()
    assert draft.is_draft
    client.post(at("remove_recipients", source_id=draft.sources.first().pk))
    answer = client.post(at("confirm_mailing"), {**sent, "token": uuid4()})
    assert "1 recipient fewer than you saw: 1 now, 2 before." in text_of(answer)
    client.post(at("confirm_mailing"), {**sent, "count": 1, "token": uuid4()})
    draft.refresh_from_db()
    assert not draft.is_draft
    assert "0 of 1 recipients are written down" in text_of(client.get(at("mailing")))
