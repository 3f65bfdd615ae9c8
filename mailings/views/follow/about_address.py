"""The dialog about one address of the book: "why did I get this mail?"."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from addressbook.forms.listing import listing_from
from addressbook.forms.selection import SelectionForm
from addressbook.services.addresses.disclosure import AddressGoneError
from addressbook.views.answers.answers import answer_changed_meanwhile, answer_dialog
from mailings.services import about_address
from mailings.views.follow import sentences
from mailings.views.suppressions.sentences import suppression_lines
from workspace.models import Role
from workspace.views.pages.access import Access, to_book


@require_POST
@to_book(Role.MANAGER)
def show_about_address(request: HttpRequest, access: Access) -> HttpResponse:
    listing = listing_from(request.POST)
    form = SelectionForm(request.POST, asking=True)
    chosen = form.selection().address_ids if form.is_valid() else None
    if not chosen:
        return answer_changed_meanwhile(request, access, listing, _("Select at least one address first."))
    try:
        about = about_address.about(book=access.book, edition=access.edition, address_id=chosen[0])
    except AddressGoneError:
        sentence = _("The selected addresses were deleted meanwhile. Nothing was changed.")
        return answer_changed_meanwhile(request, access, listing, sentence)
    context = {
        "about": about,
        "suppressions": [(row, suppression_lines(row)) for row in about.suppressions],
        "mails": [(row, *sentences.result(row)) for row in about.mails],
        "mails_unlisted": about.mail_count - len(about.mails),
    }
    return answer_dialog(request, access, listing, "mail/dialogs/about_address.html", context)
