from django import template

from cases import policies
from scheduling.calendar_entries import TEAMVIEWER, add_to_google
from scheduling.models import PlanningSession

register = template.Library()

SESSIONS = 50  # the newest, of which the booked one is the first


@register.inclusion_tag("scheduling/_planning.html", takes_context=True)
def planning(context, case, user):
    """Show what a case's record says of planning: the booked session, past ones, the button."""
    sessions = PlanningSession.objects.visible_to(user).with_people().filter(case=case)[:SESSIONS]
    states = PlanningSession.State
    past = [one for one in sessions if one.state in {states.MISSED, states.HELD}]
    booked = next((one for one in sessions if one.state == states.BOOKED), None)
    zone = case.practice.time_zone
    return {
        "case": case,
        "booked": booked,
        "past": past,
        "can_schedule": policies.can_schedule(user, case),
        "zone": zone,
        "google_link": add_to_google(booked, zone) if booked else "",
        "teamviewer": TEAMVIEWER,
        "lab": context["lab"],
    }
