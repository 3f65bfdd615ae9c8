"""The addresses behind the numbers of a draft's recipients, and the refused rows of its files."""

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from addressbook.views.uploads.uploads import refused_answer
from mailings.forms.draft import read_id
from mailings.services.recipients import behind, refused
from mailings.services.recipients.behind import PAGE_ROWS, Behind, Entry
from mailings.views.compose import file_sentences, sentences
from mailings.views.compose.draft import dialog, draft_context, draft_or_404
from workspace.models import Role
from workspace.views.books.masking import address_for, text_for
from workspace.views.pages.access import Access, to_book


@require_GET
@to_book(Role.MANAGER)
def show_behind(request: HttpRequest, access: Access, mailing_id: int, which: str) -> HttpResponse:
    if which not in set(Behind):
        raise Http404
    wanted = Behind(which)
    draft = draft_or_404(access, mailing_id)
    base = draft_context(access, draft)
    count = getattr(base["numbers"], wanted)
    last = max(1, -(-count // PAGE_ROWS))
    page = min(read_id(request.GET.get("page", "")) or 1, last)
    rows = behind.entries(draft, access.edition, wanted, page=page)
    context = {
        **base,
        "which": wanted,
        "label": sentences.behind_label(wanted),
        "count": count,
        "rows": [_row(entry, access) for entry in rows],
        "has_reasons": wanted in (Behind.CHOSEN, Behind.DOUBLED, Behind.INVALID),
        "page": page,
        "first": (page - 1) * PAGE_ROWS + 1,
        "last_row": (page - 1) * PAGE_ROWS + len(rows),
        "previous": page - 1,
        "following": page + 1 if page < last else 0,
        "dialog_template": "mail/dialogs/behind.html",
    }
    return dialog(request, context)


@require_GET
@to_book(Role.MANAGER)
def download_refused(request: HttpRequest, access: Access, mailing_id: int, source_id: int) -> HttpResponse:
    """The refused rows of a file in its own columns, each with its reason."""
    draft = draft_or_404(access, mailing_id)
    source = draft.sources.filter(pk=source_id).first()
    layout = refused.layout_of(source) if source else None
    if source is None or layout is None:
        raise Http404
    rows = refused.rows(source, layout, file_sentences.fault)
    answer = refused_answer(layout, rows, count=source.parameters["invalid"], stem=Path(source.parameters["name"]).stem)
    refused.record_fetch(draft=draft, source=source, by=access.by)
    return answer


def _row(entry: Entry, access: Access) -> tuple[str, str, str]:
    """The address, where it comes from, and why it is left out."""
    text = text_for(entry.text, access) if entry.code else address_for(entry.text, access)
    why = file_sentences.fault(entry.code, entry.character) if entry.code else ""
    if entry.row:
        place = {"row": entry.row, "reason": why or _("doubled")}
        why = _("Row %(row)s: %(reason)s") % place
    return text, text_for(sentences.source_text(entry.source), access), text_for(why, access)
