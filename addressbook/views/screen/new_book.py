"""Making a book."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from addressbook.services.sync import practice
from workspace.forms.books import BookForm
from workspace.services.books import books
from workspace.views.books.books import books_without_admin_for, too_old
from workspace.views.pages.access import actor, to_superusers


@require_http_methods(["GET", "POST"])
@to_superusers
def create_book(request: HttpRequest) -> HttpResponse:
    """Superusers make books and become their first admin."""
    form = BookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        book = books.create_book(**form.cleaned_data, by=actor(request))
        practice.begin(book, by=actor(request))
        messages.success(request, _("The address book “%(name)s” is ready.") % {"name": book.name})
        return redirect("console", slug=book.slug)
    if "token" in form.errors:
        messages.error(request, too_old())
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "token": uuid4(), "orphans": books_without_admin_for(request)}
    return render(request, "create_book.html", context, status=status)
