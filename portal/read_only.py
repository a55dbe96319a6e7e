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
