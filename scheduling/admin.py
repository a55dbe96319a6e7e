from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from cases import access
from cases.access import Action, Visit, What, logged
from cases.admin import moves
from cases.admin.case import CaseAdmin
from cases.admin.logged import LoggedAdmin
from cases.models import Case
from cases.progress import Progress
from portal.admin_site import FoldedSearch, ShortInline, ShownOnlyAdmin
from portal.refusal import NotAllowed
from portal.writing.times import short_time
from scheduling import endings, opening, policies, services
from scheduling.forms import (
    BlockForm,
    DaysOffFormSet,
    MoveSessionForm,
    NewPlannerForm,
    PlannerField,
)
from scheduling.models import Block, DayOff, Planner, PlanningSession, WorkingHours


class WorkingHoursInline(ShortInline):
    model = WorkingHours
    extra = 1


class DayOffInline(ShortInline):
    model = DayOff
    formset = DaysOffFormSet
    extra = 1

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.user = request.user
        return formset


@admin.register(Planner)
class PlannerAdmin(ShownOnlyAdmin):
    list_display = [
        "user",
        "time_zone",
        "block_minutes",
        "notice_hours",
        "meeting_link",
        "is_active",
    ]
    list_filter = ["is_active"]
    list_select_related = ["user"]
    fields = ["user", "time_zone", "meeting_link", "block_minutes", "notice_hours", "is_active"]
    inlines = [WorkingHoursInline, DayOffInline]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions = ["open_blocks"]

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def has_change_permission(self, request, obj=None):
        # A planner's own page is where they set their hours; the rest of it they read.
        return super().has_change_permission(request, obj) or policies.can_set_hours(request.user)

    def get_form(self, request, obj=None, **kwargs):
        if obj is None:
            kwargs["form"] = NewPlannerForm
        return super().get_form(request, obj, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        # Staff are made and changed by superusers, on pages of their own.
        field.widget.can_add_related = field.widget.can_change_related = False
        return field

    def get_readonly_fields(self, request, obj=None):
        if super().has_change_permission(request, obj):
            # Whose sessions and cases they are, nobody changes by picking another name.
            return ["user"] if obj else []
        return self.fields

    def render_change_form(self, request, context, **kwargs):
        for inline in context["inline_admin_formsets"]:
            if getattr(inline.formset, "asked", ""):
                # A question is no error, and stands above the long page too.
                asked = context["asked"] = inline.formset.non_form_errors()
                context["errors"] = [error for error in context["errors"] if error not in asked]
        return super().render_change_form(request, context, **kwargs)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        planner, now = form.instance, timezone.now()
        if withdrawn := opening.withdraw_on_days_off(planner, now):
            self.message_user(request, f"Free blocks on days off, no longer offered: {withdrawn}.")
        if not any(_takes_back(formset) for formset in formsets):
            return
        if opened := opening.open_after_days_off(planner, now):
            self.message_user(request, f"Blocks on days that are no longer off, offered: {opened}.")

    @admin.action(
        description=f"Open blocks for the next {opening.WEEKS} weeks", permissions=["change"]
    )
    def open_blocks(self, request, queryset):
        opened = opening.open_blocks(timezone.now(), opening.WEEKS, queryset)
        self.message_user(
            request, f"New blocks: {opened}. Holidays, days off and existing blocks were left out."
        )


def _takes_back(formset):
    if formset.model is not DayOff:
        return False
    return bool(formset.deleted_objects or formset.changed_objects)


class FreeFilter(admin.SimpleListFilter):
    title = "free or taken"
    parameter_name = "free"

    def lookups(self, request, model_admin):
        return [("yes", "Free"), ("no", "Taken")]

    def queryset(self, request, queryset):
        taken = PlanningSession.objects.booked().values("block")
        if self.value() == "yes":
            return queryset.exclude(pk__in=taken).filter(
                is_open=True, starts_at__gt=timezone.now(), planner__is_active=True
            )
        return queryset.filter(pk__in=taken) if self.value() == "no" else queryset


class ReadOnlyRows:
    """Rows are changed by actions only; what is written stays."""

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) if obj is None else False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Block)
class BlockAdmin(ShownOnlyAdmin):
    """A block that nobody ever booked can be edited and deleted; all others stay."""

    form = BlockForm
    list_display = ["time", "planner", "taken_by", "is_open"]
    list_filter = [
        ("planner", admin.RelatedOnlyFieldListFilter),
        FreeFilter,
        "is_open",
        ("starts_at", admin.DateFieldListFilter),
    ]
    list_select_related = ["planner__user"]
    actions = ["withdraw", "offer"]

    def get_queryset(self, request):
        blocks = super().get_queryset(request).visible_to(request.user)
        return blocks.prefetch_related("sessions__case")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "planner":
            planners = Planner.objects.visible_to(request.user).select_related("user")
            kwargs |= {"queryset": planners, "form_class": PlannerField}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.was_booked)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and obj.was_booked)

    def changeform_view(self, request, object_id=None, *args, **kwargs):
        view = partial(super().changeform_view, request, object_id, *args, **kwargs)
        return self._or_refuse(request, request.method == "POST" and object_id, view)

    def delete_view(self, request, object_id, *args, **kwargs):
        view = partial(super().delete_view, request, object_id, *args, **kwargs)
        return self._or_refuse(request, object_id, view)

    def _or_refuse(self, request, changed, view):
        try:
            block = self.get_object(request, unquote(changed)) if changed else None
            # Rights are gone with the booking, and a bare 403 would say nothing of it.
            if block and self.has_change_permission(request):
                services.refuse_booked([block])
            return view()
        except NotAllowed as refusal:
            self.message_user(request, refusal, messages.ERROR)
            return redirect("admin:scheduling_block_changelist")

    def render_change_form(self, request, context, **kwargs):
        # A block of another time is another row, at another address.
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, **kwargs)

    def save_model(self, request, block, form, change):
        if not change:
            return super().save_model(request, block, form, change)
        before = Block.objects.select_related("planner").get(pk=block.pk)
        is_another_time = bool({"planner", "starts_at", "ends_at"} & set(form.changed_data))
        services.change_block(block, is_another_time=is_another_time)
        if is_another_time:
            self._say_what_opens_again(request, [before])

    def delete_model(self, request, block):
        self.delete_queryset(request, [block])

    @transaction.atomic
    def delete_queryset(self, request, blocks):
        blocks = list(blocks)
        services.keep_from_being_booked(blocks)
        Block.objects.filter(pk__in=[block.pk for block in blocks]).delete()
        self._say_what_opens_again(request, blocks)

    def _say_what_opens_again(self, request, blocks):
        if any(opening.is_in_weekly_hours(block) for block in blocks):
            again = (
                "Weekly hours of the planner open such a time again within a day. To keep it from "
                "being booked, change the hours, or choose “Offer no longer” instead."
            )
            self.message_user(request, again, messages.WARNING)

    @admin.display(description="time", ordering="starts_at")
    def time(self, block):
        return short_time(block.starts_at, block.planner.time_zone)

    @admin.display(description="taken by")
    def taken_by(self, block):
        booked = PlanningSession.State.BOOKED
        return ", ".join(one.case.number for one in block.sessions.all() if one.state == booked)

    @admin.action(description="Offer no longer (a booked session stays)", permissions=["change"])
    def withdraw(self, request, queryset):
        rows = queryset.filter(is_open=True).update(is_open=False)
        # What a day off has withdrawn stays so when that is taken back.
        queryset.update(is_day_off=False)
        self.message_user(request, f"Blocks that dentists can no longer book: {rows}.")

    @admin.action(description="Offer again", permissions=["change"])
    def offer(self, request, queryset):
        rows = queryset.filter(is_open=False).update(is_open=True, is_day_off=False)
        self.message_user(request, f"Blocks offered again: {rows}.")


