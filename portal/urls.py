from django.contrib import admin
from django.urls import include, path

from portal import views

portal_urls = (
    [
        path("", views.first_page, name="first_page"),
        path("help/", views.help_page, name="help"),
        path("healthz", views.healthz, name="healthz"),
        path("readyz", views.readyz, name="readyz"),
        path("metrics", views.metrics, name="metrics"),
    ],
    "portal",
)

handler500 = "portal.http.errors.server_error"

urlpatterns = [
    path("", include(portal_urls)),
    path("", include("accounts.urls")),
    path("", include("cases.urls")),
    path("", include("scheduling.urls")),
    path("admin/", admin.site.urls),
]
