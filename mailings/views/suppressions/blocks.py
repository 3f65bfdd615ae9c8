"""The page *Send block list*."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mailings.forms.draft import read_id
from mailings.services.rules import NotAllowedError
from mailings.services.suppressions import blocks, reading
from mailings.services.suppressions.blocks import LookedUp, NoAddressesError, TooManyAtOnceError
from mailings.views.suppressions import sentences
from workspace.models import Role
from workspace.views.books.connection_sentences import verdict_on_failure
from workspace.views.pages.access import Access, to_book
from workspace.views.pages.sentences import invalid_reason


@require_GET
@to_book(Role.VIEWER)
def send_block_list(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access)


@require_POST
@to_book(Role.MANAGER)
def look_up_blocks(request: HttpRequest, access: Access) -> HttpResponse:
    text = request.POST.get("text", "")
    try:
        found = blocks.look_up(book=access.book, text=text, by=access.by)
    except NoAddressesError:
        return _page(request, access, problem=_("Type an address."), status=422)
    except TooManyAtOnceError as error:
        return _page(request, access, text=text, problem=sentences.too_many_to_look_up(error.count), status=422)
    except NotAllowedError as error:
        raise PermissionDenied from error
    return _page(request, access, text=text, **_told(access, found))


def _told(access: Access, found: LookedUp) -> dict[str, Any]:
    told: dict[str, Any] = {
        "answers": found.answers,
        "invalid": [(entry.text, invalid_reason(entry.error)) for entry in found.invalid],
    }
    if found.problem is not None:
        told["unasked"] = len(found.unasked)
        told["problem"] = verdict_on_failure(found.problem, access.book).sentence
    return told


def _page(request: HttpRequest, access: Access, *, status: int = 200, **values: Any) -> HttpResponse:
    code = request.GET.get("code", "")[:60]
    past = request.GET.get("past") == "1"
    before = read_id(request.GET.get("before", ""))
    context = {
        "access": access,
        "book": access.book,
        "text": "",
        "code": code,
        "past": past,
        "now": timezone.now(),
        "codes": reading.codes(access.book, past=past),
        "page": reading.blocked(access.book, code=code, past=past, before=before),
        "is_later_page": before is not None,
        **values,
    }
    return render(request, "mail/send_blocks.html", context, status=status)
