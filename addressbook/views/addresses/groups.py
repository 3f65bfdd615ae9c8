"""The tree: create, rename, empty and delete groups."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import push_url, retarget

from addressbook import limits
from addressbook.forms.groups import GroupNameForm, RenameGroupForm, TargetGroupForm, name_problem
from addressbook.forms.listing import Listing, listing_from
from addressbook.models import BookSync, Group
from addressbook.services.addresses import bulk, groups, selection
from addressbook.services.addresses.bulk_jobs import UndoRunningError
from addressbook.services.addresses.groups import GroupGoneError, GroupNameTakenError, InvalidGroupNameError
from addressbook.services.addresses.selection import Selection, SelectionChangedError
from addressbook.views.addresses.found import group_gone_sentence, group_or_404, selection_changed
from addressbook.views.addresses.tree import tree_context
from addressbook.views.answers.answers import (
    Behind,
    Notification,
    OnScreen,
    answer_changed_meanwhile,
    answer_dialog,
    answer_done,
)
from addressbook.views.undo import undo_sentences
from workspace.models import Role
from workspace.views.pages import sentences
from workspace.views.pages.access import Access, to_book


@require_POST
@to_book(Role.MANAGER)
def create_group(request: HttpRequest, access: Access) -> HttpResponse:
    """From the field above the tree."""
    listing = listing_from(request.POST)
    group, problem = _create(request, access)
    if group is None:
        return _tree_problem(request, access, listing, problem)
    said = _("The group “%(group)s” was created.") % {"group": group.name}
    warning = _alike(access, group)
    answer = answer_done(
        request,
        access,
        replace(listing, group_id=group.pk, query="", page=1),
        Notification(f"{said} {warning}") if warning else None,
        announcement=said,
    )
    return push_url(answer, f"{reverse('console', args=[access.book.slug])}?group={group.pk}")


@require_POST
@to_book(Role.MANAGER)
def create_group_inline(request: HttpRequest, access: Access) -> HttpResponse:
    """From the field in "Edit group": answers with the new group's row, ticked, and the field, empty again."""
    group, problem = _create(request, access)
    context = {
        "book": access.book,
        "group": group,
        "problem": problem,
        "name": request.POST.get("name", "") if problem else "",
        "new_group_token": uuid4(),
        "alike": _alike(access, group) if group is not None else "",
    }
    if group is not None and "HX-Request" in request.headers:
        # The tree behind the popup, which may yet be cancelled: the group is there all the same.
        context |= tree_context(access)
    return render(request, "dialogs/new_group.html", context, status=422 if problem else 200)


def _alike(access: Access, group: Group) -> str:
    """A warning where another group is called nearly the same; "" where none is."""
    names = groups.alike(access.edition, group.name)
    if not names:
        return ""
    named = pgettext("between two in a list", ", ").join(f"“{name}”" for name in names[: limits.GROUPS_NAMED_PER_ROW])
    return _("Note that there is already a group with a similar name: %(names)s.") % {"names": named}


def _create(request: HttpRequest, access: Access) -> tuple[Group | None, str]:
    form = GroupNameForm(request.POST)
    if not form.is_valid():
        return None, _("This page was too old. Please reload it and try again.")
    name = form.cleaned_data["name"]
    try:
        group = groups.create_group(book=access.book, name=name, token=form.cleaned_data["token"], by=access.by)
    except (InvalidGroupNameError, GroupNameTakenError) as error:
        return None, name_problem(error, name=name)
    except groups.TooManyGroupsError:
        return None, sentences.too_many_groups()
    except GroupGoneError:
        return None, group_gone_sentence()
    return group, ""


