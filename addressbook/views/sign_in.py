"""The door: signing in, and the language, which can be chosen before that."""

from urllib.parse import urlsplit

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve, reverse
from django.views.i18n import set_language

from addressbook.views.methods import is_page
from addressbook.views.step_up import password_was_given


class SignIn(LoginView):
    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        password_was_given(self.request)
        return response

    def get_redirect_url(self) -> str:  # type: ignore[override]
        """Where the user was going; never an act, which a redirect cannot do, nor back to this page, over and over."""
        wanted = super().get_redirect_url()
        path = urlsplit(wanted).path
        if path in {reverse("sign_in"), reverse("sign_out")}:
            return ""
        return wanted if is_page(path) else page_instead_of(path)


def page_instead_of(path: str) -> str:
    """The page nearest to an act: that of its book."""
    try:
        slug = resolve(path).kwargs.get("slug")
    except Resolver404:
        slug = None
    return reverse("console", args=[slug]) if slug else resolve_url("home")


def choose_language(request: HttpRequest) -> HttpResponse:
    """Django's, and back to the group and page that the address bar says.

    The form is part of the page as it was loaded; htmx has since changed the list and the address, but not the form.
    """
    response = set_language(request)
    here, target = urlsplit(request.headers.get("Referer", "")), urlsplit(response.get("Location", ""))
    if here.netloc == request.get_host() and here.path == target.path:
        response["Location"] = target._replace(query=here.query).geturl()
    return response
