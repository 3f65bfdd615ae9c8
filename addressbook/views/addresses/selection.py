"""Acts on selected addresses: select all, delete, remove from group, edit groups.

Each act is asked for with the ticked rows, answers with a dialog that names the numbers, and is applied from there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from addressbook import limits
from addressbook.forms.listing import listing_from
from addressbook.forms.selection import DeleteForm, EditGroupsForm, SelectionForm
from addressbook.models import Group, Membership
from addressbook.models.groups import UNGROUPED, TreeGroup
from addressbook.services.addresses import bulk, selection
from addressbook.services.addresses.bulk_jobs import UndoRunningError
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.addresses.selection import Selection, SelectionChangedError
from addressbook.services.reset import forget_person
from addressbook.views.addresses.found import group_gone_sentence, group_or_404, selection_changed
from addressbook.views.answers.answers import (
    Behind,
    Notification,
    OnScreen,
    answer_changed_meanwhile,
    answer_dialog,
    answer_done,
    is_gone,
)
from addressbook.views.undo import undo_sentences
from workspace.models import Role
from workspace.views.pages import sentences
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_large_forms
from workspace.views.pages.hardening import many_fields
from workspace.views.people.step_up import with_fresh_sign_in

Extra = Callable[[Access, Selection], dict[str, Any]]


@require_POST
@to_book(Role.MANAGER)
def select_everything(request: HttpRequest, access: Access) -> HttpResponse:
    """Select all that the list finds, on every page of it."""
    listing = listing_from(request.POST)
    if listing.group_id == UNGROUPED:
        raise Http404
    found = selection.everything(
        book=access.book, group_id=listing.group_id, query=listing.query, filters=listing.filters
    )
    if "HX-Request" in request.headers:
        return OnScreen(request, "selection_bar.html", {}, Behind(access, listing, found, parts="list"))
    return OnScreen(request, "console.html", {}, Behind(access, listing, found))


@require_POST
@to_book(Role.MANAGER)
def ask_delete(request: HttpRequest, access: Access) -> HttpResponse:
    return _ask(request, access, "dialogs/delete_addresses.html")


@require_POST
@to_book(Role.MANAGER)
def ask_remove(request: HttpRequest, access: Access) -> HttpResponse:
    return _ask(request, access, "dialogs/remove_from_group.html", _group_of)


@require_POST
@to_book(Role.MANAGER)
def ask_edit_groups(request: HttpRequest, access: Access) -> HttpResponse:
    return _ask(request, access, "dialogs/edit_groups.html", _ticks)


@require_POST
@to_book(Role.MANAGER)
def show_selected(request: HttpRequest, access: Access) -> HttpResponse:
    """What is ticked, on whatever page it was: there single ticks can be taken away."""
    return _ask(request, access, "dialogs/selected.html", _selected_rows)


def _ask(
    request: HttpRequest, access: Access, template: str, extra: Extra = lambda access, selected: {}
) -> HttpResponse:
    listing = listing_from(request.POST)
    form = SelectionForm(request.POST, asking=True)
    if not form.is_valid():
        return answer_changed_meanwhile(request, access, listing, _refusal(form))
    selected = form.selection()
    return _question(request, access, template, extra, selected)


def _refusal(form: SelectionForm) -> str:
    errors = form.non_field_errors()
    return str(errors[0]) if errors else _("This page was too old. Please try again.")


def _question(
    request: HttpRequest,
    access: Access,
    template: str,
    extra: Extra,
    selected: Selection,
    change: SelectionChangedError | None = None,
    *,
    problem: str = "",
) -> HttpResponse:
    found = selected.addresses(access.edition)
    count = found.count()
    if not count:
        return answer_changed_meanwhile(request, access, listing_from(request.POST), _all_gone())
    context = {
        "selection": selected,
        "count": count,
        "only": found.first() if count == 1 else None,
        "token": uuid4(),
        "change": selection_changed(change) if change else problem,
        **extra(access, selected),
    }
    listing = listing_from(request.POST)
    return answer_dialog(request, access, listing, template, context, status=409 if change or problem else 200)


def _group_of(access: Access, selected: Selection) -> dict[str, Any]:
    if selected.group_id is None:
        raise Http404
    return {"target": group_or_404(access, selected.group_id)}


@dataclass(frozen=True, slots=True)
class Tick:
    """A group in "Edit group": all of the selected addresses are in it ("on"), none ("off"), or some ("mixed")."""

    group: TreeGroup
    state: str
    inside: int = 0
    total: int = 0


def _ticks(access: Access, selected: Selection) -> dict[str, Any]:
    rows = selected.addresses(access.edition)
    groups = Group.objects.filter(edition=access.edition).as_tree()
    if selected.address_ids is None and selected.group_id is None and not (selected.query or selected.filters):
        # The whole book: the counts that are kept anyway say it, without a look at the memberships.
        total, inside = access.edition.address_count, {group.pk: group.address_count for group in groups}
    else:
        total = rows.count()
        memberships = Membership.objects.filter(address__in=rows.values("pk")).order_by()
        inside = dict(memberships.values_list("group").annotate(Count("pk")))
    states = {group.pk: _state(inside.get(group.pk, 0), total) for group in groups}
    ticks = [Tick(group, states[group.pk], inside.get(group.pk, 0), total) for group in groups]
    # Those that the addresses are in first, each part in the order of the tree.
    ticks.sort(key=lambda tick: tick.state == "off")
    return {"ticks": ticks, "new_group_token": uuid4()}


def _wished(form: EditGroupsForm) -> Extra:
    """The ticks as they would be asked for now, with what the user has changed in them."""

    def ticks(access: Access, selected: Selection) -> dict[str, Any]:
        context = _ticks(access, selected)
        return {**context, "ticks": [replace(tick, state=_with_wish(form, tick)) for tick in context["ticks"]]}

    return ticks


def _with_wish(form: EditGroupsForm, tick: Tick) -> str:
    if tick.group.pk in form.to_add and tick.state != "on":
        return "new"
    if tick.group.pk in form.to_remove:
        return {"on": "out", "mixed": "cleared"}.get(tick.state, tick.state)
    return tick.state


def _state(inside: int, total: int) -> str:
    if not inside:
        return "off"
    return "on" if inside >= total else "mixed"


def _selected_rows(access: Access, selected: Selection) -> dict[str, Any]:
    return {"rows": selected.addresses(access.edition).newest_first()[: limits.SELECTED_SHOWN]}


@require_POST
@to_book(Role.MANAGER)
def delete(request: HttpRequest, access: Access) -> HttpResponse:
    form = DeleteForm(request.POST)
    if form.is_valid() and form.cleaned_data["traces"]:
        # For admins only, and with a fresh sign-in: that door is opened by its own lock.
        return erase_traces(request, access.book.slug)
    return _apply(
        request,
        access,
        form,
        lambda selected: bulk.delete_addresses(
            book=access.book, selection=selected, token=form.cleaned_data["token"], by=access.by
        ),
        again=lambda change: _question(request, access, "dialogs/delete_addresses.html", _nothing, change.now, change),
    )


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def erase_traces(request: HttpRequest, access: Access) -> HttpResponse:
    """Delete the selected addresses and, in the background, every trace of them."""
    listing = listing_from(request.POST)
    form = DeleteForm(request.POST)
    if not form.is_valid():
        return answer_changed_meanwhile(request, access, listing, _("Select at least one address first."))
    chosen, token = form.selection(), form.cleaned_data["token"]
    try:
        done = forget_person.erase_traces(book=access.book, selection=chosen, token=token, by=access.by)
    except SelectionChangedError as change:
        return _question(request, access, "dialogs/delete_addresses.html", _nothing, change.now, change)
    except bulk.NothingSelectedError:
        return answer_changed_meanwhile(request, access, listing, _all_gone())
    except forget_person.TooManyTracesError as error:
        return answer_changed_meanwhile(request, access, listing, sentences.too_many_traces(error.count))
    sentence = _("The addresses are deleted from the address book. Everything else about them is being erased.")
    return answer_done(request, access, listing, Notification(sentence, ((_("Deleted"), done.deleted),)))


@require_POST
@to_book(Role.MANAGER)
def remove(request: HttpRequest, access: Access) -> HttpResponse:
    form = SelectionForm(request.POST)
    return _apply(
        request,
        access,
        form,
        lambda selected: bulk.remove_from_group(
            book=access.book, selection=selected, token=form.cleaned_data["token"], by=access.by
        ),
        again=lambda change: _question(
            request, access, "dialogs/remove_from_group.html", _group_of, change.now, change
        ),
    )


@require_POST
@to_book(Role.MANAGER)
@takes_large_forms
@many_fields
def edit_groups(request: HttpRequest, access: Access) -> HttpResponse:
    form = EditGroupsForm(request.POST)
    return _apply(
        request,
        access,
        form,
        lambda selected: bulk.edit_groups(
            book=access.book,
            selection=selected,
            add=form.to_add,
            remove=form.to_remove,
            token=form.cleaned_data["token"],
            by=access.by,
        ),
        again=lambda change: _question(request, access, "dialogs/edit_groups.html", _wished(form), change.now, change),
        group_gone=lambda: _question(
            request,
            access,
            "dialogs/edit_groups.html",
            _wished(form),
            form.selection(),
            problem=_("A group was deleted meanwhile. Nothing was changed yet; your other ticks are kept."),
        ),
    )


def _all_gone() -> str:
    return _("The selected addresses were deleted meanwhile. Nothing was changed.")


def _nothing(access: Access, selected: Selection) -> dict[str, Any]:
    return {}


def _apply(
    request: HttpRequest,
    access: Access,
    form: SelectionForm,
    act: Callable[[Selection], bulk.Done],
    *,
    again: Callable[[SelectionChangedError], HttpResponse],
    group_gone: Callable[[], HttpResponse] | None = None,
) -> HttpResponse:
    """Do it, or ask again: with `again` where the set has moved, with `group_gone` where a ticked group is gone."""
    listing = listing_from(request.POST)
    if not form.is_valid():
        return answer_changed_meanwhile(request, access, listing, _refusal(form))
    try:
        done = act(form.selection())
    except SelectionChangedError as change:
        return again(change)
    except bulk.NothingSelectedError:
        return answer_changed_meanwhile(request, access, listing, _all_gone())
    except GroupGoneError:
        if group_gone is not None and not is_gone(access, listing.group_id):
            return group_gone()
        return answer_changed_meanwhile(request, access, listing, group_gone_sentence())
    except UndoRunningError:
        return answer_changed_meanwhile(request, access, listing, undo_sentences.undo_running())
    return answer_done(request, access, listing, None if done.job_id else notification(done))


def notification(done: bulk.Done) -> Notification:
    """What an act on a selection did."""
    labels = {
        "deleted": _("Deleted"),
        "added": _("Added to groups"),
        "removed": _("Removed from groups"),
    }
    counts = tuple((labels[name], count) for name, count in done.changes.items())
    if "deleted" in done.changes:
        sentence = _("The addresses are out of the address book and of every group.")
        return Notification(sentence, counts, undo=done.act_id)
    return Notification(_("The groups of the selected addresses are changed."), counts, undo=done.act_id)
