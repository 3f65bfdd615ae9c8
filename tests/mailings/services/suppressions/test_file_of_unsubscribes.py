"""The list of unsubscribes as a download of the book."""

import pytest
from django.urls import reverse

from mailings.services import forgetting
from tests.support.downloads import rows_of
from tests.support.html import text_of
from workspace.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("format_", ["xlsx", "csv"])
def test_the_file_holds_who_refuses_now(format_, made, refuse, consent, book, monkeypatch) -> None:
    from addressbook import limits

    monkeypatch.setattr(limits, "ROWS_PER_DOWNLOAD_PAGE", 2)
    refuse("ann@example.com bob@example.com carl@example.com gone@example.com")
    consent("bob@example.com")
    forgetting.forget(book=book, keys=["gone@example.com"])

    download = made(scope="optout", format=format_)

    rows = rows_of(download)
    assert [row[0] for row in rows] == ["carl@example.com", "ann@example.com"]
    assert rows[0][2:] == ["Y", "Typed", "alice", ""]
    assert (download.state, download.row_count) == ("complete", 2)
    line = AuditEvent.objects.get(action="make_download")
    assert line.detail["rows"] == 2


def test_it_is_asked_for_on_its_page_and_offered_there(client_of, bob, book, file_store, refuse) -> None:
    client = client_of(bob)
    downloads = reverse("downloads", args=[book.slug])
    assert downloads + "?scope=optout" in client.get(reverse("unsubscribes", args=[book.slug])).content.decode()
    dialog = client.get(downloads + "?scope=optout", headers=HTMX).content.decode()
    assert '<option value="optout" selected>' in dialog
    token = dialog.split('name="token" value="')[1].split('"')[0]

    url = reverse("request_download", args=[book.slug])
    fields = {"scope": "optout", "token": token}
    refused = client.post(url, {**fields, "format": "console"}, headers=HTMX)
    assert "The list of unsubscribes is made as Excel or CSV." in text_of(refused)
    assert "Unsubscribe mail list" in text_of(client.post(url, {**fields, "format": "xlsx"}, headers=HTMX))
