"""Days off: what they do to sessions is asked first, and what they took comes back with them."""

from datetime import date, datetime, time, timedelta
from html import unescape

import pytest
from django.utils import timezone

from accounts.groups import PLANNER
from scheduling import opening, services
from scheduling.models import Block, DayOff, PlanningSession, WorkingHours
from scheduling.tests import make
from scheduling.tests.make import NOW
from scheduling.tests.test_admin import BLOCKS, PLANNERS, SESSIONS, act, said
from tests.forms import forms_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, lab_user):
    client.force_login(lab_user)
    return client


@pytest.fixture
def soon(ann):
    return make.block(ann, timezone.now() + timedelta(days=9))


@pytest.fixture
def session(soon, case, dentist):
    return services.book(soon, case, by=dentist, now=timezone.now())


def address(planner):
    return f"{PLANNERS}{planner.pk}/change/"


def day_of(block):
    return timezone.localtime(block.starts_at, block.planner.zone).date()


def form_of(page, planner):
    forms = forms_in(page.text, address(planner))
    return next(form for form in forms if "days_off-TOTAL_FORMS" in form.untouched())


def take_off(desk, planner, day, page=None):
    """Type a day off in and press Save; with the page that asked, press Save there again."""
    if page is None:
        data = form_of(desk.get(address(planner)), planner).untouched()
        data |= {"days_off-0-first": day.isoformat(), "days_off-0-last": day.isoformat()}
        data |= {"days_off-TOTAL_FORMS": "1"}
    else:
        data = form_of(page, planner).untouched()
    return desk.post(address(planner), data)


def take_back(desk, planner):
    data = form_of(desk.get(address(planner)), planner).untouched()
    return desk.post(address(planner), data | {"days_off-0-DELETE": "on"})


def words(page):
    return " ".join(unescape(page.text).split())


def test_a_day_off_over_a_booked_session_names_it_before_it_is_saved(desk, ann, soon, session):
    page = take_off(desk, ann, day_of(soon))
    assert not DayOff.objects.exists()
    question = "A session is booked on these days, and would stay so: nothing was saved"
    above, _, below = words(page).partition('id="id_time_zone"')
    assert question in above
    assert question in below
    assert "Please correct the error" not in words(page)
    link = f'<a href="{SESSIONS}{session.pk}/move/">case {session.case}, Harbor Dental</a>'
    assert link in page.text
    assert take_off(desk, ann, day_of(soon), page).status_code == 302
    assert DayOff.objects.get().first == day_of(soon)
    assert PlanningSession.objects.get().state == "booked"


def test_a_session_that_came_meanwhile_is_named_too(desk, ann, soon, session, harbor, dentist):
    page = take_off(desk, ann, day_of(soon))
    at = datetime.combine(day_of(soon), time(), ann.zone)
    other = make.block(ann, at if at + timedelta(hours=1) <= soon.starts_at else soon.ends_at)
    services.book(other, make.case(harbor), by=dentist, now=timezone.now())
    again = take_off(desk, ann, day_of(soon), page)
    assert "2 sessions are booked on these days" in words(again)
    assert take_off(desk, ann, day_of(soon), again).status_code == 302


def test_what_was_asked_about_once_is_not_asked_about_again(desk, ann, soon, session):
    DayOff.objects.create(planner=ann, first=day_of(soon), last=day_of(soon))
    data = form_of(desk.get(address(ann)), ann).untouched()
    assert desk.post(address(ann), data | {"days_off-0-note": "Trade fair"}).status_code == 302
    assert DayOff.objects.get().note == "Trade fair"


def test_a_day_off_without_a_session_is_saved_at_once(desk, ann, soon, session):
    assert take_off(desk, ann, day_of(soon) + timedelta(days=1)).status_code == 302


def test_a_planner_is_asked_about_their_own_sessions(client, make_staff, case, dentist):
    pia = make_staff(PLANNER, email="pia@guidepost.example")
    planner = make.Planner.objects.create(user=pia)
    block = make.block(planner, timezone.now() + timedelta(days=9))
    services.book(block, case, by=dentist, now=timezone.now())
    client.force_login(pia)
    assert f"case {case}" in take_off(client, planner, day_of(block)).text


def test_a_day_off_taken_back_opens_its_blocks_again(desk, ann, soon):
    by_hand = make.block(ann, soon.ends_at, is_open=False)
    take_off(desk, ann, day_of(soon))
    assert not Block.objects.get(pk=soon.pk).is_open
    answer = take_back(desk, ann)
    assert not DayOff.objects.exists()
    assert "Blocks on days that are no longer off, offered: 1." in said(answer)
    assert Block.objects.get(pk=soon.pk).is_open
    assert not Block.objects.get(pk=by_hand.pk).is_open


def test_a_day_off_taken_back_opens_blocks_that_never_were_there(desk, ann):
    day = timezone.localtime(timezone.now(), ann.zone).date() + timedelta(days=9)
    for weekday in range(7):
        WorkingHours.objects.create(planner=ann, weekday=weekday, start=time(9), end=time(11))
    DayOff.objects.create(planner=ann, first=day - timedelta(2), last=day + timedelta(2))
    opening.open_blocks(timezone.now(), opening.WEEKS)
    there = {day_of(block) for block in Block.objects.all()}
    assert day not in there
    take_back(desk, ann)
    opened = {day_of(block) for block in Block.objects.filter(is_open=True)} - there
    assert opened
    assert opened <= {day + timedelta(number) for number in (-2, -1, 0, 1, 2)}


def test_a_shorter_time_off_opens_the_days_that_are_left(desk, ann, soon):
    first = day_of(soon)
    DayOff.objects.create(planner=ann, first=first - timedelta(1), last=first)
    opening.withdraw_on_days_off(ann, timezone.now())
    data = form_of(desk.get(address(ann)), ann).untouched()
    desk.post(address(ann), data | {"days_off-0-last": f"{first - timedelta(1)}"})
    assert Block.objects.get().is_open


def test_what_is_withdrawn_by_hand_on_a_day_off_stays_so(desk, ann, soon):
    take_off(desk, ann, day_of(soon))
    act(desk, BLOCKS, "withdraw", soon)
    take_back(desk, ann)
    assert not Block.objects.get().is_open


def test_a_night_goes_and_comes_with_the_day_on_which_it_begins(ann):
    WorkingHours.objects.create(planner=ann, weekday=1, start=time(22), end=time(2))
    opening.open_blocks(NOW, opening.WEEKS)
    off = DayOff.objects.create(planner=ann, first=date(2026, 11, 3), last=date(2026, 11, 3))
    assert opening.withdraw_on_days_off(ann, NOW) == 4
    off.delete()
    assert opening.open_after_days_off(ann, NOW) == 4
    DayOff.objects.create(planner=ann, first=date(2026, 11, 4), last=date(2026, 11, 4))
    assert opening.withdraw_on_days_off(ann, NOW) == 2


@pytest.mark.parametrize("is_moved", [True, False])
def test_the_time_of_a_session_that_leaves_a_day_off_is_not_offered(
    ann, soon, session, lab_user, is_moved
):
    DayOff.objects.create(planner=ann, first=day_of(soon), last=day_of(soon))
    now = timezone.now()
    if is_moved:
        there = make.block(ann, soon.starts_at + timedelta(days=5))
        services.move_session(session, there, by=lab_user, now=now)
    else:
        services.cancel(session, by=lab_user, now=now)
    assert not Block.objects.free(now).exists()
