from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook import limits
from addressbook.models import Erasure, Job
from addressbook.services.addresses import bulk_jobs
from tests.support.html import hidden_fields, read, text_of
from tests.support.invariants import contents
from tests.support.people import PASSWORD
from workspace.models import AddressBook, AuditEvent, Edition

HTMX = {"HX-Request": "true"}
SEEN = ("token", "seen_edition", "seen_groups", "seen_addresses")


@pytest.fixture(autouse=True)
def _quiet(no_other_worker) -> None:
    """No worker of `stack` is faster than the test."""


@pytest.fixture
def client(book, alice, client_of):
    """alice, who has just signed in with her password."""
    client = client_of(alice)
    client.logout()
    client.post(reverse("sign_in"), {"username": "alice", "password": PASSWORD})
    return client


@pytest.fixture
def get(book, client):
    return lambda name, *args: client.get(reverse(name, args=[book.slug, *args]), headers=HTMX)


@pytest.fixture
def post(book, client):
    return lambda name, data, *args: client.post(reverse(name, args=[book.slug, *args]), data, headers=HTMX)


@pytest.fixture
def do_reset(get, post):
    def do_reset(copy: str = "keep"):
        return post("reset_book", hidden_fields(get("reset_book"), *SEEN) | {"copy": copy, "book_name": "Main"})

    return do_reset


def test_the_dialog_names_groups_and_addresses_and_keeps_a_copy_unless_told_otherwise(
    get, make_group, register
) -> None:
    register("a@example.com b@example.com", make_group("VIP"))
    dialog = get("reset_book")
    text = text_of(dialog)
    assert "Reset address book" in text
    assert "Groups 1 Addresses 2" in text
    assert f"Keep for {limits.RECOVERY_COPY_DAYS} days" in text
    assert 'value="keep" checked' in dialog.content.decode()


def test_reset_answers_with_the_empty_screen_and_the_numbers(book, do_reset, make_group, register) -> None:
    register("a@example.com", make_group("VIP"))
    answer = do_reset()
    text = text_of(answer)
    assert "The address book is empty. What was in it can be brought back for 7 days." in text
    assert "Groups 1 Addresses 1" in text
    assert "All addresses 0" in text
    assert "VIP" not in text
    assert answer["HX-Push-Url"] == reverse("console", args=[book.slug])
    assert contents(book) == {}


def test_a_reset_that_erases_shows_how_far_it_is(get, do_reset, register) -> None:
    register("a@example.com")
    assert "What was in it is being erased." in text_of(do_reset("erase"))
    erasure = Erasure.objects.get()
    page = get("console")
    assert "Erasing : 0 of 1" in text_of(page).replace("Erasing:", "Erasing :")
    assert read(page).fields["running"] == [f"erasure-{erasure.pk}"]
    assert "Undo reset" not in text_of(page)


def test_managers_see_nothing_of_copies_and_erasings(book, bob, client_of, do_reset, register) -> None:
    register("a@example.com")
    do_reset()
    register("b@example.com")
    do_reset("erase")
    page = text_of(client_of(bob).get(reverse("console", args=[book.slug])))
    assert "Recovery copy" not in page
    assert "Erasing" not in page
    assert "Reset" not in page


def test_reset_asks_again_when_the_book_has_changed(book, get, post, register) -> None:
    register("a@example.com")
    fields = hidden_fields(get("reset_book"), *SEEN) | {"copy": "erase", "book_name": "Main"}
    register("b@example.com")
    again = post("reset_book", fields)
    assert again.status_code == 409
    assert "The address book has changed meanwhile." in text_of(again)
    assert "Addresses 2" in text_of(again)
    assert 'value="erase" checked' in again.content.decode()
    assert len(contents(book)) == 2


def test_an_empty_book_says_that_it_is(do_reset) -> None:
    assert "The address book is empty already." in text_of(do_reset())


def test_a_form_cut_short_resets_nothing(book, get, post, register) -> None:
    register("a@example.com")
    assert post("reset_book", hidden_fields(get("reset_book"), *SEEN)).status_code == 404
    assert len(contents(book)) == 1


def test_it_works_without_scripts(book, client, register) -> None:
    register("a@example.com")
    url = reverse("reset_book", args=[book.slug])
    page = client.get(url)
    answer = client.post(
        url, hidden_fields(page, "seen_edition", "seen_groups", "seen_addresses") | {"token": uuid4(), "copy": "keep"}
    )
    assert "The address book is empty." in text_of(answer)
    assert contents(book) == {}


# Undo ---------------------------------------------------------------------------------------------------------------


def test_the_banner_leads_to_the_undo_and_the_undo_brings_everything_back(book, get, post, do_reset, register) -> None:
    register("a@example.com b@example.com")
    assert "Recovery copy of" in text_of(do_reset())
    dialog = get("undo_reset", 1)
    assert "Addresses 2" in text_of(dialog)
    assert "Merge" not in text_of(dialog)
    answer = post("undo_reset", hidden_fields(dialog, *SEEN), 1)
    assert "The address book is back." in text_of(answer)
    assert "Recovery copy of" not in text_of(answer)
    assert len(contents(book)) == 2


