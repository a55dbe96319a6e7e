"""The list of cases and the page of one, as the lab works with them."""

from django.contrib import admin, messages
from django.db.models import F, Prefetch
from django.template.defaultfilters import truncatechars
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince

from cases import asking, drafts, export, findings, lab_queue, policies, services, teeth
from cases.admin import moves
from cases.admin.logged import LoggedAdmin
from cases.admin.pages import CasePages
from cases.forms import MessageForm
from cases.models import Case, MissingItem
from cases.progress import RED, Progress, Who
from cases.progress import moves as moves_of
from cases.rx.revisions import newest_number
from cases.views import parts
from portal.admin_site import ReadOnlyAdmin, ShownOnlyAdmin
from portal.refusal import NotAllowed
from portal.writing.text import plain_text


class LookedFilter(admin.SimpleListFilter):
    title = "looked at"
    parameter_name = "looked"

    def lookups(self, request, model_admin):
        return [("no", "New since the lab looked")]

    def queryset(self, request, queryset):
        return queryset.new_to_lab() if self.value() == "no" else queryset


class ArchivedFilter(admin.SimpleListFilter):
    title = "archived by the practice"
    parameter_name = "archived"

    def lookups(self, request, model_admin):
        return [("no", "Not archived"), ("yes", "Archived")]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(archived_at__isnull=self.value() == "no")


class AnswerFilter(admin.SimpleListFilter):
    title = "messages"
    parameter_name = "answer"

    def lookups(self, request, model_admin):
        return [("waiting", "Waiting for our answer")]

    def queryset(self, request, queryset):
        return lab_queue.awaiting_answer(queryset) if self.value() == "waiting" else queryset


def move_action(to):
    """A batch action that asks on a page, then moves each chosen case by itself."""

    @admin.action(description=f"Move to {to.label}…", permissions=["change"])
    def action(model_admin, request, queryset):
        go_on = moves.move_all if "confirmed" in request.POST else moves.ask_about_moves
        return go_on(model_admin, request, queryset, to)

    action.__name__ = moves.action_name(to)
    return action


@admin.action(description="Download as CSV", permissions=["view"])
def download_csv(model_admin, request, queryset):
    chosen = queryset.order_by().values("pk")
    visible = Case.objects.visible_to(request.user).filter(pk__in=chosen)
    try:
        return export.download(request, visible.order_by("number"))
    except NotAllowed as refusal:
        model_admin.message_user(request, str(refusal), messages.ERROR)


# The moves that need nothing typed; Missing and Shipped have pages of their own.
BATCH_MOVES = [
    Progress.RECEIVED,
    Progress.READY,
    Progress.MANUFACTURING,
    Progress.FINISHED,
    Progress.ON_HOLD,
]


# The way of a case through the lab first, then what interrupts it.
_USUAL_STEPS = [
    Progress.RECEIVED,
    Progress.READY,
    Progress.MANUFACTURING,
    Progress.FINISHED,
    Progress.SHIPPED,
    Progress.PROCESSING,
    Progress.MISSING,
    Progress.NO_SHOW,
    Progress.ON_HOLD,
    Progress.CANCELLED,
]


