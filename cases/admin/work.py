"""Files and RX scripts over all cases, to find what failed and try it again."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from cases import access
from cases.access import Action, Visit, What
from cases.admin.logged import LoggedAdmin
from cases.files import receiving
from cases.models import Attachment, Prescription
from portal.admin_site import FoldedSearch, ReadOnlyAdmin, ShownOnlyAdmin
from portal.work import WorkState


def case_link(case):
    """A link to the case's page in admin; "" for the file of a form that is still open."""
    if case is None:
        return ""
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:cases_case_change", args=[case.pk]), case
    )


class WorkAdmin(LoggedAdmin, FoldedSearch, ReadOnlyAdmin, ShownOnlyAdmin):
    list_per_page = 50
    actions = ["try_again"]

    @admin.display(description="case", ordering="case__number")
    def of_case(self, row):
        return case_link(row.case)

    @admin.display(description="download")
    def download(self, row):
        url = self.download_url(row)
        return format_html('<a href="{}">Download</a>', url) if url else ""

    @admin.action(description="Try again what failed", permissions=["change"])
    def try_again(self, request, queryset):
        rows = list(queryset)
        started = 0
        for row in rows:
            again = Visit(self.what, Action.TRIED_AGAIN, str(row.pk), row.case)
            with access.changing(request, again):
                started += self.start_again(row)
        left = len(rows) - started
        self.message_user(
            request, f"Tried again within a minute: {started}. Left as they are: {left}."
        )


def render_again(prescription):
    """Start a failed revision again; False when it did not fail."""
    prescription.reask()
    return prescription.has_failed


@admin.register(Attachment)
class AttachmentAdmin(WorkAdmin):
    what = what_of_list = What.FILE
    list_display = [
        "name", "of_case", "practice", "kind", "readable_size", "state", "work_state",
        "virus_scan", "work_failure", "created_at", "download",
    ]  # fmt: skip
    list_filter = ["state", "verdict", "work_state", "kind"]
    list_select_related = ["case", "practice"]
    search_fields = ["name", "case__number", "sha256"]
    search_keys = ["practice__name_key"]
    fields = [
        "name", "of_case", "practice", "uploaded_by", "kind", "readable_size", "sha256", "state",
        "verdict", "virus", "created_at", "received_at", "work_state",
        "work_failures", "work_failure", "download",
    ]  # fmt: skip
    readonly_fields = fields
    start_again = staticmethod(receiving.store_again)

    @admin.display(ordering="verdict")
    def virus_scan(self, attachment):
        """In a list without the reason, which a file's own page and the filter give."""
        if not attachment.verdict or attachment.was_scanned:
            return attachment.get_verdict_display()
        return "Not scanned"

    @admin.display(description="size", ordering="size")
    def readable_size(self, attachment):
        return filesizeformat(attachment.size)

    def download_url(self, attachment):
        if attachment.case is None or attachment.state != Attachment.State.STORED:
            return ""
        return reverse("cases:download", args=[attachment.case.number, attachment.pk])


@admin.register(Prescription)
class PrescriptionAdmin(WorkAdmin):
    what = what_of_list = What.RX
    list_display = [
        "of_case", "revision", "practice", "created_at", "work_state", "work_failure", "download",
    ]  # fmt: skip
    list_filter = ["work_state"]
    list_select_related = ["case__practice"]
    search_fields = ["case__number"]
    search_keys = ["case__practice__name_key"]
    fields = [
        "of_case", "revision", "practice", "created_at", "work_state", "work_failures",
        "work_failure", "download",
    ]  # fmt: skip
    readonly_fields = fields
    start_again = staticmethod(render_again)

    def get_queryset(self, request):
        # What is printed is long, and no page shows it.
        return super().get_queryset(request).defer("snapshot")

    @admin.display(ordering="case__practice__name")
    def practice(self, prescription):
        return prescription.case.practice

    def download_url(self, prescription):
        if prescription.work_state != WorkState.DONE:
            return ""
        return reverse("cases:rx_revision", args=[prescription.case.number, prescription.revision])
