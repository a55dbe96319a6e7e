"""What the admin of everything that belongs to cases has in common: whose rows, and their log."""

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from cases import access
from cases.access import Action, Result, Visit, What, logged


class LoggedAdmin:
    """Rows are those that the person may see, and whoever looks at them is noted.

    A row of others is answered like one that is not there, by the same 404.
    """

    what = What.CASE
    what_of_list = What.CASES

    def __init__(self, *args):
        super().__init__(*args)
        # What the actions of a list change, each notes for itself, row by row.
        self.changelist_view = logged(self.what_of_list, Action.OPENED)(self.changelist_view)
        self.change_view = logged(self.what, Action.OPENED)(self.change_view)
        self.history_view = logged(self.what, Action.OPENED)(self.history_view)

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def case_of(self, row):
        return row.case

    def changelist_view(self, request, extra_context=None):
        request.visit.item = "list in admin"
        return super().changelist_view(request, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        self.find(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(self, request, object_id, extra_context=None):
        self.find(request, object_id)
        request.visit.item = "history"
        return super().history_view(request, object_id, extra_context)

    def get_search_results(self, request, queryset, search_term):
        match = request.resolver_match
        if match and match.view_name == "admin:autocomplete":
            access.note(request, Visit(self.what_of_list, item="autocomplete"))
        return super().get_search_results(request, queryset, search_term)

    def find(self, request, object_id):
        """The row that a page is about. Raises Http404 when there is none for the person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        about = row or self._of_others(unquote(object_id))
        visit = request.visit
        if about:
            visit.item, visit.case = str(about.pk), self.case_of(about)
            # The file of a form that is open yet has a practice and no case.
            visit.practice_id = getattr(about, "practice_id", None)
        if row is None:
            visit.result = Result.NOT_THEIRS if about else Result.NOT_THERE
            raise Http404
        return row

    def _of_others(self, object_id):
        try:
            return self.model._default_manager.filter(pk=object_id).first()
        except (ValueError, ValidationError):
            return None
