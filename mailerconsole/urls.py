from django.contrib import admin
from django.urls import include, path

from addressbook.views.health import healthz, metrics_page, readyz

handler400 = "addressbook.views.errors.bad_request"
handler403 = "addressbook.views.errors.forbidden"
handler404 = "addressbook.views.errors.not_found"
handler500 = "addressbook.views.errors.server_error"

urlpatterns = [
    path("", include("addressbook.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
]
