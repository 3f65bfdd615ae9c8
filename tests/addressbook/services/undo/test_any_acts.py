"""Any acts in any order, undone: the last ones bring back what was there; any other changes only what its act did.

The book is looked at by names alone, and nothing here knows of records or ids. Every preview must be what comes true.
"""

from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addressbook import limits
from addressbook.models import Address, Group
from addressbook.services import undo
from addressbook.services.addresses import bulk, groups, registration, selection
from addressbook.services.addresses.groups import GroupNameTakenError
from addressbook.services.addresses.selection import Selection
from tests.support.invariants import assert_consistent, contents
from tests.support.sizes import size
from tests.support.undo import work_on_jobs
from workspace.models import Act

PEOPLE = [f"{letter}@example.com" for letter in "abc"]
# Few of both, so that acts meet.
GROUPS = ["Gold", "Iron"]

people = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True)
group = st.sampled_from(GROUPS)
some_groups = st.lists(group, max_size=2, unique=True)
acts = st.one_of(
    st.tuples(st.just("register"), people, st.one_of(st.none(), group)),
    st.tuples(st.just("delete"), people),
    st.tuples(st.just("edit"), people, some_groups, some_groups),
    st.tuples(st.just("empty"), group),
    st.tuples(st.just("delete_group"), group),
    st.tuples(st.just("create_group"), group),
)


@dataclass
class World:
    """The book, driven by names."""

    book: object
    by: object

    def do(self, act: tuple) -> Act | None:
        """The act as services do it; what can be undone of it, if it changed anything."""
        before = Act.objects.order_by("pk").last()
        getattr(self, act[0])(*act[1:])
        work_on_jobs()
        after = Act.objects.order_by("pk").last()
        return None if after == before else after

    def group_id(self, name: str) -> int | None:
        found = Group.objects.filter(edition__current_of=self.book, name=name).first()
        return found.pk if found else None

    def ids(self, names: list[str]) -> tuple[int, ...]:
        rows = Address.objects.filter(edition__current_of=self.book, key__in=names)
        return tuple(rows.values_list("pk", flat=True))

    def register(self, names: list[str], into: str | None) -> None:
        group_id = self.group_id(into) if into else None
        registration.register_typed(book=self.book, group_id=group_id, text=" ".join(names), token=uuid4(), by=self.by)

    def delete(self, names: list[str]) -> None:
        if ids := self.ids(names):
            bulk.delete_addresses(book=self.book, selection=Selection(None, address_ids=ids), token=uuid4(), by=self.by)

    def edit(self, names: list[str], add: list[str], remove: list[str]) -> None:
        ids = self.ids(names)
        adding = {pk for name in add if (pk := self.group_id(name))}
        removing = {pk for name in remove if (pk := self.group_id(name))} - adding
        if ids and adding | removing:
            chosen = Selection(None, address_ids=ids)
            bulk.edit_groups(book=self.book, selection=chosen, add=adding, remove=removing, token=uuid4(), by=self.by)

    def empty(self, name: str) -> None:
        self._on_group(bulk.empty_group, name)

    def delete_group(self, name: str) -> None:
        self._on_group(bulk.delete_group, name)

    def _on_group(self, act, name: str) -> None:
        if group_id := self.group_id(name):
            everyone = selection.everything(book=self.book, group_id=group_id)
            act(book=self.book, selection=everyone, token=uuid4(), by=self.by)

    def create_group(self, name: str) -> None:
        with suppress(GroupNameTakenError):
            groups.create_group(book=self.book, name=name, token=uuid4(), by=self.by)

    def undo(self, act: Act) -> dict[str, int]:
        act.refresh_from_db()
        shown = undo.preview(act)
        done = undo.undo(book=self.book, act_id=act.pk, token=uuid4(), by=self.by)
        if done.job_id is None:
            assert done.counts == shown.does | shown.leaves
            return done.counts
        work_on_jobs()
        from addressbook.models import Job

        job = Job.objects.get(pk=done.job_id)
        assert (job.state, job.outcome) == ("complete", shown.does | shown.leaves)
        return job.outcome

    def everything(self) -> tuple:
        names = frozenset(Group.objects.filter(edition__current_of=self.book).values_list("name", flat=True))
        return contents(self.book), names


@pytest.fixture(params=["at once", "as jobs"])
def world(request, db, book, by, no_other_worker, monkeypatch):
    """Gives a new world for every example; what it holds is gone at its end."""
    if request.param == "as jobs":
        monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 0)
        monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 2)
    return lambda: World(book, by)


def quickly(function):
    options = settings(
        max_examples=size(6, 60),
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    return options(function)


@given(before=st.lists(acts, max_size=5), then=st.lists(acts, min_size=1, max_size=4))
@quickly
def test_undoing_the_last_acts_one_after_another_restores_everything(world, before, then) -> None:
    with transaction.atomic():
        here = world()
        for act in (("create_group", "Gold"), ("create_group", "Iron"), *before):
            here.do(act)
        stack = []
        for act in then:
            if act[0] == "create_group":
                continue  # not a bulk act: it cannot be undone
            state = here.everything()
            if made := here.do(act):
                stack.append((made, state))
        latest = here.everything()
        redo = []
        for made, state in reversed(stack):
            after = here.everything()
            here.undo(made)
            assert here.everything() == state
            redo.append((Act.objects.order_by("pk").last(), after))
            assert_consistent(here.book)
        for made, state in reversed(redo):
            here.undo(made)
            assert here.everything() == state
        assert here.everything() == latest
        assert_consistent(here.book)
        transaction.set_rollback(True)


@given(acts_done=st.lists(acts, min_size=4, max_size=9), chosen=st.data())
@quickly
def test_undoing_any_act_changes_nothing_but_what_that_act_changed(world, acts_done, chosen) -> None:
    with transaction.atomic():
        here = world()
        for name in GROUPS:
            here.do(("create_group", name))
        made = []
        for act in acts_done:
            before = here.everything()
            if found := here.do(act):
                made.append((found, before, here.everything()))
        for act, before, after in chosen.draw(st.permutations(made))[:3]:
            now = here.everything()
            here.undo(act)
            assert_only_undone(before, after, now, here.everything())
            assert_consistent(here.book)
        transaction.set_rollback(True)


def assert_only_undone(before: tuple, after: tuple, now: tuple, then: tuple) -> None:
    """Each address, membership and group that the undo has changed is one that the act had changed the other way."""
    for place in ("addresses", "memberships", "groups"):
        rows = [_rows(state, place) for state in (before, after, now, then)]
        added, taken = rows[1] - rows[0], rows[0] - rows[1]
        came_back, went = rows[3] - rows[2], rows[2] - rows[3]
        assert came_back <= taken, place
        assert went <= added, place


def _rows(state: tuple, place: str) -> set:
    found, names = state
    if place == "addresses":
        return set(found)
    if place == "groups":
        return set(names)
    return {(key, name) for key, inside in found.items() for name in inside}