def _tree_problem(request: HttpRequest, access: Access, listing: Listing, problem: str) -> HttpResponse:
    own = {"group_problem": problem, "new_group_name": request.POST.get("name", "")}
    if "HX-Request" in request.headers:
        context = {"book": access.book, "new_group_token": uuid4(), **own}
        # The form aims at the screen, for when it succeeds; its own place is where the problem belongs.
        return retarget(render(request, "new_group.html", context, status=422), "#new-group")
    return OnScreen(request, "console.html", own, Behind(access, listing), status=422)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def rename_group(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method == "GET":
        group = _target_of(request, access)
        shown = {"target": group.pk, "seen_name": group.name, "name": group.name}
        return _rename_dialog(request, access, listing_from(request.GET), shown)
    listing = listing_from(request.POST)
    form = RenameGroupForm(request.POST)
    if not form.is_valid():
        raise Http404
    values = form.cleaned_data
    try:
        groups.rename_group(
            book=access.book,
            group_id=values["target"],
            seen_name=values["seen_name"],
            name=values["name"],
            by=access.by,
        )
    except (InvalidGroupNameError, GroupNameTakenError) as error:
        problem = name_problem(error, name=values["name"])
        return _rename_dialog(request, access, listing, values, problem=problem, status=422)
    except groups.GroupRenamedMeanwhileError as error:
        problem = _("Somebody has just renamed this group to “%(name)s”. Press OK to rename it all the same.")
        values = {**values, "seen_name": error.name}
        return _rename_dialog(request, access, listing, values, problem=problem % {"name": error.name}, status=409)
    except GroupGoneError:
        return answer_changed_meanwhile(request, access, listing, group_gone_sentence())
    names = {"old": values["seen_name"], "new": values["name"]}
    said = _("The group “%(old)s” is called “%(new)s” now.") % names
    return answer_done(request, access, listing, None, announcement=said)


def _rename_dialog(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    values: dict[str, Any],
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "values": values,
        "problem": problem,
        "token": uuid4(),
        "is_synced": BookSync.objects.filter(book=access.book, is_on=True).exists(),
    }
    return answer_dialog(request, access, listing, "dialogs/rename_group.html", context, status=status)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def empty_group(request: HttpRequest, access: Access) -> HttpResponse:
    return _ask_then_do(request, access, "dialogs/empty_group.html", bulk.empty_group)


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def delete_group(request: HttpRequest, access: Access) -> HttpResponse:
    return _ask_then_do(request, access, "dialogs/delete_group.html", bulk.delete_group)


def _ask_then_do(request: HttpRequest, access: Access, template: str, act: Any) -> HttpResponse:
    """GET asks, naming the number of addresses; POST does it to that many, or asks again when it has moved."""
    if request.method == "GET":
        group = _target_of(request, access)
        pinned = selection.everything(book=access.book, group_id=group.pk)
        return _question(request, access, listing_from(request.GET), template, group, pinned)
    listing = listing_from(request.POST)
    form = TargetGroupForm(request.POST)
    if not form.is_valid():
        raise Http404
    values = form.cleaned_data
    pinned = Selection(group_id=values["target"], through_id=values["through"], seen_count=values["seen"])
    try:
        done = act(book=access.book, selection=pinned, token=values["token"], by=access.by)
    except GroupGoneError:
        return answer_changed_meanwhile(request, access, listing, group_gone_sentence())
    except UndoRunningError:
        return answer_changed_meanwhile(request, access, listing, undo_sentences.undo_running())
    except SelectionChangedError as change:
        group = group_or_404(access, values["target"])
        return _question(request, access, listing, template, group, change.now, change=change)
    return answer_done(request, access, listing, done_notification(done, template))


def _question(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    template: str,
    group: Group,
    pinned: Selection,
    change: SelectionChangedError | None = None,
) -> HttpResponse:
    context = {
        "target": group,
        "pinned": pinned,
        "token": uuid4(),
        "change": selection_changed(change) if change else "",
    }
    return answer_dialog(request, access, listing, template, context, status=409 if change else 200)


def done_notification(done: bulk.Done, template: str) -> Notification | None:
    if done.job_id is not None:
        return None  # the job's own line on the page says how far it is
    if "delete" in template:
        return Notification(_("The group “%(group)s” was deleted.") % {"group": done.subject}, undo=done.act_id)
    counts = ((_("Removed from group"), done.changes["removed"]),)
    sentence = _("The group “%(group)s” is empty now.") % {"group": done.subject}
    return Notification(sentence, counts, undo=done.act_id)


@require_GET
@to_book(Role.MANAGER)
def group_actions(request: HttpRequest, access: Access) -> HttpResponse:
    """The menu of a group as a dialog of its own, for a browser without scripts."""
    group = _target_of(request, access)
    return answer_dialog(request, access, listing_from(request.GET), "dialogs/group_actions.html", {"target": group})


def _target_of(request: HttpRequest, access: Access) -> Group:
    target = request.GET.get("target", "")
    if not (target.isascii() and target.isdigit()):
        raise Http404
    return group_or_404(access, int(target))
