import io
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from addressbook import actions
from addressbook.models import Upload
from addressbook.views.uploads import upload_sentences
from libraries.spreadsheets import Refusal, limits
from tests.addressbook.views.test_registration import counts
from tests.support.html import read, text_of
from tests.support.invariants import contents
from tests.support.uploads import work
from workspace.models import AuditEvent, JobState
from workspace.services.work import claiming

HTMX = {"HX-Request": "true"}
BODY = {"HX-Request": "true", "HX-Target": "upload-body"}
MIXED = b"Email,Name\na@example.com,A\nA@EXAMPLE.com,again\nkim@naver,B\nb@example.com,B\n"


@pytest.fixture
def client(bob, client_of, file_store):
    return client_of(bob)


@pytest.fixture
def url(book):
    return lambda name, upload=None: reverse(name, args=[book.slug, *([upload.pk] if upload else [])])


@pytest.fixture
def post_file(client, url):
    def post_file(content: bytes, name: str = "list.csv", *, to: str = "send_upload", headers=HTMX, **fields):
        data = {"token": uuid4(), **fields, "file": SimpleUploadedFile(name, content)}
        return client.post(url(to), data, headers=headers)

    return post_file


@pytest.fixture
def checked(post_file) -> Upload:
    post_file(MIXED)
    return work(Upload.objects.get())


def test_a_sent_file_is_shown_while_it_waits_and_while_it_is_checked(post_file, book, client, url) -> None:
    answer = post_file(MIXED)
    assert answer.status_code == 200
    assert "The file waits for a worker." in text_of(answer)
    assert "rows so far" not in text_of(answer)
    assert 'hx-trigger="load delay:1s"' in answer.content.decode()
    assert "jobs" in read(answer).ids
    upload = Upload.objects.get()
    assert upload.edition == book.current_edition
    assert claiming.claim(Upload, upload.pk)
    assert "The file is being checked: 0 rows so far." in text_of(client.get(url("show_upload", upload)))


def test_the_check_is_a_list_of_label_and_number(client, url, checked) -> None:
    answer = client.get(url("show_upload", checked), headers=BODY)
    shown = counts(answer)
    assert [shown[name] for name in ("Rows", "New", "Already there", "Duplicates", "Invalid")] == [4, 2, 0, 1, 1]
    assert "The domain has no ending such as “.com”. 1 time" in text_of(answer)
    assert "Row 4 kim@naver" in text_of(answer)
    assert 'hx-trigger="load' not in answer.content.decode()
    assert "column A “Email”" in text_of(answer)


def test_ok_registers_and_the_popup_becomes_the_notification(client, url, checked, book) -> None:
    fields = {"seen": checked.attempt, "into": ""}
    answer = client.post(url("apply_upload", checked), fields, headers=BODY)
    assert "0 of 2 addresses are registered." in text_of(answer)
    work(checked)
    answer = client.get(url("show_upload", checked), headers=BODY)
    shown = counts(answer)
    assert [shown[name] for name in ("Rows", "Registered", "Already there", "Duplicates", "Invalid")] == [4, 2, 0, 1, 1]
    assert (answer["HX-Retarget"], answer["HX-Trigger"]) == ("#dialog", "book-changed")
    assert "notification-dialog" in read(answer).ids
    assert set(contents(book)) == {"a@example.com", "b@example.com"}


def test_ok_pressed_twice_has_one_effect(client, url, checked) -> None:
    fields = {"seen": checked.attempt, "into": ""}
    for _ in range(2):
        assert client.post(url("apply_upload", checked), fields, headers=BODY).status_code == 200
    work(checked)
    assert client.post(url("apply_upload", checked), fields, headers=BODY).status_code == 200
    assert AuditEvent.objects.filter(action=actions.UPLOAD_ADDRESSES).count() == 1


def test_ok_on_a_check_that_is_not_the_last_is_asked_again(client, url, checked, book) -> None:
    answer = client.post(url("apply_upload", checked), {"seen": 4711, "into": ""}, headers=BODY)
    assert answer.status_code == 409
    assert "Look at the check again." in text_of(answer)
    assert contents(book) == {}