class CaseAdmin(LoggedAdmin, CasePages, ReadOnlyAdmin, ShownOnlyAdmin):
    """Registered by scheduling, which adds that a move ends the planning session."""

    # It would lead from the key of any row to its number.
    view_on_site = False
    list_display = [
        "number", "badge", "patient", "practice", "ships", "modified_at", "last_word",
    ]  # fmt: skip
    list_filter = [
        "created_at",
        "progress",
        LookedFilter,
        AnswerFilter,
        ArchivedFilter,
        ("practice", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["practice"]
    list_per_page = 50
    search_fields = ["number"]
    search_help_text = "Case ID, patient, dentist, practice, tooth or tracking number"
    ordering = [
        lab_queue.lab_turn().asc(), F("ship_date").asc(nulls_last=True), "modified_at", "pk",
    ]  # fmt: skip
    actions = [*(move_action(to) for to in BATCH_MOVES), download_csv]
    fieldsets = [
        (
            "What the dentist sent",
            {
                "fields": [
                    "patient_name", "teeth_shown", "description", "options", "implants_shown",
                    "materials", "surgery_date", "shipping_address",
                ]
            },
        ),
        (
            "Who and when",
            {
                "fields": [
                    "practice", "prescriber", "created_by", "created_at", "modified_at",
                    "planning_date", "archived_at",
                ]
            },
        ),
    ]  # fmt: skip
    readonly_fields = ["teeth_shown", "options", "implants_shown", "prescriber"]

    def get_queryset(self, request):
        unanswered = MissingItem.objects.filter(answered_at=None)
        cases = lab_queue.with_last_message(super().get_queryset(request))
        return cases.prefetch_related(
            Prefetch("missing_items", queryset=unanswered, to_attr="open_items")
        )

    def get_search_results(self, request, queryset, search_term):
        found, _ = super().get_search_results(request, queryset, "")
        typed = plain_text(search_term)
        return (found.search(typed, everywhere=True) if typed else found), False

    def case_of(self, row):
        return row

    def render_change_form(self, request, context, obj=None, **kwargs):
        context |= {
            "title": f"Case {obj}",
            "subtitle": None,
            "case": obj,
            **self._panels(request, obj),
        }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def _panels(self, request, case):
        allowed = moves_of(Who.LAB)[case.progress]
        return {
            "newest_revision": newest_number(case),
            "changes": case.is_new_to_lab and services.changes_since_look(case),
            "next_steps": sorted(allowed, key=_USUAL_STEPS.index),
            "may_act": self.has_change_permission(request),
            "may_write": policies.can_write_message(request.user, case),
            "may_set_ship_date": self.has_change_permission(request) and case.takes_ship_date,
            "waiting": drafts.files_waiting(case) if case.progress in RED else None,
            "files": parts.files(request, case),
            "needs": findings.of_case(case, now=timezone.now()),
            "file_count": case.attachments.count(),
            "prescriptions": parts.scripts(request, case),
            "thread": parts.thread(request, case),
            "message_form": MessageForm(),
            "events": parts.events(request, case),
            "dates_contradict": asking.of_dates(case),
            "sent_anyway": parts.sent_anyway(case),
        }

    @admin.display(description="progress", ordering=lab_queue.lab_turn())
    def badge(self, case):
        badge = render_to_string("cases/_progress_badge.html", {"progress": case.progress})
        missing = truncatechars(", ".join(map(str, case.open_items)), 60)
        new = ("Updated" if case.looked_at else "New") if case.is_new_to_lab else ""
        is_here = case.progress == Progress.MISSING and not case.open_items
        lines = [("waits", new), ("quiet", missing), ("waits", is_here and "All is here")]
        return badge + format_html_join(
            "", '<div class="{}">{}</div>', [line for line in lines if line[1]]
        )

    @admin.display(description="patient", ordering="patient_key")
    def patient(self, case):
        return case.patient_name

    @admin.display(description="ship date", ordering="ship_date", empty_value="–")
    def ships(self, case):
        if case.ship_date is None:
            return None
        ships = date_format(case.ship_date)
        if asking.of_dates(case) is None:
            return ships
        surgery = date_format(case.surgery_date)
        return format_html('{}<div class="failed">Surgery {}</div>', ships, surgery)

    @admin.display(description="message", ordering="last_message_at")
    def last_word(self, case):
        if case.last_message_practice is None:
            return ""
        ago = timesince(case.last_message_at, depth=1)
        return format_html('<span class="waits">Practice wrote {} ago</span>', ago)

    @admin.display(description="teeth")
    def teeth_shown(self, case):
        numbering = case.practice.tooth_numbering
        return f"{teeth.labels(case.teeth, numbering)} ({teeth.NUMBERINGS[numbering]})"

    @admin.display(description="guide options")
    def options(self, case):
        return _lines(case.options)

    @admin.display(description="implants")
    def implants_shown(self, case):
        numbering = case.practice.tooth_numbering
        return _lines((teeth.label(code, numbering), case.implants[code]) for code in case.implants)

    @admin.display(description="prescribing dentist")
    def prescriber(self, case):
        dentist = case.dentist
        return f"{dentist}, license {dentist.license_number} ({dentist.license_state})"


def _lines(pairs):
    return format_html_join("", "<div>{}: {}</div>", pairs) or "–"
