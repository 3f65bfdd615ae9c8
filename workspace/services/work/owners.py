"""What people do with work that they see: cancel it, and put its result away."""

from django.db import transaction
from django.utils import timezone

from workspace import actions
from workspace.models import AddressBook, JobState, LeasedWork
from workspace.models.work import UNFINISHED, kinds
from workspace.services.history import audit
from workspace.services.history.audit import Actor
from workspace.services.work import jobs, stored_files
from workspace.services.work.changing import lock


def cancel(model: type[LeasedWork], *, book: AddressBook, work_id: int, by: Actor) -> None:
    """Stop it after the batch that it is in; what it did stays. Without effect on what is over."""
    with transaction.atomic():
        lock(book)
        rows = model._default_manager.select_for_update(of=("self",)).filter(**{model.BOOK: book})
        work = rows.filter(pk=work_id).first()
        if work is None or work.finished_at is not None or work.cancel_requested or not work.may_be_cancelled:
            return
        work.cancel_requested = True
        work.save(update_fields=["cancel_requested"])
        if work.state != JobState.RUNNING:
            jobs.finish(work, JobState.CANCELLED)
            stored_files.discard_of(work)
            work.save(update_fields=work.FILE_FIELDS)
        audit.record(by=by, action=actions.CANCEL_JOB, book=book, detail=work.in_history())


def cancel_without_role(*, book: AddressBook, user_id: int, by: Actor) -> None:
    """Stop what this member may no longer ask for; `by` has taken the role away."""
    for model in kinds():
        if model.ENDS_WITH_ROLE is not None:
            begun = model._default_manager.filter(model.ENDS_WITH_ROLE, requested_by=user_id, finished_at__isnull=True)
            for work_id in begun.filter(**{model.BOOK: book}).values_list("pk", flat=True):
                cancel(model, book=book, work_id=work_id, by=by)


def dismiss(model: type[LeasedWork], *, book: AddressBook, work_id: int, by: Actor) -> None:
    """Put the result away: its requester has read it."""
    open_states = (*UNFINISHED, JobState.CHECKED)
    mine = model._default_manager.filter(**{model.BOOK: book}, pk=work_id, requested_by=by.user)
    mine.exclude(state__in=open_states).update(dismissed_at=timezone.now())


def dismiss_cancelled(model: type[LeasedWork], *, book: AddressBook, work_id: int, by: Actor) -> None:
    """Spare the user the result of work that they cancelled themselves before it had changed anything."""
    own = model._default_manager.filter(**{model.BOOK: book}, pk=work_id, requested_by=by.user, cancel_requested=True)
    own.filter(model.CHANGED_NOTHING).update(dismissed_at=timezone.now())


def dismiss_all(*, book: AddressBook, by: Actor) -> None:
    """Put away every result of the user's own; files that were made stay in the list of downloads."""
    for model in kinds():
        mine = model._default_manager.filter(**{model.BOOK: book}, requested_by=by.user, dismissed_at=None)
        mine.filter(finished_at__isnull=False).update(dismissed_at=timezone.now())
