"""What a person has done on the screen is not lost when something else happens."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook import actions
from addressbook.models import Address, BookSync
from addressbook.services import sync
from addressbook.services.addresses import selection
from tests.support.html import text_of
from workspace.models import AuditEvent


@pytest.fixture
def post(client_of, bob, book):
    client = client_of(bob)

    def post(view, **data):
        return client.post(reverse(view, args=[book.slug]), data, headers={"HX-Request": "true"})

    return post


def boxes(answer) -> dict[str, str]:
    """The tick of each group: "ticked" or "" by the name beside it."""
    html = answer.content.decode()
    found = re.findall(r'<input type="checkbox" name="in" value="\d+"([^>]*)> ([^<]+)</label>', html)
    return {name: "ticked" if "checked" in attributes else "" for attributes, name in found}


def test_ticks_outlive_a_group_that_is_deleted_meanwhile(post, book, make_group, register) -> None:
    stays, leaves, gone = make_group("Stays"), make_group("Leaves"), make_group("Gone")
    register("a@example.com", leaves)
    address, missing = Address.objects.get().pk, gone.pk
    gone.delete()
    answer = post("edit_groups", token=uuid4(), address=address, on=leaves.pk, **{"in": [stays.pk, missing]})
    assert answer.status_code == 409
    assert "A group was deleted meanwhile. Nothing was changed yet" in text_of(answer)
    assert boxes(answer) == {"Leaves": "", "Stays": "ticked"}
    assert f'name="on" value="{leaves.pk}"' in answer.content.decode()


def test_a_group_made_in_the_popup_is_in_the_tree_at_once(post, register) -> None:
    register("a@example.com")
    html = post("create_group_inline", token=uuid4(), name="New").content.decode()
    tree = html[html.index('id="groups"') :]
    assert 'hx-swap-oob="true"' in tree[:200]
    assert '<span class="tree-name">New</span>' in tree


def test_a_viewer_finds_every_group_of_an_address(client_of, vera, book, make_group, register) -> None:
    for number in range(7):
        register("a@example.com", make_group(f"Group-{number}"))
    page = text_of(client_of(vera).get(reverse("console", args=[book.slug])))
    assert [page.count(f"Group-{number}") for number in range(7)] == [2] * 7  # in the tree and in the row


def test_all_that_is_selected_stays_selected_on_the_next_page(post, book, register) -> None:
    register(" ".join(f"a{number}@example.com" for number in range(30)))
    pinned = selection.everything(book=book, group_id=None)
    kept = {"everything": "1", "through": pinned.through_id, "seen": pinned.seen_count}
    answer = post("console", page=2, size=20, **kept)
    assert "All 30 addresses are selected." in text_of(answer)
    assert f'name="through" value="{pinned.through_id}"' in answer.content.decode()
    assert "are selected" not in text_of(post("console", page=2, size=20))


def test_send_again_pressed_twice_is_one_line_of_the_history(post, book, by, practice) -> None:
    sync.turn_on(book=book, by=by)
    BookSync.objects.filter(book=book).update(is_compared=True)
    token = uuid4()
    post("send_again", token=token)
    post("send_again", token=token)
    assert AuditEvent.objects.filter(action=actions.SEND_AGAIN).count() == 1
    post("send_again", token=uuid4())
    assert AuditEvent.objects.filter(action=actions.SEND_AGAIN).count() == 2


def test_the_line_of_a_reset_leads_to_its_undo_for_admins(client_of, alice, bob, book, register, do_reset) -> None:
    register("a@example.com")
    number = book.current_edition.number
    do_reset()
    url, undo = reverse("history", args=[book.slug]), reverse("undo_reset", args=[book.slug, number])
    assert undo in client_of(alice).get(url).content.decode()
    assert undo not in client_of(bob).get(url).content.decode()
