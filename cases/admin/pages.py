"""Small pages beside a case's own, each of one form that ends in one service."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cases import access, asking, findings, policies, readiness, services
from cases.access import Action, What, logged
from cases.admin import moves
from cases.admin.forms import (
    CorrectionForm,
    LookedForm,
    MoreMissingForm,
    ShipDateForm,
    TrackingForm,
    progress_form,
)
from cases.admin.work import render_again
from cases.files import receiving
from cases.forms import MessageForm
from cases.progress import Progress, Who
from cases.rx.revisions import newest_number
from cases.views import parts
from portal.refusal import NotAllowed


class CasePages:
    """The pages below `admin/cases/case/<pk>/`; mixed into the admin of cases."""

    def get_urls(self):
        pages = [
            ("progress/<slug:to>/", self.progress_page, "progress", Action.PROGRESS),
            ("ship-date/", self.ship_date_page, "ship_date", Action.SHIP_DATE),
            ("tracking/", self.tracking_page, "tracking", Action.TRACKING),
            ("correct/", self.correct_page, "correct", Action.CHANGED),
            ("looked/", self.looked_page, "looked", Action.CHANGED),
            ("missing/", self.missing_page, "missing", Action.CHANGED),
            ("missing/settle/", self.settle_page, "settle", Action.CHANGED),
            ("message/", self.message_page, "message", Action.WRITTEN),
            ("try-again/", self.try_again_page, "try_again", Action.TRIED_AGAIN),
        ]
        return [*(self._url(*page) for page in pages), *super().get_urls()]

    def _url(self, route, page, name, action):
        methods = ["POST"] if name in {"try_again", "settle", "looked"} else ["GET", "HEAD", "POST"]
        what = What.MESSAGE if name == "message" else What.CASE
        page = require_http_methods(methods)(logged(what, action)(page))
        view = self.admin_site.admin_view(page)
        return path(f"<int:pk>/{route}", view, name=f"cases_case_{name}")

    def before_move(self, case, to, *, by, now):
        """What else ends when the lab moves a case, in the same transaction; may refuse."""

    def consequences_of_move(self, cases, to, *, now):
        """What `before_move` will do with each of the cases: a Consequence by its key, if any."""
        return {}

    def foresee(self, cases, to, *, now):
        """What a move to `to` at `now` will do: a Foreseen by the key of each case."""
        also = self.consequences_of_move(cases, to, now=now)
        return {case.pk: moves.foresee(case, to, also.get(case.pk), now=now) for case in cases}

    def progress_page(self, request, pk, to):
        """Move the case, after asking for what this move needs."""
        to = _progress_named(to)
        case = self._case(request, pk)
        foreseen = self.foresee([case], to, now=timezone.now())[case.pk]
        if request.method != "POST" and foreseen.refusal:
            return self._back(request, case, foreseen.refusal, messages.ERROR)
        initial = {"was": case.progress, "reasons": _reasons(case, to)}
        form = progress_form(to)(request.POST or None, initial=initial)
        if form.is_valid():
            moves.check_foreseen(foreseen, moves.keys_seen(request))
            outcome = f"Case {case} is now {to.label}."
            return self._act(request, case, partial(self._move, case, to, form), outcome)
        return self._page(
            request,
            case,
            form,
            title=f"Case {case}: move to {to.label}",
            button=f"Move to {to.label}",
            to=to,
            foreseen=foreseen,
            ship_date=foreseen.ship_date,
        )

    def ship_date_page(self, request, pk):
        case = self._case(request, pk)
        form = ShipDateForm(request.POST or None, initial={"ship_date": case.ship_date})
        if request.method == "POST" and form.is_valid():
            date = form.cleaned_data["ship_date"]
            service = partial(services.set_ship_date, case, date=date)
            outcome = f"The ship date of case {case} is set."
            return self._act_on_dates(request, case, service, outcome)
        title = f"Case {case}: ship date"
        return self._page(request, case, form, title=title, button="Set ship date")

    def tracking_page(self, request, pk):
        case = self._case(request, pk)
        initial = {"carrier": case.carrier, "tracking_number": case.tracking_number}
        form = TrackingForm(request.POST or None, initial=initial)
        if form.is_valid():
            service = partial(services.correct_tracking, case, **form.cleaned_data)
            outcome = f"The tracking of case {case} is corrected; the practice is told by mail."
            return self._act(request, case, service, outcome)
        title = f"Case {case}: tracking"
        return self._page(request, case, form, title=title, button="Correct tracking")

    def correct_page(self, request, pk):
        """Correct what the dentist sent; the practice is told, and the RX script renewed."""
        case = self._case(request, pk)
        revision = newest_number(case)
        form = CorrectionForm(request.POST or None, instance=case, revision=revision)
        if form.is_valid():
            said = dict(form.cleaned_data)
            reason, seen = said.pop("reason"), said.pop("revision")
            correct = partial(services.correct, case, said, reason, seen)
            outcome = f"Case {case} is corrected, its RX script renewed; the practice is told."
            try:
                with access.changing(request):
                    return self._act_on_dates(request, case, correct, outcome)
            except NotAllowed as refusal:
                form.add_error(None, f"{refusal} What you typed stands below.")
        title = f"Case {case}: correct what was sent"
        return self._page(request, case, form, title=title, button="Correct the case")

    def looked_page(self, request, pk):
        """Somebody has looked at what came, up to the revision that their page showed."""
        case = self._case(request, pk)
        form = LookedForm(request.POST)
        if not form.is_valid():
            raise BadRequest
        look = partial(services.mark_looked, case, form.cleaned_data["revision"])
        return self._act(request, case, look, f"Case {case} is looked at.")

    def missing_page(self, request, pk):
        """Add to what is missing; the case stays where it is."""
        case = self._case(request, pk)
        known = set(parts.missing(case).values_list("reason", flat=True)) - {"other"}
        form = MoreMissingForm(request.POST or None, known=known)
        if request.method == "POST" and form.is_valid():
            add = partial(services.add_missing, case, **form.cleaned_data)
            outcome = f"Added to what case {case} misses; the practice is told by mail."
            return self._act(request, case, add, outcome)
        title = f"Case {case}: add what is missing"
        return self._page(request, case, form, title=title, button="Add what is missing")

    def settle_page(self, request, pk):
        """Tick off one thing that was missing, or take it back."""
        case, posted = self._case(request, pk), request.POST
        is_here = "tick_off" in posted
        item = _row(case.missing_items.all(), posted.get("tick_off" if is_here else "take_back"))
        service = services.tick_off if is_here else services.take_back
        outcome = f"“{item}” is {'ticked off' if is_here else 'taken back'}."
        return self._act(request, case, partial(service, item), outcome)

    def message_page(self, request, pk):
        if not self.has_view_permission(request):
            raise PermissionDenied
        case = access.find(request, pk=pk)
        if not policies.can_write_message(request.user, case):
            raise PermissionDenied
        form = MessageForm(request.POST or None)
        if form.is_valid():
            body = form.cleaned_data["body"]
            try:
                with access.changing(request):
                    services.post_message(case, body, by=request.user, now=timezone.now())
            except NotAllowed as refusal:
                form.add_error(None, str(refusal))
            else:
                sent = "Your message is sent; the practice is told by mail."
                return self._back(request, case, sent)
        title = f"Case {case}: message to {case.practice}"
        return self._page(request, case, form, title=title, button="Send message")

    def try_again_page(self, request, pk):
        """Start the failed work of one file or one RX revision of the case again."""
        case, visit = self._case(request, pk), request.visit
        if "attachment" in request.POST:
            visit.what, again = What.FILE, receiving.store_again
            row = _row(case.attachments.visible_to(request.user), request.POST["attachment"])
        else:
            visit.what, again = What.RX, render_again
            asked = request.POST.get("prescription")
            row = _row(case.prescriptions.visible_to(request.user), asked)
        visit.item = str(row.pk)
        if again(row):
            return self._back(request, case, f"{row} is tried again within a minute.")
        refusal = f"{row}: there is nothing to try again. Please ask the practice to upload it."
        return self._back(request, case, refusal, messages.WARNING)

    def _case(self, request, pk):
        if not self.has_change_permission(request):
            raise PermissionDenied
        case = access.find(request, pk=pk)
        request.visit.back_to = page_of(case)
        return case

    def _act(self, request, case, service, outcome):
        """Call the service and go back with its outcome; with a refusal goes `access.logged`."""
        service(by=request.user, now=timezone.now())
        return self._back(request, case, outcome)

    def _act_on_dates(self, request, case, service, outcome):
        """As `_act`, and say so when dates contradict each other then, or two sessions do."""
        answer = self._act(request, case, service, outcome)
        if late := asking.of_dates(case):
            self.message_user(request, late.text, messages.WARNING)
        if twice := asking.of_two_sessions(case):
            self.message_user(request, twice, messages.WARNING)
        return answer

    def _back(self, request, case, text, level=messages.SUCCESS):
        self.message_user(request, text, level)
        return redirect(page_of(case))

    def _move(self, case, to, form, *, by, now):
        said = form.cleaned_data
        given = {"by": by, "now": now, "seen": said.pop("was"), **said}
        self.before_move(case, to, by=by, now=now)
        if to == Progress.MISSING:
            services.mark_missing(case, **given)
        elif to == Progress.SHIPPED:
            services.ship(case, **given)
        else:
            services.move(case, to, Who.LAB, **given)

    def _page(self, request, case, form, **context):
        request.visit.what = What.CASE
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "case": case,
            "form": form,
            "back": page_of(case),
            **context,
        }
        status = 400 if form.errors else 200
        return TemplateResponse(request, "admin/cases/case/step.html", context, status=status)


def _reasons(case, to):
    """Of what is missing, what the files themselves say."""
    if to != Progress.MISSING:
        return []
    return readiness.reasons_of(findings.of_case(case, now=timezone.now()))


def page_of(case):
    return reverse("admin:cases_case_change", args=[case.pk])


def _progress_named(name):
    try:
        return Progress[name.upper()]
    except KeyError:
        raise Http404("No such progress.") from None


def _row(rows, pk):
    try:
        return get_object_or_404(rows, pk=pk)
    except (TypeError, ValueError, ValidationError):
        raise Http404("No such row.") from None
