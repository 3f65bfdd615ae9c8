"""One address in full, where the book is masked."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from addressbook.forms.listing import listing_from
from addressbook.forms.selection import SelectionForm
from addressbook.services.addresses import disclosure
from addressbook.views.answers.answers import answer_changed_meanwhile, answer_dialog
from workspace.models import Role
from workspace.views.pages.access import Access, to_book


@require_POST
@to_book(Role.MANAGER)
def show_address(request: HttpRequest, access: Access) -> HttpResponse:
    """The address in a dialog; that it was shown is in the history."""
    listing = listing_from(request.POST)
    form = SelectionForm(request.POST, asking=True)
    chosen = form.selection().address_ids if form.is_valid() else None
    if not chosen:
        return answer_changed_meanwhile(request, access, listing, _("Select at least one address first."))
    try:
        address = disclosure.show(book=access.book, address_id=chosen[0], by=access.by)
    except disclosure.AddressGoneError:
        sentence = _("The selected addresses were deleted meanwhile. Nothing was changed.")
        return answer_changed_meanwhile(request, access, listing, sentence)
    return answer_dialog(request, access, listing, "dialogs/show_address.html", {"shown_in_full": address.email})
