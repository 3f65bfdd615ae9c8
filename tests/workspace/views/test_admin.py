"""Django's own pages, where people are kept."""

import pytest
from django.forms.models import model_to_dict
from django.urls import NoReverseMatch, reverse

from tests.support.html import text_of
from workspace.models import User
from workspace.services.books import books


@pytest.fixture
def client(charlie, client_of):
    charlie.is_staff = charlie.is_superuser = True
    charlie.save()
    return client_of(charlie)


@pytest.fixture
def deactivate(client):
    def deactivate(user):
        values = model_to_dict(user, ["username", "first_name", "last_name", "email"])
        day, time = user.date_joined.strftime("%Y-%m-%d %H:%M:%S").split()
        joined = {"date_joined_0": day, "date_joined_1": time}
        return client.post(reverse("admin:addressbook_user_change", args=[user.pk]), {**values, **joined})

    return deactivate


def test_a_member_is_deactivated(deactivate, vera) -> None:
    assert deactivate(vera).status_code == 302
    assert not User.objects.get(pk=vera.pk).is_active


def test_the_last_admin_of_a_book_stays_active(deactivate, book, alice) -> None:
    assert "This user is the only admin of: Main." in text_of(deactivate(alice))
    assert User.objects.get(pk=alice.pk).is_active


def test_an_admin_beside_another_is_deactivated(deactivate, book, by, alice, bob) -> None:
    books.change_role(book=book, user_id=bob.pk, role="admin", by=by)
    assert deactivate(alice).status_code == 302


def test_users_are_not_deleted(client, book, alice) -> None:
    page = client.get(reverse("admin:addressbook_user_change", args=[alice.pk]))
    assert "Users cannot be deleted" in text_of(page)
    assert client.post(reverse("admin:addressbook_user_delete", args=[alice.pk]), {"post": "yes"}).status_code == 403
    listed = client.get(reverse("admin:addressbook_user_changelist")).content.decode()
    assert "delete_selected" not in listed


def test_there_are_no_groups_beside_recipient_groups(client, alice) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:auth_group_changelist")
    body = client.get(reverse("admin:addressbook_user_change", args=[alice.pk])).content.decode()
    assert 'name="groups"' not in body
