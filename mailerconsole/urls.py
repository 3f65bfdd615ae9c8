from django.urls import include, path
from django.views.generic import RedirectView

from mailerconsole.operations.health_pages import healthz, metrics_page, readyz

handler400 = "workspace.views.pages.errors.bad_request"
handler403 = "workspace.views.pages.errors.forbidden"
handler404 = "workspace.views.pages.errors.not_found"
handler500 = "workspace.views.pages.errors.server_error"

urlpatterns = [
    path("", include("addressbook.urls")),
    path("", include("mailings.urls")),
    # Where users were kept before; old bookmarks lead on.
    path("admin/", RedirectView.as_view(pattern_name="users"), name="old_admin"),
    path("admin/password_change/", RedirectView.as_view(pattern_name="change_password"), name="old_password_change"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
]
