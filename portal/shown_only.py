from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path

# How a filter of Django's asks for a field: a choice, any value, whether there is one, from, until.
ASKED = ["", "__exact", "__isnull", "__gte", "__lt"]


class ShownOnlyAdmin(admin.ModelAdmin):
    """A list is asked by the filters that it offers, and by nothing else.

    Django takes any field of the row for a filter, shown or not. How many rows are found tells
    what stands there, letter by letter: `?password__startswith=p`.
    """

    def lookup_allowed(self, lookup, value, request):
        return lookup in self._offered(request)

    def _offered(self, request):
        for one in self.get_list_filter(request):
            if isinstance(one, type):
                yield one.parameter_name
            else:
                yield from _asking(self.model, one if isinstance(one, str) else one[0])
        for part in ("year", "month", "day") if self.date_hierarchy else ():
            yield f"{self.date_hierarchy}__{part}"


def _asking(model, path):
    field = get_fields_from_path(model, path)[-1]
    # Rows of another table are chosen by their key.
    key = f"{path}__{field.target_field.name}" if field.is_relation else path
    return [f"{path}__isnull", *(f"{key}{asked}" for asked in ASKED)]
