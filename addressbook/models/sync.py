from typing import Final, Self

from django.db import models
from django.db.models import F, Q

from addressbook import limits
from addressbook.models.addresses import Address
from addressbook.models.groups import Group
from workspace.models.books import AddressBook

# What `Group.resend_after` says of a group of which nothing, and of which everything, was sent again.
NOT_BEGUN: Final = -1
ALL_SENT: Final = 2**63 - 1


class Pause(models.TextChoices):
    """Why a book's sync does nothing until a person acts."""

    BY_USER = "by_user"
    # The remote book holds something, and a person has to choose what becomes of it.
    NOT_EMPTY = "not_empty"
    # There are no API keys.
    NOT_CONNECTED = "not_connected"
    # As mailer.ConfigurationProblem.
    KEYS_REFUSED = "keys_refused"
    NO_PERMISSION = "no_permission"
    CLOCK_SKEW = "clock_skew"
    NOT_SUBSCRIBED = "not_subscribed"
    RETIRED = "retired"
    # The service refuses one entry after the other.
    REFUSING = "refusing"


class BookSync(models.Model):
    """How the remote book stands to ours; there is one row for each book that was ever connected.

    Rows carry no remote state: ids are given out under the lock of the book, so that marks say it. A row is pending
    when its id is above `…_sent`, in the air up to there, and confirmed up to `…_confirmed`. `…_touched` is the highest
    id that was ever in a call: a row up to there may be remote, so its deletion is a Removal. All marks are about the
    current edition, and ids of other books may lie below them.
    """

    book = models.OneToOneField(AddressBook, models.CASCADE, related_name="sync")
    is_on = models.BooleanField(default=False)
    pause = models.CharField(max_length=20, choices=Pause, blank=True)
    # What the service said when it last failed; never an address.
    problem = models.CharField(max_length=limits.SYNC_REASON_CHARACTERS, blank=True)

    # The remote book was looked at for the first time: until then nothing may be deleted there.
    is_compared = models.BooleanField(default=False)
    # Somebody has said that what it held then may stay.
    may_keep = models.BooleanField(default=False)
    # Whether something of it stayed: then counts can show a difference, but never equality.
    keeps_foreign = models.BooleanField(default=False)

    addresses_sent = models.BigIntegerField(default=0)
    addresses_confirmed = models.BigIntegerField(default=0)
    addresses_touched = models.BigIntegerField(default=0)
    memberships_sent = models.BigIntegerField(default=0)
    memberships_confirmed = models.BigIntegerField(default=0)
    memberships_touched = models.BigIntegerField(default=0)
    groups_sent = models.BigIntegerField(default=0)
    groups_confirmed = models.BigIntegerField(default=0)
    groups_touched = models.BigIntegerField(default=0)
    # Counts the times that the marks were moved by anybody but the worker.
    generation = models.PositiveIntegerField(default=0)

    # The end of the last creation that may still have to land there; None: nothing is in the air.
    in_air_since = models.DateTimeField(null=True)
    # The weight (addresses + groups + members of groups) that the remote book has once all has landed; None: unknown.
    expected_weight = models.BigIntegerField(null=True)
    # The weight last seen while something was in the air, and since when it has been that.
    seen_weight = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    settle_at = models.DateTimeField(null=True)
    settle_tries = models.PositiveSmallIntegerField(default=0)
    # A creation is on its way; still so when the row is claimed: its worker died, and the outcome is not known.
    is_calling = models.BooleanField(default=False)
    is_doubtful = models.BooleanField(default=False)
    # The group there that holds addresses without a group until they have landed; empty: none.
    temporary_group = models.CharField(max_length=limits.GROUP_NAME_CHARACTERS, blank=True)

    # Entries a call while the one that the service refuses is looked for; None: as many as allowed.
    chunk_rows = models.PositiveIntegerField(null=True)
    refusals = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)

    # Of the run that goes on, or went on last.
    rows_sent = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    # Everything was seen to be done, and the counts were compared; None: there is something to do, or to compare.
    verified_at = models.DateTimeField(null=True)
    # What the comparison found: [group name or None for the whole book, ours, theirs].
    differences = models.JSONField(default=list)

    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # When a worker should look next; writers set it to now, in their own transaction.
    next_look_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(addresses_confirmed__lte=F("addresses_sent"))
                & Q(memberships_confirmed__lte=F("memberships_sent"))
                & Q(groups_confirmed__lte=F("groups_sent")),
                name="sync_confirms_what_was_sent",
            ),
            models.CheckConstraint(condition=Q(pause__in=["", *Pause.values]), name="sync_pause_known"),
        ]

    def __str__(self) -> str:
        return f"sync of book {self.book_id}"


class RemoteCounts(models.Model):
    """What the service said it holds, when it was last asked with nothing on its way. In a row of its own, since pages
    read the one of the sync every two seconds and need this only where it is shown.
    """

    book = models.OneToOneField(AddressBook, models.CASCADE, primary_key=True, related_name="remote_counts")
    addresses = models.PositiveIntegerField()
    # Members by the name of the group.
    groups = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "remote counts"

    def __str__(self) -> str:
        return f"remote counts of book {self.book_id}"


class RemovalQuerySet(models.QuerySet["Removal"]):
    def waiting(self) -> Self:
        return self.filter(refused="")


class Removal(models.Model):
    """A deletion that the remote book has still to be told; written in the transaction of the deletion here.

    It holds personal data, and goes as soon as it is done. Deletions commute: only what is *added* between two of
    them makes their order matter, and nothing is added while one waits that is not deferred.
    """

    class Kind(models.TextChoices):
        RESET = "reset"
        ADDRESSES = "addresses"
        MEMBERS = "members"
        GROUP = "group"

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="removals")
    kind = models.CharField(max_length=9, choices=Kind)
    group_name = models.CharField(max_length=limits.GROUP_NAME_CHARACTERS, blank=True)
    # As they were sent, at most limits.ROWS_PER_JOB_BATCH of them.
    addresses = models.JSONField(default=list)
    # To be sent after what is to be added: the old name of a group, a temporary group.
    is_deferred = models.BooleanField(default=False)
    # To be sent by itself: a part of one that the service refused as a whole.
    is_alone = models.BooleanField(default=False)
    # Why the service refuses it for good; empty: it has still to be sent.
    refused = models.CharField(max_length=limits.SYNC_REASON_CHARACTERS, blank=True)
    created_at = models.DateTimeField()

    objects = RemovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["reset", "addresses"], group_name="")
                | (Q(kind__in=["members", "group"]) & ~Q(group_name="")),
                name="removal_names_its_group",
            )
        ]

    def __str__(self) -> str:
        return f"removal {self.pk} ({self.kind})"


class ParkedEntry(models.Model):
    """What the service refuses for good: an address, a group, or (both) an address in a group. Others go on.

    DO_NOTHING as for memberships: `services.remote` deletes it before what it hangs on.
    """

    book = models.ForeignKey(AddressBook, models.CASCADE, related_name="parked")
    address = models.ForeignKey(Address, models.DO_NOTHING, null=True, related_name="parked")
    group = models.ForeignKey(Group, models.DO_NOTHING, null=True, related_name="parked")
    reason = models.CharField(max_length=limits.SYNC_REASON_CHARACTERS)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "parked entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(address__isnull=False) | Q(group__isnull=False), name="parked_entry_is_something"
            )
        ]

    def __str__(self) -> str:
        return f"parked entry {self.pk}"