def test_another_column_is_chosen_and_checked(client, url, post_file) -> None:
    post_file(b"Email,Second\na@example.com,x@example.com\nb@example.com,y@example.com\n")
    upload = work(Upload.objects.get())
    fields = {"seen": upload.attempt, "encoding": "utf-8", "delimiter": "comma"}
    fields |= {"header_row": 1, "email_column": 1, "group_column": -1}
    assert client.post(url("choose_upload", upload), fields, headers=BODY).status_code == 200
    upload = work(upload)
    assert upload.check_result["layout"]["email_column"] == 1
    assert "addresses in column B “Second”" in text_of(client.get(url("show_upload", upload), headers=BODY))


def test_an_unknown_encoding_can_be_chosen(client, url, post_file) -> None:
    post_file("Imię,Email\nŁukasz,a@example.com\nŹdźbło,b@example.com\nŻółw,c@example.com\n".encode("cp1250") * 30)
    upload = work(Upload.objects.get())
    assert upload.state in (JobState.CHECKED, JobState.REFUSED)
    answer = client.get(url("show_upload", upload), headers=HTMX)
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_one_byte_too_many_is_refused_with_our_sentence(post_file, file_store, headers) -> None:
    answer = post_file(b"a" * (limits.UPLOAD_FILE_BYTES + 1), headers=headers)
    assert answer.status_code == 422
    assert "The file is too large: at most 10.0" in text_of(answer)
    assert not Upload.objects.exists()
    assert not list(file_store.parent.parent.joinpath("incoming").iterdir())


def test_ten_mebibytes_are_taken(post_file) -> None:
    assert post_file(b"a" * limits.UPLOAD_FILE_BYTES).status_code == 200
    assert Upload.objects.get().size == limits.UPLOAD_FILE_BYTES


def test_without_scripts_the_file_goes_with_the_form(post_file, client, url) -> None:
    answer = post_file(MIXED, to="register", headers={}, text="")
    upload = Upload.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url("show_upload", upload))
    page = client.get(answer["Location"])
    assert "The file waits for a worker." in text_of(page)
    work(upload)
    assert counts(client.get(answer["Location"]))["New"] == 2
    answer = client.post(url("apply_upload", upload), {"seen": work_attempt(upload), "into": ""})
    assert answer.status_code == 302
    work(upload)
    assert counts(client.get(answer["Location"]))["Registered"] == 2


def work_attempt(upload: Upload) -> int:
    upload.refresh_from_db()
    return upload.attempt


def test_the_same_form_twice_is_one_upload(post_file, file_store) -> None:
    token = uuid4()
    for _ in range(2):
        assert post_file(MIXED, token=token).status_code == 200
    assert Upload.objects.count() == 1


def test_a_refused_file_is_a_sentence_and_another_can_be_chosen(client, url, post_file) -> None:
    post_file(b"%PDF-1.7 not a list", "list.csv")
    upload = work(Upload.objects.get())
    answer = client.get(url("show_upload", upload), headers=BODY)
    assert "The file is no list that can be read." in text_of(answer)
    assert "Choose another file" in text_of(answer)
    assert upload.stored_file == ""


def test_every_refusal_has_a_sentence() -> None:
    detail = {"limit": 5, "sheet": "S", "extension": ".x", "bytes": 9, "named": "xls", "content": "zip"}
    sentences = {upload_sentences.refusal(code, detail) for code in Refusal}
    assert len(sentences) == len(Refusal)


def test_refused_rows_come_back_in_their_own_columns(client, url, checked) -> None:
    answer = client.get(url("download_refused", checked))
    assert "list – refused.csv" in answer.headers["Content-Disposition"] or "filename*" in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines() == [
        '"Email","Name","Reason"',
        '"kim@naver","B","The domain has no ending such as “.com”."',
    ]
    assert AuditEvent.objects.get(action=actions.FETCH_REFUSED).detail["rows"] == 1


