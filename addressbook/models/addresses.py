from typing import Self

from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Greatest, Least, StrIndex, Substr

from addressbook.models.groups import Group
from addressbook.models.searching import Search
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

    def newest_first(self) -> Self:
        # Ids are given out under the lock of the edition, hence in the order of registration.
        return self.order_by("-id")


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
        # Serves the pages of the list, newest first.
        indexes = [models.Index(fields=["edition", "-id"], name="address_newest_first")]

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
