"""What a request may do is asked again under the lock: its sender may have lost the role after the door let them in."""

from uuid import uuid4

import pytest
from django.contrib.auth.backends import ModelBackend
from django.urls import reverse

from addressbook.services import sync
from addressbook.services.addresses import groups
from addressbook.services.addresses.selection import Selection
from addressbook.services.reset import editions, forget_person, reset, restoring
from addressbook.services.reset.restoring import Newcomers
from tests.support.people import PASSWORD
from workspace import actions
from workspace.models import AddressBook, AuditEvent, BookMember, Invitation, Region, Role, User, Zone
from workspace.services.books import books, invitations, keys, members
from workspace.services.books.books import RoleLostError
from workspace.services.history.audit import Actor

ADMIN_ACTS = {
    "add_member": lambda book, by, vera: books.add_member(book=book, username="vera", role=Role.ADMIN, by=by),
    "change_role": lambda book, by, vera: members.change_role(book=book, user_id=vera.pk, role=Role.ADMIN, by=by),
    "remove_member": lambda book, by, vera: members.remove_member(book=book, user_id=vera.pk, by=by),
    "invite": lambda book, by, vera: invitations.invite(book=book, role=Role.ADMIN, token=uuid4(), by=by),
    "withdraw": lambda book, by, vera: invitations.withdraw(book=book, invitation_id=1, by=by),
    "settings": lambda book, by, vera: books.change_settings(
        book=book, seen_version=book.version, name="Ours", zone=Zone.PUBLIC, region=Region.KR, by=by
    ),
    "change_keys": lambda book, by, vera: keys.change_keys(
        book=book, access_key="a" * 20, secret_key="b" * 40, base_url="", token=uuid4(), by=by
    ),
    "remove_keys": lambda book, by, vera: keys.remove_keys(book=book, by=by),
    "reset": lambda book, by, vera: reset.reset(
        book=book, seen=editions.contents(book.current_edition), keep_copy=False, token=uuid4(), by=by
    ),
    "undo_reset": lambda book, by, vera: restoring.undo_reset(
        book=book,
        number=1,
        seen=editions.contents(book.current_edition),
        newcomers=Newcomers.MERGE,
        token=uuid4(),
        by=by,
    ),
    "erase_copy": lambda book, by, vera: restoring.erase_copy(book=book, number=1, by=by),
    "erase_traces": lambda book, by, vera: forget_person.erase_traces(
        book=book, selection=Selection(None, address_ids=(1,)), token=uuid4(), by=by
    ),
    "turn_on": lambda book, by, vera: sync.turn_on(book=book, by=by),
    "turn_off": lambda book, by, vera: sync.turn_off(book=book, by=by),
    "pause": lambda book, by, vera: sync.pause(book=book, by=by),
    "resume": lambda book, by, vera: sync.resume(book=book, by=by),
    "rebuild": lambda book, by, vera: sync.rebuild(book=book, by=by),
}


@pytest.mark.parametrize("lost", ["removed", "demoted", "deactivated"])
@pytest.mark.parametrize("act", ADMIN_ACTS)
def test_an_act_in_flight_does_nothing_once_the_role_is_lost(act, lost, book, by, bob, vera) -> None:
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    groups.create_group(book=book, name="VIP", token=uuid4(), by=by)
    in_flight = Actor(bob)
    if lost == "removed":
        members.remove_member(book=book, user_id=bob.pk, by=by)
    elif lost == "demoted":
        members.change_role(book=book, user_id=bob.pk, role=Role.MANAGER, by=by)
    else:
        type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    lines = AuditEvent.objects.count()
    book.refresh_from_db()
    with pytest.raises(RoleLostError):
        ADMIN_ACTS[act](book, in_flight, vera)
    assert AuditEvent.objects.count() == lines
    assert BookMember.objects.get(user=vera).role == Role.VIEWER


class RemovesMeanwhile(ModelBackend):
    """Checks the password as ever, which takes long enough for another admin to remove the one who gave it."""

    def authenticate(self, request, username=None, password=None, **options):
        book = AddressBook.objects.get()
        members.remove_member(
            book=book, user_id=User.objects.get(username="bob").pk, by=Actor(User.objects.get(username="alice"))
        )
        return super().authenticate(request, username=username, password=password, **options)


def test_a_page_answers_it_with_403(book, by, bob, client_of, settings) -> None:
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    client = client_of(bob)
    settings.AUTHENTICATION_BACKENDS = [
        "tests.workspace.services.books.test_lost_roles.RemovesMeanwhile",
        "django.contrib.auth.backends.ModelBackend",
    ]
    fields = {"role": "admin", "token": uuid4(), "current_password": PASSWORD}
    answer = client.post(reverse("invite_member", args=[book.slug]), fields)
    assert answer.status_code == 403
    assert not Invitation.objects.exists()
    assert not AuditEvent.objects.filter(action=actions.INVITE_MEMBER).exists()
