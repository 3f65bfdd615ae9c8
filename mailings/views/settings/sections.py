"""The sections of a book's settings that are about mail: senders, advertising details, rules for sending."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from libraries.email_addresses import InvalidEmailError
from mailings.forms.draft import read_id
from mailings.forms.settings import AdvertisingForm, RulesForm, SenderForm
from mailings.models import MailRules, Sender
from mailings.services import rules, senders
from mailings.services.rules import AdvertisingDetails, NotAllowedError, RulesChangedMeanwhileError, SendingRules
from mailings.services.senders import RefusedDomainError, SenderGoneError, SenderNameTooLongError, SenderTakenError
from workspace.models import AddressBook, Role
from workspace.views.pages.access import Access, to_book

_ADVERTISING = ("company", "contact_email", "telephone", "postal_address", "refusal_text")
_RULES = ("sending_role", "second_person_from", "monthly_quota", "blocked_hours", "retention_months")


def mail_settings(book: AddressBook, **forms: Any) -> dict[str, Any]:
    """What the sections show; `forms` that were sent with something wrong in them."""
    row: MailRules = rules.rules_of(book)
    initial = {name: getattr(row, name) for name in (*_ADVERTISING, *_RULES, "version")}
    return {
        "book": book,
        "senders": Sender.objects.filter(book=book).order_by("-is_default", "address"),
        "sender_form": forms.get("sender_form") or SenderForm(),
        "advertising_form": forms.get("advertising_form") or AdvertisingForm(initial=initial),
        "rules_form": forms.get("rules_form") or RulesForm(initial=initial),
    }


@require_POST
@to_book(Role.ADMIN)
def add_sender(request: HttpRequest, access: Access) -> HttpResponse:
    form = SenderForm(request.POST)
    if form.is_valid():
        try:
            sender = senders.add_sender(book=access.book, **form.cleaned_data, by=access.by)
        except InvalidEmailError:
            form.add_error("address", _("This is no email address."))
        except RefusedDomainError as error:
            form.add_error("address", _("The service does not send from %(domain)s.") % {"domain": error.domain})
        except SenderTakenError:
            form.add_error("address", _("This sender is there already."))
        except SenderNameTooLongError as error:
            text = _("The name has %(size)s bytes; at most 69 are allowed. A Hangul syllable has three.")
            form.add_error("name", text % {"size": error.size})
        except NotAllowedError as error:
            raise PermissionDenied from error
        else:
            messages.success(request, _("Mails can be sent from %(address)s now.") % {"address": sender.address})
            return redirect("book_settings", slug=access.book.slug)
    return _again(request, access, sender_form=form)


@require_POST
@to_book(Role.ADMIN)
def make_default_sender(request: HttpRequest, access: Access, sender_id: int) -> HttpResponse:
    try:
        sender = senders.make_default(book=access.book, sender_id=sender_id, by=access.by)
    except SenderGoneError as error:
        raise Http404 from error
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("New mails begin with %(address)s.") % {"address": sender.address})
    return redirect("book_settings", slug=access.book.slug)


@require_POST
@to_book(Role.ADMIN)
def remove_sender(request: HttpRequest, access: Access, sender_id: int) -> HttpResponse:
    try:
        senders.remove_sender(book=access.book, sender_id=sender_id, by=access.by)
    except NotAllowedError as error:
        raise PermissionDenied from error
    messages.success(request, _("The sender is removed."))
    return redirect("book_settings", slug=access.book.slug)


@require_POST
@to_book(Role.ADMIN)
def change_advertising(request: HttpRequest, access: Access) -> HttpResponse:
    form = AdvertisingForm(request.POST)
    if not form.is_valid():
        return _again(request, access, advertising_form=form)
    details = AdvertisingDetails(**{name: form.cleaned_data[name] for name in _ADVERTISING})
    return _change(request, access, form.cleaned_data["version"], details)


@require_POST
@to_book(Role.ADMIN)
def change_rules(request: HttpRequest, access: Access) -> HttpResponse:
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _again(request, access, rules_form=form)
    wanted = SendingRules(**{name: form.cleaned_data[name] for name in _RULES})
    return _change(request, access, form.cleaned_data["version"], wanted)


def _change(request: HttpRequest, access: Access, seen: int, to: AdvertisingDetails | SendingRules) -> HttpResponse:
    try:
        rules.change_rules(book=access.book, seen_version=read_id(str(seen)) or 0, to=to, by=access.by)
    except RulesChangedMeanwhileError:
        messages.error(request, _("Somebody else has just changed these settings. Look at them and save again."))
    except NotAllowedError as error:
        raise PermissionDenied from error
    else:
        messages.success(request, _("The settings are saved."))
    return redirect("book_settings", slug=access.book.slug)


def _again(request: HttpRequest, access: Access, **forms: Any) -> HttpResponse:
    context = {"access": access, **mail_settings(access.book, **forms)}
    return render(request, "mail/settings_again.html", context, status=422)
