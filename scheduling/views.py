from datetime import timedelta
from itertools import groupby

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cases import access, asking, policies
from cases.access import Action, Result, What, logged
from portal.writing import times
from scheduling import emails, services
from scheduling.calendar_entries import TEAMVIEWER, add_to_google, calendar_file
from scheduling.forms import BookingForm
from scheduling.models import Block, PlanningSession

AHEAD = timedelta(weeks=6)
DAYS_AT_FIRST = 5
BLOCKS = 1000  # on one page; a date later than these is offered once they are past or taken


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@logged(What.PLANNING, Action.BOOKED)
def schedule(request, number):
    """Choose a free block and press Go; once booked, the confirmation."""
    case = access.find(request, number=number)
    session = _booked(request.user, case)
    if session is None and not policies.can_schedule(request.user, case):
        request.visit.result = Result.NOT_NOW
        messages.info(request, _why_not(request.user, case))
        return redirect(case)
    if request.method == "POST":
        return _book(request, case, session)
    if session is None:
        return _choose(request, case)
    request.visit.item = str(session.pk)
    return render(request, "scheduling/planned.html", _planned(session))


def _booked(user, case):
    sessions = PlanningSession.objects.visible_to(user).booked().with_people()
    return sessions.filter(case=case).first()


def _why_not(user, case):
    if user.is_staff:
        return (
            f"Case {case.number} has no booked planning session. Only members of the practice "
            "can book one."
        )
    return (
        f"Case {case.number} is {case.progress.label}, so no planning session can be booked for it "
        f"now. Questions? Write to {settings.LAB_EMAIL}."
    )


def _book(request, case, session):
    form = BookingForm(request.POST, user=request.user)
    if not form.is_valid():
        if session:
            request.visit.is_told = True
            return redirect("scheduling:schedule", case.number)
        if form.is_empty:
            problem = "Nothing was booked yet. Please choose a time and press Go."
            return _choose(request, case, problem, status=400)
        # One that others have or that was withdrawn is to them like one that never was.
        access.note(request, result=Result.NOT_NOW)
        return _choose(request, case, services.TAKEN, status=409)
    try:
        with access.changing(request):
            _book_block(form, case, by=request.user, now=timezone.now())
    except services.DoubtfulTime as question:
        again = f"{question} Nothing was booked yet. Press Go again to book this time all the same."
        return _choose(request, case, again, status=409, asked=form.cleaned_data["block"])
    except services.AlreadyBooked as refusal:
        _tell_unless_the_same(request, case, form.cleaned_data["block"], refusal)
    except services.BlockGone as refusal:
        return _choose(request, case, refusal, status=409)
    return redirect("scheduling:schedule", case.number)


def _book_block(form, case, *, by, now):
    block = form.cleaned_data["block"]
    services.book(block, case, by=by, now=now, anyway=form.is_anyway)


def _tell_unless_the_same(request, case, block, refusal):
    # A double click asks for what it has got, and sees the same confirmation.
    session = _booked(request.user, case)
    if session is None or session.block_id != block.pk:
        messages.warning(request, refusal)


def _choose(request, case, problem="", status=200, asked=None):
    """The free blocks; of them, `asked` is chosen and asked about."""
    now, zone = timezone.now(), case.practice.time_zone
    request.visit.item = "free blocks"
    offered = Block.objects.visible_to(request.user).bookable(now)
    blocks = offered.filter(starts_at__lt=now + AHEAD)[:BLOCKS]
    days = _days(blocks, case, now)
    context = {
        "case": case,
        "days": days[:DAYS_AT_FIRST],
        "later_days": days[DAYS_AT_FIRST:],
        "several_planners": len({block.planner_id for block in blocks}) > 1,
        "problem": problem,
        "asked": asked,
        "zone": zone,
    }
    return render(request, "scheduling/schedule.html", context, status=status)


def _days(blocks, case, now):
    """Triples: a day of the practice, its blocks, and the ship date that they make, if another one.

    For a case without a ship date each is another one, said where it begins.
    """
    zone, said, days = case.practice.time_zone, case.ship_date, []
    for day, of_day in groupby(blocks, lambda block: times.day(block.starts_at, zone)):
        of_day = list(of_day)
        ships = services.ship_date_with(case, of_day[-1], now)
        days.append((day, of_day, None if ships == said else ships))
        said = case.ship_date or ships
    return days


def _planned(session):
    zone = session.case.practice.time_zone
    return {
        "case": session.case,
        "session": session,
        "dates_contradict": asking.of_dates(session.case),
        "zone": zone,
        "mail": emails.invitation_of(session),
        "google_link": add_to_google(session, zone),
        "teamviewer": TEAMVIEWER,
    }


@require_safe
@logged(What.CALENDAR, Action.DOWNLOADED)
def planning_calendar(request, number):
    """The booked session as a calendar file to download."""
    case = access.find(request, number=number)
    session = access.part(request, PlanningSession.objects.booked().with_people())
    request.visit.item = str(session.pk)
    text = calendar_file(session, timezone.now(), case.practice.time_zone)
    name = f"planning-{case.number}.ics"
    return HttpResponse(
        text,
        content_type="text/calendar; method=PUBLISH; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
