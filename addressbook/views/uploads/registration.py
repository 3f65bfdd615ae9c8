"""The popup "Register address": what is pasted is sorted while it stands in the field, and registered on OK."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from addressbook.forms.listing import listing_from
from addressbook.forms.registration import RegistrationForm, RepairForm
from addressbook.models import Group
from addressbook.services.addresses import registration
from addressbook.services.addresses.groups import GroupGoneError
from addressbook.services.addresses.registration import Report
from addressbook.views.answers.answers import Notification, answer_dialog, answer_done, is_gone
from addressbook.views.uploads.popup_group import group_to_register_into
from addressbook.views.uploads.register_dialog import TEMPLATE, check_text, register_dialog
from addressbook.views.uploads.uploads import as_file, has_file, receive_file
from workspace.models import Role
from workspace.views.pages import sentences
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.body_limits import takes_files, takes_large_forms


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
@takes_files
def register(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method == "GET":
        listing = listing_from(request.GET)
        values = register_dialog(access, text="", into=listing.group_id or None)
        if is_gone(access, listing.group_id):
            values["problem"] = _("The group was deleted in the meantime. Choose another group.")
        return answer_dialog(request, access, listing, TEMPLATE, values)
    if has_file(request):
        return receive_file(request, access)
    listing = listing_from(request.POST)
    form = RegistrationForm(request.POST)
    if not form.is_valid():
        values = register_dialog(access, text=request.POST.get("text", ""), into=None)
        values["problem"] = _("This page was too old. Please press OK once more.")
        return answer_dialog(request, access, listing, TEMPLATE, values, status=422)
    text, into = form.cleaned_data["text"], form.cleaned_data["into"]
    token = form.cleaned_data["token"]
    if request.POST.get("as_file"):
        return receive_file(request, access, file=as_file(text))
    into, group_problem = group_to_register_into(
        access, into=into, new_group=form.cleaned_data["new_group"], token=token
    )
    if group_problem:
        values = {**register_dialog(access, text=text, into=into), "group_problem": group_problem}
        values["new_group"] = form.cleaned_data["new_group"]
        return answer_dialog(request, access, listing, TEMPLATE, values, status=422)
    try:
        report = registration.register_typed(book=access.book, group_id=into, text=text, token=token, by=access.by)
    except GroupGoneError:
        values = register_dialog(access, text=text, into=None)
        values["problem"] = _("The group was deleted meanwhile. Nothing was registered; choose another group.")
        return answer_dialog(request, access, listing, TEMPLATE, values, status=422)
    except registration.NoAddressesError:
        values = {**register_dialog(access, text=text, into=into), "problem": _("Type or paste at least one address.")}
        return answer_dialog(request, access, listing, TEMPLATE, values, status=422)
    except registration.TooManyAddressesError as error:
        values = {**register_dialog(access, text=text, into=into), "problem": sentences.too_many_addresses(error.count)}
        return answer_dialog(request, access, listing, TEMPLATE, values, status=422)
    rest = registration.left_over(registration.sort(text))
    dialog = (TEMPLATE, register_dialog(access, text=rest, into=into)) if rest else None
    return answer_done(request, access, listing, _notification(report), dialog=dialog)


@require_POST
@to_book(Role.MANAGER)
@takes_large_forms
def check_registration(request: HttpRequest, access: Access) -> HttpResponse:
    """What OK would do with the text as it stands; changes nothing."""
    return _checked(request, access, request.POST.get("text", ""))


@require_POST
@to_book(Role.MANAGER)
@takes_large_forms
def repair_registration(request: HttpRequest, access: Access) -> HttpResponse:
    """The text with one proposed repair taken, or all of them, and what OK would then do."""
    form = RepairForm(request.POST)
    form.is_valid()
    text = form.cleaned_data.get("text", "")
    try:
        proposals = registration.proposals(text)
    except registration.TooManyAddressesError:
        return _checked(request, access, text)
    if not form.cleaned_data.get("repair_all"):
        chosen = form.cleaned_data.get("repair", "")
        proposals = {entry: proposal for entry, proposal in proposals.items() if entry == chosen}
    return _checked(request, access, registration.repair(text, proposals), repaired=True)


def _checked(request: HttpRequest, access: Access, text: str, *, repaired: bool = False) -> HttpResponse:
    form = RegistrationForm(request.POST)
    form.is_valid()
    into = form.cleaned_data.get("into")
    if "HX-Request" not in request.headers:
        values = register_dialog(access, text=text, into=into)
        return answer_dialog(request, access, listing_from(request.POST), TEMPLATE, values)
    group = Group.objects.filter(edition=access.edition, pk=into).first() if into else None
    check = check_text(access, text, group) if text.strip() else None
    context = {"book": access.book, "text": text, "into": group, "check": check, "repaired": repaired}
    return render(request, "dialogs/registration_check.html", context)


def _notification(report: Report) -> Notification:
    counts = [
        (_("Registered"), report.registered),
        (_("Already there"), report.already_there),
        (_("Duplicates"), report.doubled),
        (_("Invalid"), report.invalid),
    ]
    if report.group:
        counts.insert(1, (_("Added to “%(group)s”") % {"group": report.group}, report.added_to_group))
    if report.invalid:
        sentence = _("Invalid addresses were not registered. They are still in the field, to be corrected.")
    else:
        sentence = _("The addresses are in the address book.")
    return Notification(sentence, tuple(counts), undo=report.act_id)
