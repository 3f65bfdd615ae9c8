"""The buttons of a mailing's page: pressed twice, pressed too late, pressed on a page that is old."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mailings.models import Mailing, MailingState, Part, PartState
from tests.support.html import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def press(client, book, draft):
    def press(name: str, *part: int, **fields: object) -> str:
        return text_of(client.post(reverse(name, args=[book.slug, draft.pk, *part]), fields, follow=True))

    return press


@pytest.fixture
def set_state(draft, alice):
    def set_state(state: MailingState, **fields: object) -> None:
        values = {"confirmed_by": alice, "confirmer": "alice", "confirmed_at": timezone.now(), **fields}
        Mailing.objects.filter(pk=draft.pk).update(state=state, **values)

    return set_state


@pytest.mark.parametrize(
    ("name", "state", "said"),
    [
        ("undo_mailing", MailingState.HELD, "It is a draft again. Nothing was sent."),
        ("stop_mailing", MailingState.SENDING, "Stopped."),
        ("pause_mailing", MailingState.SENDING, "Paused."),
        ("resume_mailing", MailingState.PAUSED, "It goes on."),
    ],
)
def test_a_second_click_says_the_same(press, set_state, name, state, said) -> None:
    set_state(state)
    for _ in range(2):
        page = press(name)
        assert said in page
        assert "Too late" not in page


def test_what_is_a_draft_again_cannot_be_stopped(press) -> None:
    assert "Too late: the mail is already in the state “Draft”." in press("stop_mailing")


@pytest.mark.parametrize(
    ("name", "state"),
    [("approve_mailing", MailingState.AWAITING), ("send_mailing_now", MailingState.SCHEDULED)],
)
def test_a_page_that_is_old_sends_nothing(press, set_state, draft, name, state) -> None:
    set_state(state, version=3, send_at=timezone.now() + timedelta(hours=1))
    for seen in ({"seen": 2}, {"seen": ""}, {}):
        assert "It was changed in the meantime." in press(name, **seen)
    assert Mailing.objects.get(pk=draft.pk).state == state
    press(name, seen=3)
    assert Mailing.objects.get(pk=draft.pk).state != state


def test_a_part_is_decided_on_once_for_every_call(press, set_state, draft) -> None:
    set_state(MailingState.UNKNOWN)
    part = Part.objects.create(mailing=draft, number=1, first=1, last=1, state=PartState.UNKNOWN, attempts=2)
    for name in ("send_part", "leave_part_out"):
        assert "It was changed in the meantime." in press(name, part.pk, seen=1)
    assert "The part is sent." in press("send_part", part.pk, seen=2)
    assert Part.objects.get().state == PartState.WAITING
