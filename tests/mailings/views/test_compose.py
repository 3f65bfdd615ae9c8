"""The page *Send mail* without scripts: every act of it works as a form."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from addressbook.models import Address
from mailings.models import Mailing, MailingState, RecipientFile
from mailings.services.recipients import reading
from tests.support.html import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def at(book, draft):
    return lambda name, **more: reverse(name, args=[book.slug, draft.pk], **more)


def form_of(draft: Mailing, **fields: object) -> dict[str, object]:
    sent = {"version": draft.version, "kind": "general", "sender": draft.sender_id or "", "subject": "", "body": ""}
    return {**sent, "editor": "html", "when": "now", **fields}


def test_send_opens_a_draft_with_the_default_sender(client, book, sender) -> None:
    answer = client.post(reverse("begin_draft", args=[book.slug]), {"token": uuid4()}, follow=True)

    assert "Send mail" in text_of(answer)
    assert Mailing.objects.get().sender == sender


def test_send_mail_of_the_address_book_begins_one_draft_to_the_selection(client, book, sender, register) -> None:
    register("a@example.com b@example.com c@example.com")
    url = reverse("begin_with_selection", args=[book.slug])
    selected = list(Address.objects.order_by("email").values_list("pk", flat=True)[:2])
    sent = {"address": selected, "token": uuid4()}

    answers = [client.post(url, sent, follow=True), client.post(url, sent, follow=True)]

    assert all("2 recipients" in text_of(answer) for answer in answers)
    assert Mailing.objects.count() == 1
    client.post(url, sent | {"address": selected[:1]})
    assert Mailing.objects.count() == 2


def test_send_mail_without_a_selection_begins_nothing(client, book, register) -> None:
    register("a@example.com")
    url = reverse("begin_with_selection", args=[book.slug])
    selected = Address.objects.get().pk
    assert "Select at least one address first." in text_of(client.post(url, {"token": uuid4()}))
    Address.objects.all().delete()
    answer = client.post(url, {"token": uuid4(), "address": selected})
    assert "deleted meanwhile" in text_of(answer)
    assert not Mailing.objects.exists()


def test_a_save_keeps_everything(client, draft, at) -> None:
    body = "<p>Hello ${who}</p>\r\n<p>x</p>"
    answer = client.post(at("save_draft"), form_of(draft, subject="Hi ${who}", body=body, **{"value-who": "you"}))

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.subject, draft.body, draft.common_values) == ("Hi ${who}", body, {"who": "you"})
    assert "Value for everybody of who" in client.get(at("mailing")).content.decode()


def test_a_stale_save_is_refused_and_shows_both(client, draft, at, write) -> None:
    old = form_of(draft, subject="Mine")
    write(draft, subject="Theirs")

    answer = client.post(at("save_draft"), old)

    assert answer.status_code == 409
    assert "Mine" in text_of(answer)
    assert "Theirs" in text_of(answer)
    draft.refresh_from_db()
    assert draft.subject == "Theirs"


def test_groups_and_addresses_are_added_and_removed(client, draft, at, make_group, register, book) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    client.post(at("add_recipient_groups"), {"token": uuid4(), "group": group.pk, "match": "any"})
    client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": "b@example.com c@example.com"})

    page = text_of(client.get(at("mailing")))

    assert "3 recipients" in page
    assert "Group VIP" in page
    source = draft.sources.first()
    client.post(reverse("remove_recipients", args=[book.slug, draft.pk, source.pk]))
    assert "2 recipients" in text_of(client.get(at("mailing")))


def test_invalid_addresses_stay_in_the_field(client, at) -> None:
    answer = client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": "a@example.com broken@"})

    assert answer.status_code == 422
    assert "1 entry is no address" in text_of(answer)
    assert "broken@" in answer.content.decode()


def test_the_check_says_what_is_missing_and_confirms_what_is_whole(client, draft, at, write, practice) -> None:
    assert "Type a subject." in text_of(client.get(at("ask_send")))
    write(draft, subject="Hello", body="<p>Hello</p>")
    client.post(at("add_recipient_addresses"), {"token": uuid4(), "addresses": "a@example.com"})
    dialog = client.get(at("ask_send"))
    assert "Send to 1 recipient" in text_of(dialog)
    draft.refresh_from_db()

    client.post(at("confirm_mailing"), {"token": uuid4(), "version": draft.version, "count": 1})

    draft.refresh_from_db()
    assert draft.state == MailingState.FREEZING


def test_what_must_be_fixed_cannot_be_confirmed_by_hand(client, draft, at) -> None:
    answer = client.post(at("confirm_mailing"), {"token": uuid4(), "version": draft.version, "count": 0})

    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.is_draft


def test_the_preview_is_shown_in_a_frame_of_its_own_policy(client, draft, at, write) -> None:
    write(draft, subject="Hi", body='<p onclick="x()">Hi</p><script>1</script><img src="https://example.com/a.png">')

    page = client.get(at("preview_draft"))
    frame = client.get(at("preview_frame"))

    assert "<iframe" in page.content.decode()
    assert "onclick" not in frame.content.decode()
    assert "example.com/a.png" not in frame.content.decode()
    assert "sandbox" in frame["Content-Security-Policy"]
    assert "script-src 'none'" in frame["Content-Security-Policy"]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("field", ["subject", "body"])
@pytest.mark.parametrize(
    "text", ["\x00", "a\r\nBcc: x", "\u202e", "${__proto__}", "</textarea><script>1</script>", "x" * 600_000]
)
def test_odd_text_is_kept_and_answered(client, draft, at, field, text) -> None:
    assert client.post(at("save_draft"), form_of(draft, **{field: text})).status_code == 302
    assert client.get(at("mailing")).status_code == 200
    assert client.get(at("ask_send")).status_code == 200
    assert client.get(at("preview_draft")).status_code == 200
    assert client.get(at("preview_frame")).status_code == 200


def test_a_viewer_sees_no_draft(vera, client_of, at) -> None:
    assert client_of(vera).get(at("mailing")).status_code == 403


def test_a_draft_is_copied_and_deleted(client, draft, at, write) -> None:
    write(draft, subject="First")
    client.post(at("copy_mailing"), {"token": uuid4()})
    client.post(at("delete_draft"))

    copied = Mailing.objects.get()
    assert copied.subject == "First"
    assert copied.pk != draft.pk


def test_a_file_is_read_and_its_columns_become_placeholders(client, draft, at, book, write) -> None:
    file = SimpleUploadedFile("guests.csv", b"email,city\na@example.com,Seoul\nbroken@,Busan\nb@example.com,\n")
    answer = client.post(at("add_recipient_file"), {"token": uuid4(), "file": file}, follow=True)
    assert "It is being read." in text_of(answer)
    assert 'hx-trigger="every 2s"' in answer.content.decode()

    reading.read_file(RecipientFile.objects.get().pk)

    region = client.get(at("show_recipients"), headers={"HX-Request": "true"})
    text = text_of(region)
    assert "2 recipients" in text
    assert "File guests.csv" in text
    assert "Placeholders: ${city}" in text
    assert "city is empty in 1 row" in text
    assert "Download 1 entry that was not taken" in text
    assert "every 2s" not in region.content.decode()


def test_a_file_without_addresses_says_so_until_it_is_removed(client, draft, at, book) -> None:
    client.post(at("add_recipient_file"), {"token": uuid4(), "file": SimpleUploadedFile("x.csv", b"city\nSeoul\n")})
    file = RecipientFile.objects.get()
    reading.read_file(file.pk)
    assert "No column of addresses was found." in text_of(client.get(at("mailing")))
    client.post(reverse("remove_recipient_file", args=[book.slug, draft.pk, file.pk]))
    assert "No column of addresses was found." not in text_of(client.get(at("mailing")))


def test_no_file_is_said_and_the_tab_stays(client, at) -> None:
    assert "Download a sample file" in text_of(client.get(at("ask_recipients") + "?tab=file"))
    answer = client.post(at("add_recipient_file"), {"token": uuid4()})
    assert answer.status_code == 422
    assert "Choose a file." in text_of(answer)


def test_the_sample_is_a_file_that_can_be_sent(client, draft, at, write) -> None:
    write(draft, subject="Hi ${who}", body="<p>${city}</p>")
    sample = client.get(at("recipient_sample")).content
    file = SimpleUploadedFile("sample.xlsx", sample)
    client.post(at("add_recipient_file"), {"token": uuid4(), "file": file})
    reading.read_file(RecipientFile.objects.get().pk)
    source = draft.sources.get()
    assert source.parameters["columns"] == ["who", "city"]
    assert [row.email for row in source.rows.all()] == ["name@example.com"]
