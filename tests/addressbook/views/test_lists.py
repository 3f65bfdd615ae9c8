"""The dialog *Find by list*, from the pasted text or file to the notification, and the pages of its addresses."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from addressbook import limits
from addressbook.models import Upload
from libraries.spreadsheets import limits as spreadsheet_limits
from mailings.services.suppressions import unsubscribes
from tests.addressbook.views.test_registration import counts
from tests.support.html import text_of
from tests.support.invariants import contents
from tests.support.uploads import work
from workspace.models import AddressBook

HTMX = {"HX-Request": "true"}
BODY = {"HX-Request": "true", "HX-Target": "upload-body"}
PASTED = "Ann <ann@example.com>, bob@example.com; new@example.org\nbroken@ ann@example.com"


@pytest.fixture
def client(bob, client_of, file_store, no_other_worker):
    return client_of(bob)


@pytest.fixture
def url(book):
    return lambda name, upload=None: reverse(name, args=[book.slug, *([upload.pk] if upload else [])])


@pytest.fixture
def send_list(client, url):
    """Sends the dialog."""

    def send_list(text: str = PASTED, *, headers=HTMX, **fields):
        return client.post(url("find_list"), {"token": uuid4(), "text": text, **fields}, headers=headers)

    return send_list


@pytest.fixture
def checked(send_list, register, make_group) -> Upload:
    register("ann@example.com", make_group("VIP"))
    register("bob@example.com carl@example.com")
    send_list()
    return work(Upload.objects.get())


def test_what_is_pasted_is_checked_and_said_in_numbers(checked, client, url, book, by) -> None:
    unsubscribes.register_typed(book=book, text="new@example.org", token=uuid4(), by=by)
    client.post(url("choose_upload", checked), {"seen": checked.attempt, "email_column": 0, "header_row": 1})
    work(checked)

    answer = client.get(url("show_upload", checked), headers=BODY)

    shown = counts(answer)
    names = ("Addresses", "In the address book", "Not there", "Unsubscribed", "Blocked", "Duplicates", "Invalid")
    assert [shown[name] for name in names] == [3, 2, 1, 1, 0, 1, 1]
    assert "Groups: VIP (1)" in text_of(answer)
    assert "Delete 2 addresses from the address book" in text_of(answer)
    assert "Remove unsubscribe of" not in text_of(answer)
    assert "checked" not in answer.content.decode().split("list-acts")[1].split("</form>")[0]


def test_the_addresses_are_shown_page_by_page_with_groups_and_badges(
    checked, client, url, book, by, monkeypatch
) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_LIST_PAGE", 1)
    unsubscribes.register_typed(book=book, text="ann@example.com", token=uuid4(), by=by)

    first = client.get(url("list_addresses", checked))
    assert "1–1 of 2" in text_of(first)
    assert "ann@example.com VIP Unsubscribed" in text_of(first)
    following = first.content.decode().split("?start=")[1].split('"')[0].replace("&amp;", "&")
    second = client.get(url("list_addresses", checked) + "?start=" + following)
    assert "2–2 of 2" in text_of(second)
    assert "bob@example.com –" in text_of(second)
    assert "Next page" not in text_of(second)
    missing = client.get(url("list_addresses", checked), {"part": "missing", "start": "x"})
    assert "new@example.org" in text_of(missing)


def test_a_page_of_addresses_takes_as_many_questions_for_one_as_for_three(
    checked, client, url, django_assert_max_num_queries, monkeypatch
) -> None:
    with django_assert_max_num_queries(12):
        client.get(url("list_addresses", checked))
    monkeypatch.setattr(limits, "ROWS_PER_LIST_PAGE", 1)
    with django_assert_max_num_queries(12):
        client.get(url("list_addresses", checked))


def test_the_chosen_act_is_done_and_can_be_undone(checked, client, url, book) -> None:
    fields = {"seen": checked.attempt, "action": "delete_address"}
    answer = client.post(url("apply_list", checked), fields, headers=BODY)
    assert "0 of 3 addresses are done." in text_of(answer)
    work(checked)

    answer = client.get(url("show_upload", checked), headers=BODY)

    assert counts(answer)["Deleted"] == 2
    assert "The addresses are out of the address book and of every group." in text_of(answer)
    assert reverse("ask_undo", args=[book.slug, checked.act_id]) in answer.content.decode()
    assert answer.headers["HX-Trigger"] == "book-changed"
    assert set(contents(book)) == {"carl@example.com"}
    assert "Find by list – pasted addresses.csv: Deleted 2" in text_of(client.get(url("console")))
    assert client.get(url("list_addresses", checked)).status_code == 404
    assert "2 addresses were deleted." in text_of(client.get(url("history")))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose first what to do."),
        ({"action": "reset_book"}, "This cannot be chosen."),
        ({"action": "change_group"}, "Choose a group that is there."),
        ({"action": "change_group", "into": 4711}, "Choose a group that is there."),
        ({"action": "remove_unsubscribes", "reason": " "}, "Say why they may get advertising again."),
        ({"action": "remove_unsubscribes", "reason": "x" * 201}, "The reason is too long."),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(checked, client, url, book, fields, sentence) -> None:
    before = contents(book)
    answer = client.post(url("apply_list", checked), {"seen": checked.attempt, **fields}, headers=BODY)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert contents(book) == before


def test_an_old_check_is_not_acted_on(checked, client, url) -> None:
    fields = {"seen": checked.attempt + 1, "action": "delete_address"}
    assert client.post(url("apply_list", checked), fields, headers=BODY).status_code == 409


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": " "}, "Paste addresses or choose a file first."),
        ({"token": "none"}, "This page was too old."),
        (
            {"file": SimpleUploadedFile("big.csv", b"x" * (spreadsheet_limits.UPLOAD_FILE_BYTES + 1))},
            "The file is too large",
        ),
    ],
)
def test_a_list_that_cannot_be_taken_is_said_and_stays_in_the_field(send_list, fields, sentence) -> None:
    answer = send_list(**fields)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Upload.objects.exists()


def test_a_file_of_refusals_begins_on_their_page_and_is_asked_about_nothing_else(client, url, send_list) -> None:
    link = url("find_list") + "?act=register_unsubscribes"
    assert link in client.get(url("unsubscribes")).content.decode()
    assert 'name="act" value="register_unsubscribes"' in client.get(link, headers=HTMX).content.decode()
    send_list("", file=SimpleUploadedFile("refusals.csv", b"Email\nann@example.com\n"), act="register_unsubscribes")
    upload = work(Upload.objects.get())

    answer = client.get(url("show_upload", upload), headers=BODY)

    assert 'value="register_unsubscribes" required checked' in answer.content.decode()
    assert "Remove unsubscribe of 0 addresses" in text_of(answer)
    assert "Delete 0 addresses" not in text_of(answer)
    fields = {"seen": upload.attempt, "action": "register_unsubscribes"}
    client.post(url("apply_list", upload), fields, headers=BODY)
    work(upload)
    page = text_of(client.get(url("unsubscribes")))
    assert "Find by list – refusals.csv: Registered 1, Already there 0" in page
    assert "File “refusals.csv” (bob)" in page
    taking_back = url("take_back_unsubscribes", upload)
    assert "Only what this list registered is removed." in text_of(client.get(taking_back, headers=HTMX))
    assert client.post(taking_back, {"token": uuid4(), "reason": " "}, headers=HTMX).status_code == 422
    answer = client.post(taking_back, {"token": uuid4(), "reason": "By mistake"}, headers=HTMX)
    assert "0 of 1 addresses are done." in text_of(answer)
    work(Upload.objects.get(action="remove_unsubscribes"))
    assert "Nobody has refused advertising yet." in text_of(client.get(url("unsubscribes")))
    again = client.post(taking_back, {"token": uuid4(), "reason": "By mistake"}, headers=HTMX)
    assert "Nothing of this list can be taken back any more." in text_of(again)


def test_without_scripts_each_step_is_a_page(send_list, client, url) -> None:
    answer = send_list(headers={})
    upload = Upload.objects.get()
    assert answer.url == url("show_upload", upload)
    work(upload)
    page = client.get(url("show_upload", upload))
    assert "What to do with them" in text_of(page)
    fields = {"seen": upload.attempt, "action": "delete_address"}
    assert client.post(url("apply_list", upload), fields).url == url("show_upload", upload)


def test_a_list_of_a_colleague_is_masked_where_addresses_are(checked, client_of, alice, url) -> None:
    AddressBook.objects.update(masking="everybody")
    page = text_of(client_of(alice).get(url("list_addresses", checked)))
    assert "ann@example.com" not in page
    assert "@example.com" in page