def test_refused_rows_of_a_workbook_are_mended_and_sent_again(client, url, post_file) -> None:
    workbook = openpyxl.Workbook()
    for row in (["이름", "이메일"], ["A", "a@example.com"], ["B", "b@@example.com"]):
        workbook.active.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    post_file(buffer.getvalue(), "list.xlsx")
    upload = work(Upload.objects.get())
    answer = client.get(url("download_refused", upload))
    again = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert again.active["C2"].value == "It holds more than one “@”."
    again.active["B2"].value = "b@example.com"
    buffer = io.BytesIO()
    again.save(buffer)
    post_file(buffer.getvalue(), "again.xlsx")
    second = work(Upload.objects.exclude(pk=upload.pk).get())
    assert (second.check_result["new"], second.check_result["invalid"]) == (1, 0)


def test_few_refused_rows_are_mended_in_the_popup(client, url, checked) -> None:
    client.post(url("apply_upload", checked), {"seen": checked.attempt, "into": ""}, headers=BODY)
    work(checked)
    assert "Mend it here" in text_of(client.get(url("show_upload", checked), headers=BODY))
    answer = client.get(url("mend_upload", checked), headers=HTMX)
    assert ">\nkim@naver</textarea>" in answer.content.decode()


def test_the_line_on_the_page_outlives_the_popup(client, url, checked) -> None:
    page = text_of(client.get(url("console")))
    assert "Upload – list.csv: checked – ready to register" in page
    client.post(url("apply_upload", checked), {"seen": checked.attempt, "into": ""}, headers=BODY)
    assert "Upload – list.csv: 0 of 2" in text_of(client.get(url("console")))
    work(checked)
    answer = client.get(url("jobs"), {"running": f"upload-{checked.pk}"}, headers=HTMX)
    assert "2 addresses registered" in text_of(answer)
    assert answer["HX-Trigger"] == "book-changed"
    client.post(reverse("dismiss_work", args=[checked.edition.book.slug, "upload", checked.pk]), headers=HTMX)
    assert "list.csv" not in text_of(client.get(url("console")))


def test_looking_at_the_result_puts_nothing_away_and_the_page_then_does(client, url, post_file) -> None:
    post_file(b"a@example.com\n")
    upload = work(Upload.objects.get())
    client.post(url("apply_upload", upload), {"seen": upload.attempt, "into": ""}, headers=BODY)
    work(upload)
    answer = client.get(url("show_upload", upload), headers=BODY)
    upload.refresh_from_db()
    assert upload.dismissed_at is None
    assert (
        f'hx-post="{reverse("dismiss_work", args=[upload.edition.book.slug, "upload", upload.pk])}" hx-trigger="load"'
        in answer.content.decode()
    )


def test_cancelling_a_check_leaves_nothing(
    client, url, checked, file_store, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url("cancel_upload", checked), headers=BODY)
    assert answer["HX-Retarget"] == "#dialog"
    assert "list.csv" not in text_of(client.get(url("console")))
    assert not list(file_store.iterdir())


def test_a_viewer_sees_that_it_runs_and_no_button(post_file, book, vera, client_of, url) -> None:
    post_file(MIXED)
    answer = client_of(vera).get(url("console"))
    assert "waiting for a worker" in text_of(answer)
    assert "show-upload" not in answer.content.decode()


def test_an_upload_of_another_book_does_not_exist(checked, charlie, client_of) -> None:
    from workspace.models import Region, Zone
    from workspace.services.books import books
    from workspace.services.history.audit import Actor

    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.JPN, by=Actor(charlie))
    client = client_of(charlie)
    for name in ("show_upload", "download_refused", "mend_upload"):
        assert client.get(reverse(name, args=[other.slug, checked.pk])).status_code == 404
    client.post(reverse("cancel_upload", args=[other.slug, checked.pk]))
    checked.refresh_from_db()
    assert checked.state == JobState.CHECKED
