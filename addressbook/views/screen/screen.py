"""The screen "Address book": the tree, the list, and what every act on them answers with."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from addressbook import limits
from addressbook.forms.listing import CountingForm, Listing, listing_from
from addressbook.forms.selection import SelectionForm
from addressbook.models import Download, Group, Upload
from addressbook.models.groups import TreeGroup
from addressbook.services import sync
from addressbook.services.addresses.selection import Selection
from addressbook.services.beginnings import samples
from addressbook.views.addresses import look_ups
from addressbook.views.downloads.download_dialog import download_lines
from addressbook.views.reset import recovery
from addressbook.views.screen.hints import shown_hint
from addressbook.views.screen.listing import address_page, chosen_group
from addressbook.views.screen.strips import Surroundings, surroundings_of
from addressbook.views.sync.sync_sentences import line_of
from workspace.models import Job, JobState, LeasedWork, Role
from workspace.models.work import UNFINISHED
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.answers import asked_part


@dataclass(frozen=True, slots=True)
class Notification:
    """What an act brought about: a sentence, label and number line by line, and sentences on what was left undone.

    `undo`: the id of the act, where it can be undone.
    """

    sentence: str
    counts: tuple[tuple[str, int], ...] = ()
    undo: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """A line above the list: `row` is what its template shows, `work` the row of the database."""

    kind: str
    row: Any
    work: LeasedWork


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.VIEWER)
def console(request: HttpRequest, access: Access) -> HttpResponse:
    """GET shows a group and page; POST also searches, since an address must not stand in a URL."""
    data = request.POST if request.method == "POST" else request.GET
    listing = listing_from(data)
    group_gone = False
    if request.method != "POST":
        listing = replace(listing, query="")
    elif group_gone := is_gone(access, listing.group_id):
        # Somebody looked at it while it was deleted; Refresh must lead on.
        listing = replace(listing, group_id=None, page=1)
    kept = request.session.get("page_size", limits.DEFAULT_PAGE_SIZE_ROWS)
    if "size" not in data:
        listing = replace(listing, size=kept)
    elif listing.size != kept:
        request.session["page_size"] = listing.size
    looked_up, problem = (
        look_ups.ask(request, access, listing.query) if access.sees_masked and not access.may_edit else ("", "")
    )
    everything = None if group_gone else _everything_kept(request, access)
    part = asked_part(request, ("addresses", "results", "found"))
    if part:
        may_count_later = part == "results"
        context = list_context(
            request, access, listing, looked_up=looked_up, everything=everything, may_count_later=may_count_later
        )
    else:
        context = console_context(request, access, listing, looked_up=looked_up, everything=everything)
    context |= {"group_gone": group_gone, "search_problem": problem}
    if part == "found":
        context["counting"] = CountingForm(request.POST).token()
        return render(request, "counted.html", context)
    if asked_part(request, ("console",)):
        # Refresh, or after a job: the line of the sync stands outside of what is asked for.
        return render(request, "refreshed.html", context)
    return render(request, f"console.html#{part}" if part else "console.html", context)


def _everything_kept(request: HttpRequest, access: Access) -> Selection | None:
    """All that the list finds, where the user had selected that and only turns the page."""
    if request.method != "POST" or "everything" not in request.POST or not access.may_edit:
        return None
    form = SelectionForm(request.POST, asking=True)
    return form.selection() if form.is_valid() else None


def is_gone(access: Access, group_id: int | None) -> bool:
    return group_id is not None and not Group.objects.filter(edition=access.edition, pk=group_id).exists()


def list_context(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    *,
    everything: Selection | None = None,
    looked_up: str = "",
    tree: list[TreeGroup] | None = None,
    may_count_later: bool = False,
) -> dict[str, Any]:
    """What the list shows. `everything`: all that it finds, when the user has selected that.

    `looked_up`: the key of the address that is searched for by somebody to whom addresses are masked. `tree`: all
    groups, where they were read. `may_count_later`: what is shown asks for its count by itself, where that takes time.
    """
    # Managers search in full what they see masked: they could download it.
    masked = access.sees_masked and not access.may_edit
    group = chosen_group(access.edition, listing, tree)
    page = address_page(
        access.edition, group, listing, masked=masked, looked_up=looked_up, may_count_later=may_count_later
    )
    return {
        "access": access,
        "book": access.book,
        "edition": access.edition,
        "page": page,
        "listing": page.listing,
        "everything": everything,
        "counting": None if page.is_counted else uuid4(),
        "samples_offered": access.may_edit and samples.are_offered(access.book, access.edition),
        "samples_token": uuid4(),
        "mail_token": uuid4(),
    }


def console_context(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    *,
    everything: Selection | None = None,
    looked_up: str = "",
) -> dict[str, Any]:
    """All that the screen shows: the list as in `list_context`, the tree, and what stands above them."""
    tree = Group.objects.filter(edition=access.edition).as_tree()
    around = surroundings_of(access)
    return {
        **list_context(request, access, listing, everything=everything, looked_up=looked_up, tree=tree),
        "groups": tree,
        "new_group_token": uuid4(),
        "recovery_copy": recovery.banner(request, access) if around.copies else None,
        "is_practice": bool(settings.SIMULATOR_PORT) and not around.connection,
        "hint": shown_hint(access),
        **jobs_context(access, around),
        **sync_context(access, around),
    }


def tree_context(access: Access) -> dict[str, Any]:
    """What the tree alone needs, to be replaced beside something else; the script marks the chosen group."""
    return {
        "access": access,
        "edition": access.edition,
        "groups": Group.objects.filter(edition=access.edition).as_tree(),
        "late_groups": sync_context(access)["late_groups"],
        "tree_out_of_band": True,
    }


def sync_context(access: Access, around: Surroundings | None = None) -> dict[str, Any]:
    """The line of the sync. It is asked for again only while something moves."""
    around = around or surroundings_of(access)
    status = sync.status_of(around.sync, has_leftovers=around.leftovers)
    polls = {
        sync.State.SENDING: limits.SYNC_POLL_SECONDS,
        sync.State.LANDING: limits.SYNC_POLL_SECONDS,
        sync.State.WAITING: limits.SYNC_WAITING_POLL_SECONDS,
    }
    is_quiet = status.state in {sync.State.OFF, sync.State.IN_SYNC, sync.State.SETTLED, sync.State.DIFFERS}
    return {
        "sync": status,
        "sync_line": line_of(status),
        "sync_poll_seconds": polls.get(status.state, 0),
        "late_groups": set() if is_quiet else sync.groups_on_their_way(access.edition),
    }


def jobs_context(access: Access, around: Surroundings | None = None) -> dict[str, Any]:
    """The lines of the work that goes on after the answer, and of results that the user has not put away."""
    around = around or surroundings_of(access)
    own = {"edition": access.edition}
    jobs = Job.objects.filter(**own).select_related("requested_by", "act")
    uploads = Upload.objects.without_details().filter(**own).select_related("act")
    user_id = access.by.user.pk
    lines: dict[str, list[LeasedWork]] = {
        "jobs": list(jobs.shown_to(user_id).order_by("pk")) if around.jobs else [],
        "uploads": list(uploads.shown_to(user_id).order_by("pk")) if around.uploads else [],
        "erasures": list(recovery.erasures(access)) if around.erasures else [],
    }
    files = download_lines(access, Download.objects.filter(**own).shown_to(user_id)) if around.downloads else []
    works = [*chain(*lines.values()), *(line.download for line in files)]
    is_unfinished = any(work.state in UNFINISHED for work in works)
    strips = [Strip(name, row, row) for name in ("erasures", "jobs", "uploads") for row in lines[name]]
    strips += [Strip("downloads", line, line.download) for line in files]
    # What goes on and what failed is looked for; of what is done it is enough to say how many.
    done = [strip for strip in strips if strip.work.state == JobState.COMPLETE]
    others = sorted((s for s in strips if s not in done), key=lambda strip: strip.work.finished_at is not None)
    if len(done) < limits.FINISHED_LINES_IN_ONE:
        others, done = [*others, *done], []
    return {**lines, "downloads": files, "jobs_unfinished": is_unfinished, "strips": others, "done_strips": done}


def answer_dialog(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """A dialog: alone for htmx, which puts it into #dialog; else the whole screen with the dialog open."""
    own = {
        "access": access,
        "book": access.book,
        "listing": listing,
        "dialog_template": template,
        **context,
    }
    if "HX-Request" in request.headers:
        return render(request, "dialogs/alone.html", own, status=status)
    page = console_context(request, access, listing)
    return render(request, "console.html", {**page, **own}, status=status)


def answer_done(
    request: HttpRequest,
    access: Access,
    listing: Listing,
    notification: Notification | None,
    *,
    dialog: tuple[str, dict[str, Any]] | None = None,
    announcement: str = "",
) -> HttpResponse:
    """The screen after an act: what it brought about, and the tree and list as they are now.

    `dialog` (template and context) stays open behind the notification; otherwise the one that asked is closed.
    `announcement` is said to those who do not see the change, where no notification says it.
    """
    access.edition.refresh_from_db()
    if is_gone(access, listing.group_id):
        listing = replace(listing, group_id=None, page=1)
    context = console_context(request, access, listing)
    context |= {"notification": notification, "announcement": announcement}
    if dialog is not None:
        template, own = dialog
        context.update(own, dialog_template=template)
    if "HX-Request" in request.headers:
        return render(request, "outcome.html", context)
    return render(request, "console.html", context)


def answer_changed_meanwhile(request: HttpRequest, access: Access, listing: Listing, sentence: str) -> HttpResponse:
    """The screen as it is now, and why the act did not happen."""
    return answer_done(request, access, listing, Notification(sentence))


def group_gone_sentence() -> str:
    return _("The group was deleted meanwhile. Nothing was changed.")
