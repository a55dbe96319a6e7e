"""The office makes planners, of people whom a superuser lets plan, and sees nothing of cases."""

import re

import pytest
from django.urls import reverse

from accounts.groups import LAB, OFFICE, PLANNER
from scheduling.models import Planner
from scheduling.tests import make

pytestmark = pytest.mark.django_db
PLANNERS = "/admin/scheduling/planner/"
NO_ROWS = {
    f"{prefix}-{name}_FORMS": 0 for prefix in ("hours", "days_off") for name in ("TOTAL", "INITIAL")
}


@pytest.fixture
def office(client, make_staff):
    client.force_login(make_staff(OFFICE, email="olga@guidepost.example"))
    return client


@pytest.fixture
def pia(make_staff):
    return make_staff(PLANNER, email="pia@guidepost.example")


def add(client, user, **more):
    row = {"user": user.pk, "time_zone": "America/Denver", "block_minutes": 60, "is_active": "on"}
    return client.post(f"{PLANNERS}add/", row | NO_ROWS | more)


def test_the_office_makes_a_planner_and_changes_them(office, pia):
    assert add(office, pia).status_code == 302
    planner = Planner.objects.get()
    assert (planner.user, planner.time_zone) == (pia, "America/Denver")
    row = {"time_zone": "America/New_York", "block_minutes": 30, **NO_ROWS}
    assert office.post(f"{PLANNERS}{planner.pk}/change/", row).status_code == 302
    planner.refresh_from_db()
    assert (planner.block_minutes, planner.is_active) == (30, False)


def test_only_people_of_the_group_who_are_no_planner_yet_are_offered(office, pia, make_staff):
    make_staff(LAB, email="lab@guidepost.example")
    Planner.objects.create(user=make_staff(PLANNER, email="ann@guidepost.example"))
    make_staff(PLANNER, email="gone@guidepost.example", is_active=False)
    page = office.get(f"{PLANNERS}add/").text
    offered = re.search(r'<select name="user".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="(\d+)"', offered) == [str(pia.pk)]
    assert "A superuser puts people into the group" in page


def test_somebody_else_is_refused(office, make_staff, dentist_user):
    for user in (make_staff(LAB), dentist_user):
        assert "Select a valid choice" in add(office, user).text
    assert not Planner.objects.exists()


def test_whose_planner_it_is_nobody_changes(office, pia, lab_user, client):
    planner = make.planner()
    for user in (None, lab_user):
        if user:
            client.force_login(user)
        row = {"user": pia.pk, "time_zone": "America/New_York", "block_minutes": 30, **NO_ROWS}
        client.post(f"{PLANNERS}{planner.pk}/change/", row)
        assert Planner.objects.get().user == planner.user


def test_a_thousand_rows_of_hours_are_no_form_of_a_person(client, lab_user):
    client.force_login(lab_user)
    rows = {"hours-TOTAL_FORMS": "1000", "hours-INITIAL_FORMS": "0"}
    rows |= {"days_off-TOTAL_FORMS": "1000", "days_off-INITIAL_FORMS": "0"}
    page = client.post(reverse("admin:scheduling_planner_add"), rows)
    shown = [inline.formset.total_form_count() for inline in page.context["inline_admin_formsets"]]
    assert shown == [300, 300]
