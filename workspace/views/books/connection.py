"""The API keys of a book on its settings page, and whether the service can be reached with them."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from libraries.outbound_mailer import InvalidRequestError
from workspace.forms.connection import KeysForm
from workspace.models import Role
from workspace.services.books import connection, keys
from workspace.services.people import sealing
from workspace.views.books.books import settings_page
from workspace.views.books.connection_sentences import Verdict, verdict_on_failure, verdict_on_success
from workspace.views.pages.access import Access, to_book
from workspace.views.people.step_up import after_fresh_sign_in, with_fresh_sign_in


@require_http_methods(["GET", "HEAD", "POST"])
@to_book(Role.ADMIN)
@after_fresh_sign_in
@sensitive_post_parameters("access_key", "secret_key")
@sensitive_variables("form", "values")
def change_keys(request: HttpRequest, access: Access) -> HttpResponse:
    """A page of its own: the password is asked for before the form is shown, so that no question carries a secret."""
    if request.method != "POST":
        return _keys_page(request, access, KeysForm(initial={"base_url": connection.target_of(access.book).base_url}))
    form = KeysForm(request.POST)
    if not form.is_valid():
        if "token" in form.errors:
            messages.error(request, _("This page was too old. Please check the fields and send them again."))
        return _keys_page(request, access, form)
    values = form.cleaned_data
    try:
        keys.change_keys(book=access.book, **values, by=access.by)
    except keys.SecretMissingError:
        form.add_error("secret_key", _("An access key needs its own secret key."))
    except keys.AccessKeyMissingError:
        form.add_error("access_key", _("Type the access key."))
    except InvalidRequestError as error:
        form.add_error(
            error.field, _("A key consists of Latin letters, digits and signs, without spaces. Please copy it again.")
        )
    except keys.HostNotAllowedError:
        form.add_error("base_url", _("The operator of this server does not allow this host (any more)."))
    except (sealing.KeyLostError, sealing.UnusableKeyError):
        sentence = _("The server has lost what keys are encrypted with. Type both keys, or ask its operator.")
        form.add_error("access_key", sentence)
    else:
        messages.success(request, _("The keys are saved. Test the connection, then look whether sync is on."))
        return redirect("book_settings", slug=access.book.slug)
    return _keys_page(request, access, form)


@require_POST
@to_book(Role.ADMIN)
def test_connection(request: HttpRequest, access: Access) -> HttpResponse:
    """One call that changes nothing there, with the keys that are kept; for htmx only what it said."""
    verdict = _verdict(access)
    if "HX-Request" in request.headers:
        return render(request, "connection.html#connection-verdict", {"verdict": verdict})
    return settings_page(request, access, verdict=verdict)


@require_GET
@to_book(Role.ADMIN)
def ask_remove_keys(request: HttpRequest, access: Access) -> HttpResponse:
    target = connection.target_of(access.book)
    if not target.masked_access_key:
        return _removed(request, access)
    return render(request, "remove_keys.html", {"access": access, "book": access.book, "target": target})


@require_POST
@to_book(Role.ADMIN)
@with_fresh_sign_in
def remove_keys(request: HttpRequest, access: Access) -> HttpResponse:
    keys.remove_keys(book=access.book, by=access.by)
    return _removed(request, access)


def _keys_page(request: HttpRequest, access: Access, form: KeysForm) -> HttpResponse:
    context = {
        "access": access,
        "book": access.book,
        "target": connection.target_of(access.book),
        "keys_form": form,
        "token": uuid4(),
    }
    return render(request, "keys.html", context, status=422 if request.method == "POST" else 200)


def _removed(request: HttpRequest, access: Access) -> HttpResponse:
    messages.success(request, _("The keys are removed."))
    return redirect("book_settings", slug=access.book.slug)


def _verdict(access: Access) -> Verdict:
    try:
        counts = connection.try_out(access.book)
    except (connection.NotConnectedError, connection.MailerError) as error:
        return verdict_on_failure(error, access.book)
    return verdict_on_success(counts)
