from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from portal.health import status


class LabSite(admin.AdminSite):
    """Django admin as the lab uses it, with a page that says how the work stands."""

    site_header = "Lab"
    site_title = "Lab"
    index_title = "Day to day"
    # The list of cases needs the width; the menu in the header leads to what is used every day.
    enable_nav_sidebar = False

    def get_urls(self):
        page = path("status/", self.admin_view(self.status_page), name="status")
        # It leads from the type and key of any row to its address, whoever may see that.
        others = [url for url in super().get_urls() if not str(url.pattern).startswith("r/")]
        return [page, *others]

    def status_page(self, request):
        if not request.user.has_perm("portal.view_host"):
            raise PermissionDenied
        context = {
            **self.each_context(request),
            "title": "Status",
            "status": status.look(timezone.now()),
            "zone": settings.LAB_TIME_ZONE,
        }
        return TemplateResponse(request, "admin/status.html", context)
