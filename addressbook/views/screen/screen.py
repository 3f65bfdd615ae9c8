"""The screen "Address book": the tree, the list, and what stands above them."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from addressbook import limits
from addressbook.forms.listing import CountingForm, Listing, listing_from
from addressbook.forms.selection import SelectionForm
from addressbook.models import Group
from addressbook.models.addresses import NEWEST
from addressbook.models.groups import TreeGroup
from addressbook.services import sync
from addressbook.services.addresses.selection import Selection
from addressbook.services.beginnings import samples
from addressbook.views.addresses import look_ups
from addressbook.views.answers.answers import is_gone
from addressbook.views.reset import recovery
from addressbook.views.screen.hints import shown_hint
from addressbook.views.screen.listing import address_page, chosen_group, upload_name
from addressbook.views.screen.strips import surroundings_of
from addressbook.views.sync.sync_line import sync_context
from workspace.models import Role
from workspace.views.books.masking import text_for
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.answers import asked_part
from workspace.views.work.strips import strips_context


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
    if masked and listing.sort in ("a-z", "z-a"):
        # The order would tell how masked addresses begin.
        listing = replace(listing, sort=NEWEST)
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
        "may_sort": not masked,
        "upload_name": text_for(upload_name(access.edition, listing.filters.upload_id), access),
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
        **strips_context(access, around.work),
        **sync_context(access, sync.status_of(around.sync, has_leftovers=around.leftovers)),
    }