def test_newcomers_are_merged_with_a_preview_in_numbers(book, get, post, do_reset, register) -> None:
    register("a@example.com b@example.com")
    do_reset()
    register("b@example.com c@example.com")
    dialog = get("undo_reset", 1)
    assert "Both together: 3 addresses; in both: 1." in text_of(dialog)
    answer = post("undo_reset", hidden_fields(dialog, *SEEN) | {"newcomers": "merge"}, 1)
    text = text_of(answer)
    assert "Registered since, merged 1 Already there 1" in text
    assert "Recovery copy of" in text  # of what was there before the undo
    assert len(contents(book)) == 3


def test_newcomers_are_set_aside(book, get, post, do_reset, register) -> None:
    register("a@example.com")
    do_reset()
    register("b@example.com")
    post("undo_reset", hidden_fields(get("undo_reset", 1), *SEEN) | {"newcomers": "aside"}, 1)
    assert set(contents(book)) == {"a@example.com"}


def test_an_undo_asks_again_when_the_book_has_changed(book, get, post, do_reset, register) -> None:
    register("a@example.com")
    do_reset()
    fields = hidden_fields(get("undo_reset", 1), *SEEN) | {"newcomers": "aside"}
    register("b@example.com")
    again = post("undo_reset", fields, 1)
    assert again.status_code == 409
    assert 'value="aside" checked' in again.content.decode()
    assert set(contents(book)) == {"b@example.com"}


def test_a_copy_that_is_gone_says_so(get, post) -> None:
    for answer in (get("undo_reset", 7), get("erase_copy", 7), post("erase_copy", {}, 7)):
        assert "There is no such copy any more" in text_of(answer)


def test_a_banner_can_be_put_away_and_the_settings_still_name_the_copy(get, post, do_reset, register) -> None:
    register("a@example.com")
    do_reset()
    assert "Recovery copy of" not in text_of(post("hide_copy", {}, 1))
    assert "Recovery copy of" not in text_of(get("console"))
    assert "Recovery copies" in text_of(get("book_settings"))


def test_a_copy_is_erased_on_request(get, post, do_reset, register) -> None:
    register("a@example.com")
    do_reset()
    assert "Erase recovery copy" in text_of(get("erase_copy", 1))
    answer = post("erase_copy", {}, 1)
    assert "The copy is being erased." in text_of(answer)
    assert "Undo reset" not in text_of(answer)
    assert Erasure.objects.get().edition.number == 1


def test_who_had_a_job_running_reads_why_it_stopped(book, by, get, do_reset, register) -> None:
    register("a@example.com")
    edition = Edition.objects.get(current_of=book)
    bulk_jobs.start(kind=Job.Kind.DELETE_ADDRESSES, edition=edition, parameters={"names": {}}, rows_total=5, by=by)
    do_reset()
    assert "stopped after 0 of 5, because the address book was reset" in text_of(get("console"))


def test_the_popup_of_an_upload_says_that_it_was_stopped(get, do_reset, send, register) -> None:
    register("a@example.com")
    upload = send("email\nb@example.com\n")
    do_reset()
    assert "The address book was reset before the file was registered." in text_of(get("show_upload", upload.pk))


def test_a_file_of_before_a_reset_sent_again_meets_no_fault(book, bob, client_of, check, accept, client) -> None:
    """The same form again: its upload is in the copy."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    sender, token = client_of(bob), uuid4()

    def send_file():
        file = SimpleUploadedFile("list.csv", b"email\na@example.com\n")
        return sender.post(reverse("send_upload", args=[book.slug]), {"file": file, "token": token}, headers=HTMX)

    send_file()
    from addressbook.models import Upload
    from tests.support.uploads import work

    accept(work(Upload.objects.get()))
    seen = Edition.objects.get(current_of=book)
    fields = {"token": uuid4(), "seen_edition": seen.number, "seen_groups": 0, "seen_addresses": 1, "copy": "keep"}
    client.post(reverse("reset_book", args=[book.slug]), fields)
    answer = send_file()
    assert answer.status_code == 422
    assert "The address book was reset meanwhile. Please choose the file once more." in text_of(answer)
    assert AddressBook.objects.get(pk=book.pk).current_edition.number == 2
    assert not AuditEvent.objects.filter(action="access_refused").exists()


def test_erasing_at_once_asks_for_the_name_of_the_book(book, get, post, register) -> None:
    register("a@example.com")
    fields = hidden_fields(get("reset_book"), *SEEN) | {"copy": "erase"}
    for name in ({}, {"book_name": "main"}):
        again = post("reset_book", fields | name)
        assert again.status_code == 422
        assert "Type the name of the address book to erase it at once." in text_of(again)
    assert len(contents(book)) == 1
