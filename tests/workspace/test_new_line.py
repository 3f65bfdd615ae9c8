"""A new line of the history needs one row, in the package that it belongs to."""

import csv
from collections.abc import Iterator
from io import StringIO

import pytest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from workspace.models.actions import ACTIONS, Action
from workspace.services.history import audit


@pytest.fixture
def send_parcel() -> Iterator[Action]:
    before = dict(ACTIONS)
    yield Action(
        "send_parcel",
        "Send parcel by mail",
        gettext_lazy("Send parcel"),
        lambda detail: f"A parcel with {detail['cards']} cards left the house.",
        said=("groups",),
    )
    ACTIONS.clear()
    ACTIONS.update(before)


def test_a_new_line_is_recorded_told_filtered_and_downloaded(send_parcel, book, by, client_of, alice) -> None:
    audit.record(by=by, action=send_parcel, book=book, detail={"cards": 5, "groups": 2, "rows": 1200})
    client = client_of(alice)
    page = client.get(reverse("history", args=[book.slug]), {"kind": "send_parcel"}).content.decode()
    assert "Send parcel" in page
    assert "A parcel with 5 cards left the house." in page
    assert "1,200" in page  # what the sentence does not say
    assert '<option value="send_parcel" selected>' in page
    answer = client.get(reverse("download_history", args=[book.slug]), {"kind": "send_parcel"})
    rows = list(csv.reader(StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[1][4:7] == [
        "Send parcel by mail",
        "Send parcel",
        "A parcel with 5 cards left the house. Rows: 1,200",
    ]


def test_a_line_of_an_app_that_is_gone_is_shown_by_its_code(book, by, client_of, alice) -> None:
    audit.record(by=by, action="fold_paper", book=book, detail={"cards": 5})
    assert "fold_paper" in client_of(alice).get(reverse("history", args=[book.slug])).content.decode()
