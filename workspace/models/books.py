from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workspace import limits


class Zone(models.TextChoices):
    """The separate clouds of the provider: each has hosts, accounts and keys of its own."""

    PUBLIC = "public", _("Public")
    GOVERNMENT = "government", _("Government")
    FINANCIAL = "financial", _("Financial")


class Region(models.TextChoices):
    """A region of a zone; each keeps an address book of its own."""

    KR = "KR", _("Korea")
    SGN = "SGN", _("Singapore")
    JPN = "JPN", _("Japan")


class Role(models.TextChoices):
    """What a member may do; each role may also do what those before it may."""

    VIEWER = "viewer", _("Viewer")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")

    def includes(self, other: "Role") -> bool:
        ascending = list(Role)
        return ascending.index(self) >= ascending.index(other)


class Masking(models.TextChoices):
    """To whom the addresses of a book are shown masked, as in ho***@example.com."""

    NOBODY = "nobody", _("In full to all members")
    VIEWERS = "viewers", _("Masked to viewers")
    EVERYBODY = "everybody", _("Masked to all; managers and admins show the addresses they choose")

    def applies_to(self, role: Role) -> bool:
        return self == Masking.EVERYBODY or (self == Masking.VIEWERS and role == Role.VIEWER)


class AddressBook(models.Model):
    """One address book, as there is one for each API account and region.

    `version` counts the changes of its settings: a form that was opened before another person's change is noticed.
    """

    name = models.CharField(max_length=limits.BOOK_NAME_CHARACTERS)
    slug = models.SlugField(max_length=limits.BOOK_NAME_CHARACTERS, unique=True)
    zone = models.CharField(max_length=10, choices=Zone, default=Zone.PUBLIC)
    region = models.CharField(max_length=3, choices=Region, default=Region.KR)
    # Whether who asks for a download must say why.
    download_reason_required = models.BooleanField(default=False)
    # Whether who takes a file away must have signed in a short while ago.
    download_sign_in_required = models.BooleanField(default=False)
    masking = models.CharField(max_length=9, choices=Masking, default=Masking.NOBODY)
    version = models.PositiveIntegerField(default=1)
    # The highest number that an edition ever had: one that is erased keeps its number in the history.
    last_edition_number = models.PositiveIntegerField(default=1)
    current_edition = models.OneToOneField("Edition", models.PROTECT, null=True, related_name="current_of")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "addressbook"
        constraints = [
            models.CheckConstraint(condition=Q(zone__in=Zone.values), name="book_zone_known"),
            models.CheckConstraint(condition=Q(region__in=Region.values), name="book_region_known"),
            models.CheckConstraint(condition=Q(masking__in=Masking.values), name="book_masking_known"),
        ]

    def __str__(self) -> str:
        return self.name


class BookMember(models.Model):
    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="members")
    user = models.ForeignKey("User", models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=7, choices=Role)

    class Meta:
        app_label = "addressbook"
        constraints = [
            models.UniqueConstraint(fields=["book", "user"], name="member_once_per_book"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class EditionQuerySet(models.QuerySet["Edition"]):
    def restorable(self) -> Self:
        """Recovery copies: closed, their time not over by the clock of the database, and nothing of them erased."""
        return self.filter(closed_at__isnull=False, erase_after__gt=Now(), erasures__isnull=True)

    def due(self) -> Self:
        """Closed editions whose time is over, whether their erasing has begun or not."""
        return self.filter(closed_at__isnull=False, erase_after__lte=Now())


class Edition(models.Model):
    """The contents of a book between two resets: groups and addresses hang on it, never on the book.

    `address_count` equals the number of its addresses at the end of every transaction. A closed edition is a recovery
    copy until `erase_after`, and is erased from then on.
    """

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    address_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    erase_after = models.DateTimeField(null=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        app_label = "addressbook"
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="edition_number_once_per_book"),
            models.CheckConstraint(
                condition=Q(erase_after__isnull=True) | Q(closed_at__isnull=False),
                name="edition_erased_only_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book} #{self.number}"
