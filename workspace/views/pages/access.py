"""The only way from a request to an object: who asks, whether they belong there, and whether it exists."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from workspace.models import AddressBook, BookMember, Edition, Masking, Role
from workspace.services.history import audit
from workspace.services.history.audit import Actor
from workspace.services.people import second_factor

P = ParamSpec("P")

# In the session: the book that `home` opens.
LAST_BOOK = "book"


@dataclass(frozen=True, slots=True)
class Access:
    """A member at the door of a book: what a view needs to know of both."""

    book: AddressBook
    edition: Edition
    role: Role
    by: Actor

    @property
    def may_edit(self) -> bool:
        return self.role.includes(Role.MANAGER)

    @property
    def may_manage(self) -> bool:
        return self.role.includes(Role.ADMIN)

    @property
    def sees_masked(self) -> bool:
        """Whether addresses are shown to them as in ho***@example.com (`views.masking`)."""
        return Masking(self.book.masking).applies_to(self.role)

    @property
    def books(self) -> QuerySet[AddressBook]:
        """All that the user may enter, this one among them: a query each time that it is asked for."""
        return AddressBook.objects.filter(members__user=self.by.user).order_by("name", "pk")


def actor(request: HttpRequest) -> Actor:
    """Who acts in this request; only behind a sign-in."""
    user = request.user
    if isinstance(user, SimpleLazyObject):
        user = user._wrapped
    return Actor(user, client_address(request))  # type: ignore[arg-type]


def client_address(request: HttpRequest) -> str | None:
    """The network address of the client.

    X-Forwarded-For is believed only as far as proxies of our own wrote it: each appends the address that it saw, so
    the client's stands settings.TRUSTED_PROXIES places from the right; anything further left it may have made up.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        return _read_address(hops[-settings.TRUSTED_PROXIES])
    return _read_address(request.META.get("REMOTE_ADDR") or "")


def _read_address(text: str) -> str | None:
    """The address as PostgreSQL takes it. Proxies also write `192.0.2.1:4711`, `[2001:db8::1]:4711` and `unknown`."""
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    else:
        host = text.partition(":")[0] if text.count(":") == 1 else text
    try:
        return str(ip_address(host.partition("%")[0]))  # without the zone of fe80::1%eth0
    except ValueError:
        return None


def to_book(
    role: Role,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Access, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, str, P], HttpResponse],
]:
    """Let the view be reached at a book's slug by its members of at least `role`; it gets an `Access` instead.

    Not signed in: to the sign-in page. Not a member: 404, as if the book did not exist. A lesser role: 403, recorded.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, Access, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, str, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            access = _enter(request, slug, role)
            _remember(request, access.book)
            if role is Role.ADMIN and lacks_second_factor(request):
                return to_account(request)
            return view(request, access, *args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let the view, which belongs to no book, be reached by whoever is signed in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request: HttpRequest = args[0]  # type: ignore[assignment]
        return view(*args, **kwargs) if request.user.is_authenticated else to_sign_in(request)

    return guarded


def to_superusers(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let the view be reached by superusers, with two-factor sign-in where the operator asks for it."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request: HttpRequest = args[0]  # type: ignore[assignment]
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if not request.user.is_superuser:
            raise PermissionDenied
        return to_account(request) if lacks_second_factor(request) else view(*args, **kwargs)

    return guarded


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether the operator asks admins for two-factor sign-in, and this one has not turned it on."""
    return settings.TWO_FACTOR_FOR_ADMINS and not second_factor.is_on(actor(request).user)


def to_account(request: HttpRequest) -> HttpResponse:
    """Where it is turned on."""
    messages.info(request, _("This console asks admins for two-factor sign-in. Set it up here, then go on."))
    url = reverse("account")
    return HttpResponseClientRedirect(url) if "HX-Request" in request.headers else redirect(url)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; to htmx 401, lest it appear inside a table.

    The script goes to the sign-in page, unless a dialog is open: then what was typed there must stay.
    """
    if "HX-Request" in request.headers:
        return HttpResponse(status=401)
    match = request.resolver_match
    if request.method not in {"GET", "HEAD"} and match:
        # What was sent is lost, and what it was sent to may be no page.
        slug = match.kwargs.get("slug")
        return redirect_to_login(reverse("console", args=[slug]) if slug else reverse("home"))
    return redirect_to_login(request.get_full_path())


def _remember(request: HttpRequest, book: AddressBook) -> None:
    # htmx also asks by itself, for a page that is open in another tab. Written only when it changes: a write a page.
    if "HX-Request" not in request.headers and request.session.get(LAST_BOOK) != book.pk:
        request.session[LAST_BOOK] = book.pk


def _enter(request: HttpRequest, slug: str, role: Role) -> Access:
    by = actor(request)
    member = BookMember.objects.select_related("book__current_edition").filter(book__slug=slug, user=by.user).first()
    if member is None or member.book.current_edition is None:
        raise Http404
    access = Access(member.book, member.book.current_edition, Role(member.role), by)
    if not access.role.includes(role):
        audit.record_refusal(by=access.by, book=access.book, path=request.path, detail={"role": access.role})
        raise PermissionDenied
    return access
