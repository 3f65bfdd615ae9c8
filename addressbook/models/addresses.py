from datetime import datetime, time, timedelta
from typing import Any, Final, Self

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Concat, Greatest, Least, StrIndex, Substr
from django.utils import timezone

from addressbook.models.groups import Group
from addressbook.models.searching import Filters, Search
from addressbook.models.uploads import Upload
from libraries.email_addresses import limits
from workspace.models.books import Edition

# Of the position of the @, counted from 1.
_HIDDEN = 1 + limits.MASKED_CHARACTERS_HIDDEN


class AddressQuerySet(models.QuerySet["Address"]):
    def in_group(self, group_id: int) -> Self:
        return self.filter(memberships__group=group_id)

    def search(self, query: str) -> Self:
        """Those that a search for `query` finds (`Search.of`); all of them for an empty query."""
        if not query:
            return self
        search = Search.of(query)
        return self.filter(**{f"{search.column}__{search.lookup}": search.value})

    def search_shown(self, query: str) -> Self:
        """Those of which `query` is part of what is shown of them while masked (`emails.masked`).

        Whoever sees the list masked can learn nothing from this that reading the list would not tell. A `*` stands for
        itself: it is what is shown.
        """
        if not query:
            return self
        field = "key" if query.isascii() else "email"
        at = StrIndex(field, Value("@"))
        shown = Greatest(Value(0), Least(Value(limits.MASKED_CHARACTERS_SHOWN), at - _HIDDEN))
        text = Concat(Substr(field, 1, shown), Value(limits.MASK), Substr(field, at))
        rows = self.annotate(shown=text)
        return rows.filter(shown__contains=query.lower()) if query.isascii() else rows.filter(shown__icontains=query)

    def ungrouped(self) -> Self:
        return self.filter(~Exists(Membership.objects.filter(address=OuterRef("pk"))))

    def within(self, filters: Filters) -> Self:
        """Those registered on these days, and with this upload."""
        rows = self
        if filters.since:
            rows = rows.filter(registered_at__gte=_midnight(filters.since))
        if filters.until:
            rows = rows.filter(registered_at__lt=_midnight(filters.until + timedelta(days=1)))
        if filters.upload_id is not None:
            upload = Upload.objects.filter(pk=filters.upload_id).values("created_at", "finished_at").first()
            if upload is None:
                return rows.none()
            # The origin has no index. When the upload ran is known, and the index of days finds what came then.
            rows = rows.filter(origin=filters.upload_id, registered_at__gte=upload["created_at"])
            if upload["finished_at"]:
                rows = rows.filter(registered_at__lte=upload["finished_at"])
        return rows

    def sorted_by(self, sort: str) -> Self:
        """In the order of one of `SORTS`."""
        return self.order_by(*SORTS[sort])

    def newest_first(self) -> Self:
        # Ids are given out under the lock of the edition, hence in the order of registration.
        return self.order_by("-id")


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class _ByBytes(OrderBy):
    """The order of the index of keys, which on PostgreSQL compares bytes whatever the database's language."""

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        operator = "~>~" if self.descending else "~<~"
        # Django looks for ASC or DESC in every order, and finds it in the comment.
        return self.as_sql(compiler, connection, template=f"%(expression)s USING {operator} /* ASC */")


NEWEST: Final = "newest"
SORTS: Final[dict[str, tuple[Any, ...]]] = {
    NEWEST: ("-id",),
    "oldest": ("id",),
    "a-z": (_ByBytes(F("key")),),
    "z-a": (_ByBytes(F("key"), descending=True),),
}


class Address(models.Model):
    """An e-mail address in an edition: `email` as it was typed, `key` what makes it the same address as another.

    The key is computed by `libraries.email_addresses` and is compared byte by byte.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="addresses", db_index=False)
    email = models.CharField(max_length=limits.ADDRESS_LENGTH_CHARACTERS)
    key = models.CharField(max_length=limits.ADDRESS_LENGTH_CHARACTERS)
    registered_at = models.DateTimeField()
    # The upload that it came with; None when it was typed. Not indexed and not checked by the database: nothing asks by
    # it, an upload that is gone does no harm here, and every row of every upload would pay.
    origin = models.ForeignKey(
        "Upload", models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )

    objects = AddressQuerySet.as_manager()

    class Meta:
        # Keys are compared byte by byte, in whatever order the database of PostgreSQL sorts: `Begins` relies on it.
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"],
                name="address_once_per_edition",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            )
        ]
        # The first serves the pages of the list, newest first, the second those of some days or of an upload.
        indexes = [
            models.Index(fields=["edition", "-id"], name="address_newest_first"),
            models.Index(fields=["edition", "registered_at", "id"], name="address_by_day"),
        ]

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """An address in a group of the same edition.

    Services delete memberships before what they hang on, because the counts depend on it: DO_NOTHING spares Django the
    search for what is not there, and the database's foreign key refuses what they forget.
    """

    group = models.ForeignKey(Group, models.DO_NOTHING, related_name="memberships", db_index=False)
    address = models.ForeignKey(Address, models.DO_NOTHING, related_name="memberships")

    class Meta:
        constraints = [
            # Its index also serves a group's page of addresses, newest first.
            models.UniqueConstraint(fields=["group", "address"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.address_id} in {self.group_id}"
