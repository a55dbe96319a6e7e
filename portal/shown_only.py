from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import BadRequest
from django.db import models
from django.utils.dateparse import parse_datetime

# How a filter of Django's asks for a value, and for times: from one, until another.
VALUES, TIMES = ("", "__exact"), ("__gte", "__lt")


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


def _asking(model, path):
    field = get_fields_from_path(model, path)[-1]
    # Rows of another table are chosen by their key.
    key = f"{path}__{field.target_field.name}" if field.is_relation else path
    hows = TIMES if isinstance(field, models.DateTimeField) else VALUES
    return [f"{path}__isnull", *(f"{key}{how}" for how in hows)]


def _has_zone(value):
    """Whether a text is a time of some zone; that of any other, Django would have to guess."""
    try:
        moment = parse_datetime(value)
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is not None
