"""Undo: the question with what would change, and the deed."""

from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from addressbook.forms.listing import listing_from
from addressbook.services import undo
from addressbook.services.undo import NotUndoableError, Reason, Undone
from addressbook.views.answers.answers import Notification, answer_changed_meanwhile, answer_dialog, answer_done
from addressbook.views.undo import undo_sentences
from workspace.forms.submission import SubmissionForm
from workspace.models import Act, Role
from workspace.services import history
from workspace.views.history import history_sentences
from workspace.views.pages.access import Access, to_book


@require_GET
@to_book(Role.MANAGER)
def ask_undo(request: HttpRequest, access: Access, act_id: int) -> HttpResponse:
    """What the undo of an act would change now."""
    listing = listing_from(request.GET)
    try:
        act = undo.find(access.edition, act_id)
    except NotUndoableError as error:
        return answer_changed_meanwhile(request, access, listing, _refusal(error))
    shown = undo.preview(act)
    line = history.line_of(access.book, act)
    context = {
        "act": act,
        "line": line,
        "title": history_sentences.title(act.action),
        "sentence": history_sentences.sentence(line) if line else "",
        "changes": undo_sentences.changes(shown.does),
        "left": undo_sentences.left(shown.leaves),
        "token": uuid4(),
    }
    return answer_dialog(request, access, listing, "dialogs/undo.html", context)


@require_POST
@to_book(Role.MANAGER)
def apply_undo(request: HttpRequest, access: Access, act_id: int) -> HttpResponse:
    listing = listing_from(request.POST)
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        done = undo.undo(book=access.book, act_id=act_id, token=form.cleaned_data["token"], by=access.by)
    except NotUndoableError as error:
        return answer_changed_meanwhile(request, access, listing, _refusal(error))
    return answer_done(request, access, listing, None if done.job_id else _notification(done, act_id))


def _refusal(error: NotUndoableError) -> str:
    if error.why == Reason.GONE:
        raise Http404 from error
    return undo_sentences.refusal(error.why)


def _notification(done: Undone, act_id: int) -> Notification:
    title = history_sentences.title(Act.objects.get(pk=act_id).action)
    sentence = _("“%(act)s” is undone.") % {"act": title}
    left = undo_sentences.left(done.counts)
    if left:
        sentence = _("“%(act)s” is undone, as far as nobody has changed the same since.") % {"act": title}
    return Notification(sentence, undo_sentences.changes(done.counts), undo=done.act_id, notes=tuple(left))
