"""Taking back what a list of refusals registered."""

from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from addressbook.forms.listing import listing_from
from addressbook.services.uploads.lists import NoReasonError
from addressbook.services.uploads.ready_lists import EmptyListError
from addressbook.views.answers.answers import answer_changed_meanwhile, answer_dialog
from addressbook.views.uploads.uploads import answer_upload, upload_or_404
from mailings.forms.suppressions import TakeBackForm
from mailings.services.rules import NotAllowedError
from mailings.services.suppressions import of_lists
from workspace.models import Role
from workspace.views.pages.access import Access, to_book

_DIALOG = "mail/dialogs/take_back.html"


@require_http_methods(["GET", "POST"])
@to_book(Role.MANAGER)
def take_back_unsubscribes(request: HttpRequest, access: Access, upload_id: int) -> HttpResponse:
    upload = upload_or_404(access, upload_id)
    if not upload.registered_refusals:
        raise Http404
    listing = listing_from(request.POST if request.method == "POST" else request.GET)
    context = {"upload": upload, "token": uuid4(), "reason": request.POST.get("reason", "")}
    if request.method == "GET":
        return answer_dialog(request, access, listing, _DIALOG, context)
    form = TakeBackForm(request.POST)
    if not form.is_valid():
        problem = (
            _("The reason is too long.") if "reason" in form.errors else _("This page was too old. Please try again.")
        )
        return answer_dialog(request, access, listing, _DIALOG, {**context, "problem": problem}, status=422)
    try:
        removing = of_lists.take_back(
            book=access.book,
            upload_id=upload_id,
            reason=form.cleaned_data["reason"],
            token=form.cleaned_data["token"],
            by=access.by,
        )
    except NoReasonError:
        problem = _("Say why they may get advertising again.")
        return answer_dialog(request, access, listing, _DIALOG, {**context, "problem": problem}, status=422)
    except EmptyListError:
        sentence = _("Nothing of this list can be taken back any more.")
        return answer_changed_meanwhile(request, access, listing, sentence)
    except NotAllowedError as error:
        raise PermissionDenied from error
    return answer_upload(request, access, removing)