@admin.register(Case)
class PlannedCaseAdmin(CaseAdmin):
    def before_move(self, case, to, *, by, now):
        services.end_session_of(case, to, by=by, now=now)

    def consequences_of_move(self, cases, to, *, now):
        return endings.of_cases(cases, to, now=now)


@dataclass(frozen=True)
class Ending:
    """An action that ends sessions: the service, what their cases become, and its words."""

    service: Callable
    to: Progress
    outcome: str
    title: str
    button: str

    def foresee(self, session, now):
        consequence = endings.by_hand(session, self.to, now=now)
        return moves.foresee(session.case, self.to, consequence, now=now)


ENDINGS = {
    "mark_missed": Ending(
        services.mark_missed, Progress.NO_SHOW, "was missed",
        "Mark planning sessions as missed", "Mark as missed",
    ),
    "mark_held": Ending(
        services.mark_held, Progress.MANUFACTURING, "took place",
        "Mark planning sessions as held", "Mark as held",
    ),
    "cancel": Ending(
        services.cancel, Progress.READY, "is cancelled",
        "Cancel planning sessions", "Cancel these sessions",
    ),
}  # fmt: skip


@admin.register(PlanningSession)
class PlanningSessionAdmin(LoggedAdmin, FoldedSearch, ReadOnlyRows, ShownOnlyAdmin):
    what = what_of_list = What.PLANNING
    list_display = ["case", "time", "planner", "practice", "state", "move_link"]
    list_filter = [
        "state",
        ("block__planner", admin.RelatedOnlyFieldListFilter),
        ("block__starts_at", admin.DateFieldListFilter),
    ]
    list_select_related = ["case__practice", "block__planner__user"]
    search_fields = ["case__number"]
    search_keys = ["case__practice__name_key", "block__planner__user__name_key"]
    actions = ["mark_missed", "mark_held", "cancel", "move"]

    def has_add_permission(self, request):
        return False

    def get_urls(self):
        move = require_http_methods(["GET", "HEAD", "POST"])(
            logged(What.PLANNING, Action.MOVED)(self.move_view)
        )
        name = "scheduling_planningsession_move"
        own = path("<int:pk>/move/", self.admin_site.admin_view(move), name=name)
        return [own, *super().get_urls()]

    @admin.display(description="time", ordering="block__starts_at")
    def time(self, session):
        return short_time(session.block.starts_at, session.block.planner.time_zone)

    @admin.display(ordering="block__planner")
    def planner(self, session):
        return session.block.planner

    @admin.display(ordering="case__practice__name")
    def practice(self, session):
        return session.case.practice

    @admin.display(description="move")
    def move_link(self, session):
        if session.state != PlanningSession.State.BOOKED:
            return ""
        return format_html('<a href="{}">Move…</a>', _move_url(session))

    @admin.action(description="Missed: nobody came…", permissions=["change"])
    def mark_missed(self, request, queryset):
        return self._end(request, queryset, "mark_missed")

    @admin.action(description="Held: the case goes to Manufacturing…", permissions=["change"])
    def mark_held(self, request, queryset):
        return self._end(request, queryset, "mark_held")

    @admin.action(description="Cancel and tell both sides…", permissions=["change"])
    def cancel(self, request, queryset):
        return self._end(request, queryset, "cancel")

    @admin.action(description="Move to another block…", permissions=["change"])
    def move(self, request, queryset):
        if queryset.count() == 1:
            return redirect(_move_url(queryset.get()))
        self.message_user(request, "Please choose one session to move.", messages.WARNING)
        return None

    def _end(self, request, queryset, action):
        """Say on a page what ends and who is told; once that is confirmed, end each by itself."""
        ending = ENDINGS[action]
        if "confirmed" in request.POST:
            return self._each(request, queryset, ending)
        sessions = moves.few_enough(self, request, queryset.with_people())
        if sessions is None:
            return None
        now = timezone.now()
        foreseen = {session.pk: ending.foresee(session, now) for session in sessions}
        words = {"title": ending.title, "button": ending.button, "action": action}
        return moves.ask(self, request, foreseen, **words)

    def _each(self, request, queryset, ending):
        seen = moves.keys_seen(request)
        for session in queryset.with_people():
            ended = Visit(What.PLANNING, Action.ENDED, str(session.pk), session.case)
            now = timezone.now()
            try:
                with access.changing(request, ended):
                    moves.check_foreseen(ending.foresee(session, now), seen)
                    ending.service(session, by=request.user, now=now)
            except NotAllowed as refusal:
                self.message_user(request, refusal, messages.ERROR)
            else:
                self.message_user(request, f"The session of case {session.case} {ending.outcome}.")

    def move_view(self, request, pk):
        """Choose another free block for a session: the lab any, a planner one of their own."""
        if not policies.can_change_sessions(request.user):
            raise PermissionDenied
        session = self.find(request, str(pk))
        now = timezone.now()
        ships = partial(services.ship_date_with, session.case, now=now)
        given = {"session": session, "user": request.user, "now": now, "ship_date_with": ships}
        form = MoveSessionForm(request.POST or None, **given)
        if request.method == "POST" and form.is_valid():
            try:
                return self._moved(request, session, form)
            except services.DoubtfulTime as question:
                form.ask(question)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Move the planning session of case {session.case}",
            "opts": self.opts,
            "session": session,
            "form": form,
        }
        status = 400 if form.errors else 200
        return TemplateResponse(request, "scheduling/admin_move.html", context, status=status)

    def _moved(self, request, session, form):
        request.visit.back_to = "admin:scheduling_planningsession_changelist"
        block, given = form.cleaned_data["block"], {"by": request.user, "now": timezone.now()}
        try:
            services.move_session(session, block, anyway=form.is_anyway, **given)
        except services.BlockGone:
            request.visit.back_to = _move_url(session)
            raise
        moved = f"The session of case {session.case} has moved; both sides are told."
        self.message_user(request, moved)
        return redirect(request.visit.back_to)


def _move_url(session):
    return reverse("admin:scheduling_planningsession_move", args=[session.pk])
