from django.contrib import admin

from portal.admin_site import FoldedSearch, ReadOnlyAdmin, ShownOnlyAdmin
from portal.models import Email, Host, News
from portal.work import WorkState


@admin.register(News)
class NewsAdmin(ShownOnlyAdmin):
    list_display = ["title", "level", "pinned", "starts_at", "ends_at"]
    list_filter = ["level", "pinned"]
    search_fields = ["title", "body"]


@admin.register(Email)
class EmailAdmin(FoldedSearch, ReadOnlyAdmin, ShownOnlyAdmin):
    """The outbox, to read; what failed can be sent again."""

    list_display = [
        "created_at", "kind", "to", "subject", "work_state", "work_failure", "sent_at",
    ]  # fmt: skip
    list_filter = ["work_state", "work_waits_for", "kind"]
    search_fields, search_keys = ["to", "subject"], []
    fields = [
        "kind", "to", "subject", "shown_text", "created_at", "work_state", "work_failures",
        "work_failure", "work_waits_for", "sent_at",
    ]  # fmt: skip
    readonly_fields = fields
    actions = ["send_again"]

    @admin.display(description="text")
    def shown_text(self, email):
        # Else whoever reads mails here could choose a password for anybody.
        return (
            "Not shown: it holds a link that lets somebody in." if email.is_secret else email.text
        )

    @admin.action(description="Send again what failed", permissions=["view"])
    def send_again(self, request, queryset):
        failed = queryset.filter(work_state=WorkState.FAILED)
        for email in failed:
            email.reask()
        self.message_user(request, "Failed mails will be sent within a minute.")


@admin.register(Host)
class HostAdmin(ShownOnlyAdmin):
    """Hosts make themselves known; one that is gone for good is deleted here."""

    list_display = ["name", "heard_at"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
