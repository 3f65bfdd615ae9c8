"""*Mailing list* and a mailing's page, as a person without scripts sees them and as htmx asks for them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from mailings.models import Mailing, Part, Recipient
from mailings.services.results import listing
from tests.support.html import text_of
from workspace.models import Masking

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "mailing-rows"}


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def sent(book, sender):
    """A mailing of which r1 and r2 failed; the part of it was refused first."""

    def sent(subject: str = "Spring", **fields: object) -> Mailing:
        now = timezone.now()
        values = {"state": "sent", "confirmed_at": now, "began_at": now, "done_at": now + timedelta(minutes=7)}
        values |= {"confirmer": "alice", "planned": 3, "sent": 1, "failed": 2, "sender_address": sender.address}
        mailing = Mailing.objects.create(book=book, subject=subject, body="<p>Hi</p>", **{**values, **fields})
        for number, code in enumerate(["", "SMTP_ERROR", "NEW_CODE"]):
            email = f"r{number}@example.com"
            row = {
                "state": "failed" if code else "sent",
                "result_code": code,
                "result_message": "550 odd" if code else "",
            }
            Recipient.objects.create(mailing=mailing, number=number + 1, email=email, key=email, **row)
        answer = {"trace_id": "trace-4711", "words": "busy"}
        Part.objects.create(mailing=mailing, number=1, state="done", first=1, last=3, request_id="42", answer=answer)
        return mailing

    return sent


@pytest.fixture
def page(client, book):
    return lambda mailing: reverse("mailing", args=[book.slug, mailing.pk])


def test_the_list_is_filtered_sorted_and_paged_by_links(client, book, sent, monkeypatch) -> None:
    monkeypatch.setattr(listing, "MAILINGS_A_PAGE", 2)
    for number in range(3):
        sent(f"Mail {number}", failed=number, sent=3 - number)
    sent("Advertised", kind="advertising")
    url = reverse("mailings", args=[book.slug])
    first = client.get(url, {"kind": "general", "sort": "failed"})
    shown = text_of(first)
    assert "Mail 2" in shown
    assert "Mail 1" in shown
    assert "Mail 0" not in shown
    assert "Advertised" not in shown
    following = first.context["next_page"]
    assert "kind=general" in following
    assert "sort=failed" in following
    second = client.get(url + following)
    assert "Mail 0" in text_of(second)
    assert "Mail 2" in text_of(client.get(url + second.context["previous_page"]))
    # The address of the sender is in the page, and in no URL.
    assert "news@example.com" in text_of(first)
    own = first.context["senders"][0][0]
    assert "@" not in own
    assert "Mail 2" in text_of(client.get(url, {"sender": own, "sort": "failed"}))
    assert "No mailing is like that." in text_of(client.get(url, {"sender": "other"}))


def test_the_list_takes_as_many_queries_for_one_as_for_three(client, book, sent, django_assert_max_num_queries) -> None:
    url = reverse("mailings", args=[book.slug])
    client.get(url)
    for _ in range(2):
        sent()
        with django_assert_max_num_queries(16):
            client.get(url)


def test_every_mail_to_an_address_is_found_page_by_page(client, book, sent, monkeypatch) -> None:
    monkeypatch.setattr("mailings.views.follow.mailings.MAILINGS_A_PAGE", 2)
    for number in range(3):
        sent(f"Mail {number}")
    url = reverse("mailings", args=[book.slug]) + "?by=recipient"
    first = client.post(url, {"query": "R1@example.com"})
    assert "Mail 2" in text_of(first)
    assert "Mail 0" not in text_of(first)
    older = {"query": "r1@example.com", "before": first.context["older_than"]}
    assert "Mail 0" in text_of(client.post(url, older))
    assert "No mail was sent to this address" in text_of(
        client.post(url, {"query": "r1@example.com", "result": "sent"})
    )


def test_a_page_shows_what_happened_when_and_the_numbers_for_support(client, page, sent) -> None:
    shown = text_of(client.get(page(sent())))
    for text in ("Time line", "Confirmed", "7 minutes after it began", "trace-4711", "42", "NEW_CODE"):
        assert text in shown


def test_recipients_are_filtered_by_reason_and_searched_by_beginning(client, page, sent) -> None:
    mailing = sent()
    odd = client.post(page(mailing), {"result": "failed:NEW_CODE"}, headers=HTMX)
    assert "r2@example.com" in text_of(odd)
    assert "r1@example.com" not in text_of(odd)
    assert "NEW_CODE 550 odd" in text_of(odd)
    begun = client.post(page(mailing), {"query": "R1"}, headers=HTMX)
    assert "r1@example.com" in text_of(begun)
    assert "r2@example.com" not in text_of(begun)


def test_what_a_person_got_comes_from_the_service_or_from_what_was_confirmed(client, book, sent, practice) -> None:
    mailing = sent()
    url = reverse("received_mail", args=[book.slug, mailing.pk, 1])
    answer = client.get(url, headers={"HX-Request": "true"})
    shown = text_of(answer)
    assert "The service does not have this mail" in shown
    assert reverse("mailing_frame", args=[book.slug, mailing.pk]) + "?recipient=1" in answer.content.decode()
    assert "What this person got" in text_of(client.get(url))
    frame = reverse("received_frame", args=[book.slug, mailing.pk, 1])
    assert client.get(frame, {"mail": "20260101000000000000"}).status_code == 404


def test_whoever_sees_addresses_masked_opens_no_mail_and_searches_nothing(book, sent, vera, client_of, page) -> None:
    mailing = sent()
    book.masking = Masking.VIEWERS
    book.save()
    viewer = client_of(vera)
    for name in ("received_mail", "received_frame"):
        assert viewer.get(reverse(name, args=[book.slug, mailing.pk, 1])).status_code == 403
    shown = text_of(viewer.post(page(mailing), {"query": "r1"}))
    assert "r1@example.com" not in shown
    searched = viewer.post(reverse("mailings", args=[book.slug]) + "?by=recipient", {"query": "r1@example.com"})
    assert "Spring" not in text_of(searched)


def test_the_history_of_a_mailing_is_for_those_who_may_edit(client, book, by, draft, vera, client_of, page) -> None:
    from mailings.services import drafts

    copied = drafts.copy(book=book, mailing_id=draft.pk, token=uuid4(), by=by)
    Mailing.objects.filter(pk=copied.pk).update(state="sent", confirmed_at=timezone.now())
    assert "Begin a mail" in text_of(client.get(page(copied)))
    assert "Begin a mail" not in text_of(client_of(vera).get(page(copied)))


def test_files_are_requested_from_the_pages_of_mail(client, book, sent, page, no_other_worker) -> None:
    from addressbook.models import Download

    mailing = sent()
    url = reverse("mailing_files", args=[book.slug, mailing.pk])
    htmx = {"HX-Request": "true"}
    assert "Not reached (2)" in text_of(client.get(url, headers=htmx))
    assert "Excel download list" in text_of(client.get(url))
    fields = {"token": uuid4(), "format": "csv", "which": "not_reached"}
    assert "Recipients of “Spring”" in text_of(client.post(url, fields, headers=htmx))
    download = Download.objects.get()
    assert (download.scope, download.parameters["not_reached"], download.parameters["mailing"]) == (
        "mail",
        True,
        mailing.pk,
    )
    refused = client.post(url, {**fields, "format": "console"}, headers=htmx)
    assert refused.status_code == 422

    all_mails = reverse("mailings_files", args=[book.slug])
    assert 'name="kind" value="general"' in client.get(all_mails + "?kind=general").content.decode()
    client.post(all_mails, {"token": uuid4(), "format": "xlsx", "kind": "general"})
    assert Download.objects.order_by("-pk").first().parameters["kind"] == "general"
    asked = client.post(all_mails, {"query": "R1@example.com"}, headers=htmx)
    assert 'name="query" value="r1@example.com"' in asked.content.decode()
    client.post(all_mails, {"token": uuid4(), "format": "csv", "query": "r1@example.com"}, headers=htmx)
    assert Download.objects.order_by("-pk").first().query == "r1@example.com"


def test_a_viewer_sees_the_list_of_files_and_requests_none(book, sent, vera, client_of) -> None:
    url = reverse("mailing_files", args=[book.slug, sent().pk])
    viewer = client_of(vera)
    assert "Managers and admins" in text_of(viewer.get(url))
    assert viewer.post(url, {"token": uuid4(), "format": "csv"}).status_code == 403


def test_a_reason_is_asked_for_where_the_book_wants_one(client, book, sent) -> None:
    book.download_reason_required = True
    book.save()
    url = reverse("mailing_files", args=[book.slug, sent().pk])
    refused = client.post(url, {"token": uuid4(), "format": "csv"}, headers={"HX-Request": "true"})
    assert (refused.status_code, "asks for a reason" in text_of(refused)) == (422, True)
