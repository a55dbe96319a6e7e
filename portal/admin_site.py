"""Django admin as the lab uses it, and what all its pages have in common."""

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import models
from django.db.models import Q
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from portal.health import status
from portal.writing.text import folded, words_of

# How a filter of Django's asks for a value, and for times: from one, until another.
VALUES, TIMES = ("", "__exact"), ("__gte", "__lt")


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


class ShownOnlyAdmin(admin.ModelAdmin):
    """A list is asked by the filters that it offers, and by nothing else.

    Django takes any field of the row for a filter, shown or not. How many rows are found tells
    what stands there, letter by letter: `?password__startswith=p`.
    """

    def lookup_allowed(self, lookup, value, request):
        is_offered = lookup in self._offered(request)
        return is_offered and (not lookup.endswith(TIMES) or _has_zone(value))

    def _offered(self, request):
        for one in self.get_list_filter(request):
            if isinstance(one, type):
                yield one.parameter_name
            else:
                yield from _asking(self.model, one if isinstance(one, str) else one[0])
        for part in ("year", "month", "day") if self.date_hierarchy else ():
            yield f"{self.date_hierarchy}__{part}"

    def get_changelist_instance(self, request):
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as problem:
            # Once, Django leads to the list without filters. Then it blames the database.
            if ERROR_FLAG in request.GET:
                raise BadRequest from problem
            raise


def _asking(model, name):
    field = get_fields_from_path(model, name)[-1]
    # Rows of another table are chosen by their key.
    key = f"{name}__{field.target_field.name}" if field.is_relation else name
    hows = TIMES if isinstance(field, models.DateTimeField) else VALUES
    return [f"{name}__isnull", *(f"{key}{how}" for how in hows)]


def _has_zone(value):
    """Whether a text is a time of some zone; that of any other, Django would have to guess."""
    try:
        moment = parse_datetime(value)
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is not None


class FoldedSearch:
    """Rows in which each word of a search is part of `search_fields`, or as people write names.

    Case numbers are found as people speak or paste them.
    """

    search_keys = ["name_key"]

    def get_search_results(self, request, queryset, search_term):
        fields = self.get_search_fields(request)
        # A practice may be named "Tooth", a word that leads in something else.
        for word in words_of(search_term) or search_term.split():
            plain = [(f"{field}__icontains", word) for field in fields]
            match = Q(*plain, _connector=Q.OR)
            for key in self.search_keys:
                parts = [(f"{key}__contains", part) for part in folded(word).split()]
                match |= Q(*parts)
            queryset = queryset.filter(match)
        return queryset, False


class ReadOnlyAdmin:
    """Rows are read; what changes them are actions and pages that call a service.

    "May change" is asked without a row for those, and answered by the user's rights. A row
    itself has no form, and losing one is the worst that can happen: none is ever deleted here.
    """

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return obj is None and super().has_change_permission(request)

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request) or super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False


class ShortInline(admin.TabularInline):
    """A table of rows within the form of another one, of as many as anybody types.

    Django makes forms for a thousand more than it shows, which costs seconds for one request.
    """

    MOST = max_num = 300

    def get_formset(self, request, obj=None, **kwargs):
        # Where nobody may add any, max_num is set to 0 for a request.
        return super().get_formset(request, obj, absolute_max=self.MOST, **kwargs)
