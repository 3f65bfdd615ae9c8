from django.contrib import admin
from django.urls import include, path

from mailerconsole.operations.health_pages import healthz, metrics_page, readyz

handler400 = "workspace.views.pages.errors.bad_request"
handler403 = "workspace.views.pages.errors.forbidden"
handler404 = "workspace.views.pages.errors.not_found"
handler500 = "workspace.views.pages.errors.server_error"

urlpatterns = [
    path("", include("addressbook.urls")),
    path("", include("mailings.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
]
