"""What the admin of everything that belongs to cases has in common: whose rows, and their log."""

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from cases import access
from cases.access import Action, Result, What


class LoggedAdmin:
    """Rows are those that the person may see, and whoever looks at them is noted.

    A row of others is answered like one that is not there, by the same 404.
    """

    what = What.CASE
    what_of_list = What.CASES

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def case_of(self, row):
        return row.case

    def changelist_view(self, request, extra_context=None):
        answer = super().changelist_view(request, extra_context)
        if answer.status_code == 200:
            access.note(request, None, self.what_of_list, Action.OPENED, "list in admin")
        return answer

    def change_view(self, request, object_id, form_url="", extra_context=None):
        self.opened(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(self, request, object_id, extra_context=None):
        self.opened(request, object_id, "history")
        return super().history_view(request, object_id, extra_context)

    def get_search_results(self, request, queryset, search_term):
        match = request.resolver_match
        if match and match.view_name == "admin:autocomplete":
            access.note(request, None, self.what_of_list, Action.OPENED, "autocomplete")
        return super().get_search_results(request, queryset, search_term)

    def opened(self, request, object_id, item=""):
        """Note that a page of a row is opened. Raises Http404 when there is none for the person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            self.refuse(request, unquote(object_id))
        self._note(request, row, item or str(row.pk), Result.GIVEN)
        return row

    def refuse(self, request, object_id):
        """Note that a row is of others or not there, and raise Http404."""
        try:
            theirs = self.model._default_manager.filter(pk=object_id).first()
        except (ValueError, ValidationError):
            theirs = None
        if theirs:
            self._note(request, theirs, str(theirs.pk), Result.NOT_THEIRS)
        else:
            access.note(request, None, self.what, Action.OPENED, "", Result.NOT_THERE)
        raise Http404

    def _note(self, request, row, item, result):
        access.note(
            request,
            self.case_of(row),
            self.what,
            Action.OPENED,
            item,
            result,
            # The file of a form that is open yet has a practice and no case.
            practice_id=getattr(row, "practice_id", None),
        )
