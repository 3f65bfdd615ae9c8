from uuid import uuid4

import pytest
from django.db.models.signals import pre_save

from workspace import actions
from workspace.models import AddressBook, AuditEvent, BookMember, Region, Role, User, Zone
from workspace.services.books import books
from workspace.services.books.books import (
    AlreadyMemberError,
    HasAdminError,
    LastAdminError,
    NotAMemberError,
    SettingsChangedMeanwhileError,
    UnknownUserError,
)
from workspace.services.history.audit import Actor


def role_of(book: AddressBook, user) -> str | None:
    return BookMember.objects.filter(book=book, user=user).values_list("role", flat=True).first()


def test_create_book_opens_an_empty_edition_and_makes_its_maker_admin(alice, by) -> None:
    book = books.create_book(name="고객", zone=Zone.GOVERNMENT, region=Region.KR, by=by)
    assert (book.current_edition.number, book.current_edition.address_count) == (1, 0)
    assert role_of(book, alice) == Role.ADMIN
    assert book.slug == "book"


def test_create_book_finds_a_free_slug(by) -> None:
    slugs = [books.create_book(name="Main", zone=Zone.PUBLIC, region=Region.KR, by=by).slug for _ in range(3)]
    assert slugs == ["main", "main-2", "main-3"]


def test_create_book_sent_twice_makes_one_book(by) -> None:
    token = uuid4()
    made = [books.create_book(name="Main", zone=Zone.PUBLIC, region=Region.KR, token=token, by=by) for _ in range(2)]
    assert made[0] == made[1]


def test_change_settings_records_what_changed(book, by) -> None:
    books.change_settings(book=book, seen_version=1, name="New", zone=Zone.PUBLIC, region=Region.JPN, by=by)
    book.refresh_from_db()
    assert (book.name, book.region, book.version) == ("New", "JPN", 2)
    detail = AuditEvent.objects.get(action=actions.CHANGE_BOOK).detail
    assert detail == {"name": ["Main", "New"], "region": ["KR", "JPN"]}


def test_change_settings_does_not_overwrite_somebody_elses_change(book, by) -> None:
    books.change_settings(book=book, seen_version=1, name="Theirs", zone=Zone.PUBLIC, region=Region.KR, by=by)
    with pytest.raises(SettingsChangedMeanwhileError):
        books.change_settings(book=book, seen_version=1, name="Mine", zone=Zone.PUBLIC, region=Region.KR, by=by)
    assert AddressBook.objects.get().name == "Theirs"


def test_change_settings_sent_twice_is_recorded_once(book, by) -> None:
    for _ in range(2):
        books.change_settings(book=book, seen_version=1, name="New", zone=Zone.PUBLIC, region=Region.KR, by=by)
    assert AuditEvent.objects.filter(action=actions.CHANGE_BOOK).count() == 1


def test_add_member_gives_a_role(book, by, charlie) -> None:
    books.add_member(book=book, username="charlie", role=Role.VIEWER, by=by)
    assert role_of(book, charlie) == Role.VIEWER


def test_add_member_refuses_unknown_and_inactive_users(book, by, charlie) -> None:
    charlie.is_active = False
    charlie.save()
    for name in ("nobody", "charlie"):
        with pytest.raises(UnknownUserError):
            books.add_member(book=book, username=name, role=Role.VIEWER, by=by)


def test_add_member_does_not_change_a_role_by_the_way(book, by, bob) -> None:
    with pytest.raises(AlreadyMemberError):
        books.add_member(book=book, username="bob", role=Role.ADMIN, by=by)
    assert role_of(book, bob) == Role.MANAGER


def test_change_role_needs_an_admin_to_remain(book, by, alice, bob) -> None:
    with pytest.raises(LastAdminError):
        books.change_role(book=book, user_id=alice.pk, role=Role.VIEWER, by=by)
    assert role_of(book, alice) == Role.ADMIN
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    books.change_role(book=book, user_id=alice.pk, role=Role.VIEWER, by=by)
    assert role_of(book, alice) == Role.VIEWER


def test_remove_member_needs_an_admin_to_remain(book, by, alice, bob) -> None:
    with pytest.raises(LastAdminError):
        books.remove_member(book=book, user_id=alice.pk, by=by)
    books.remove_member(book=book, user_id=bob.pk, by=by)
    assert role_of(book, bob) is None
    with pytest.raises(NotAMemberError):
        books.remove_member(book=book, user_id=bob.pk, by=by)


def test_create_book_finds_another_slug_when_somebody_takes_the_free_one(by) -> None:
    """Two at once: between looking and inserting, the other one commits."""
    rivals = ["main"]

    def take(instance, **_) -> None:
        if instance.slug in rivals:
            rivals.remove(instance.slug)
            AddressBook.objects.bulk_create([AddressBook(name="Main", slug=instance.slug)])

    pre_save.connect(take, sender=AddressBook)
    try:
        book = books.create_book(name="Main", zone=Zone.PUBLIC, region=Region.KR, by=by)
    finally:
        pre_save.disconnect(take, sender=AddressBook)
    # The rival went with the attempt that it spoiled.
    assert (book.slug, rivals) == ("main", [])


def test_adopt_orphan_is_recorded_once(book, alice, charlie) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert list(books.books_without_admin()) == [book]
    for _ in range(2):
        books.adopt_book(book=book, by=Actor(charlie))
    assert role_of(book, charlie) == Role.ADMIN
    assert AuditEvent.objects.filter(action=actions.ADOPT_BOOK, username="charlie").count() == 1
    assert not books.books_without_admin()


def test_adopt_orphan_is_refused_while_there_is_an_admin(book, charlie) -> None:
    with pytest.raises(HasAdminError):
        books.adopt_book(book=book, by=Actor(charlie))
    assert role_of(book, charlie) is None


def test_managed_only_by_counts_active_admins(book, by, alice, bob) -> None:
    assert books.managed_only_by(alice) == [book]
    assert books.managed_only_by(bob) == []
    books.change_role(book=book, user_id=bob.pk, role=Role.ADMIN, by=by)
    assert books.managed_only_by(alice) == []
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert books.managed_only_by(alice) == [book]
