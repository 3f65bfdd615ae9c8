from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.models import User
from workspace.services.books import books
from workspace.views.pages.access import lacks_second_factor, to_account


class PersonForm(UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User
        help_texts = {
            "is_active": gettext_lazy(
                "Untick this when somebody leaves: they can no longer sign in. Users cannot be deleted, since the "
                "history speaks of them. The last admin of an address book stays active."
            )
        }

    def clean_is_active(self) -> bool:
        active: bool = self.cleaned_data["is_active"]
        if self.instance.is_active and not active and (alone := books.managed_only_by(self.instance, lock=True)):
            names = ", ".join(book.name for book in alone)
            raise ValidationError(
                _("This user is the only admin of: %(books)s. Make somebody else admin there first."),
                params={"books": names},
            )
        return active


class PersonAdmin(UserAdmin):
    form = PersonForm
    # Django's groups hold permissions, which are not asked for here, and would be taken for recipient groups.
    filter_horizontal = ("user_permissions",)
    list_filter = ("is_staff", "is_superuser", "is_active")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (title, {**options, "fields": tuple(name for name in options["fields"] if name != "groups")})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody's: memberships would go with the user, and a book could be left without an admin."""
        return False


def to_own_sign_in(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Our own door in the place of Django's, which neither slows guessing nor asks for a code."""
    if request.user.is_authenticated and request.user.is_staff and lacks_second_factor(request):
        return to_account(request)
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


def has_permission(request: HttpRequest) -> bool:
    """Django's, and two-factor sign-in where the operator asks for it."""
    return request.user.is_active and request.user.is_staff and not lacks_second_factor(request)


admin.site.has_permission = has_permission  # type: ignore[method-assign]
admin.site.login = to_own_sign_in  # type: ignore[method-assign]
# People are kept in Django's admin; books and what is in them only through the product's own pages and services.
admin.site.register(User, PersonAdmin)
admin.site.unregister(Group)
