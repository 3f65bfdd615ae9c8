"""The first minutes: sample addresses for an empty book, and hints that are put away."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from addressbook.forms.listing import Listing
from addressbook.forms.welcome import PutAwayForm
from addressbook.services.addresses.groups import TooManyGroupsError
from addressbook.services.beginnings import samples
from addressbook.views.answers.answers import Notification, answer_changed_meanwhile, answer_done
from addressbook.views.screen.hints import shown_hint
from workspace.forms.submission import SubmissionForm
from workspace.models import Role
from workspace.numbers import number
from workspace.services.people import hints
from workspace.views.pages import sentences
from workspace.views.pages.access import Access, to_book


@require_POST
@to_book(Role.MANAGER)
def load_samples(request: HttpRequest, access: Access) -> HttpResponse:
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        sentence = _("This page was too old. Please try again.")
        return answer_changed_meanwhile(request, access, Listing(), sentence)
    try:
        loaded = samples.load(book=access.book, token=form.cleaned_data["token"], by=access.by)
    except samples.NotOfferedError:
        sentence = _("Samples go only into an empty address book that is not connected to a mail service.")
        return answer_changed_meanwhile(request, access, Listing(), sentence)
    except TooManyGroupsError:
        return answer_changed_meanwhile(request, access, Listing(), sentences.too_many_groups())
    sentence = ngettext(
        "%(number)s sample address is loaded. It reaches nobody. “Undo” or “Reset” takes it out again.",
        "%(number)s sample addresses are loaded. They reach nobody. “Undo” or “Reset” takes them out again.",
        loaded.registered,
    ) % {"number": number(loaded.registered)}
    counts = ((_("Registered"), loaded.registered), (_("Groups"), loaded.groups))
    return answer_done(request, access, Listing(), Notification(sentence, counts, undo=loaded.act_id))


@require_POST
@to_book(Role.VIEWER)
def put_hint_away(request: HttpRequest, access: Access) -> HttpResponse:
    """One hint or all of them; answers with the next one, if there is any."""
    form = PutAwayForm(request.POST)
    if form.is_valid():
        chosen = [hints.Hint(name) for name in form.cleaned_data["hint"]]
        hints.put_away(user=access.by.user, hints=chosen)
    if "HX-Request" in request.headers:
        return render(request, "console.html#hint", {"book": access.book, "hint": shown_hint(access)})
    return redirect("console", slug=access.book.slug)
