"""Blocks that begin too soon to prepare for are neither offered to dentists nor booked by them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling import services
from scheduling.models import Block, PlanningSession
from scheduling.tests import make
from scheduling.tests.make import NOW
from scheduling.tests.test_admin import SESSIONS, said
from scheduling.tests.test_planners import NO_ROWS, PLANNERS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_days_notice(settings, blocks_are_booked_late):
    settings.BOOKING_NOTICE_HOURS = 24


def in_hours(planner, hours, now=NOW):
    return make.block(planner, now + timedelta(hours=hours))


def test_a_block_that_is_too_near_is_not_offered(ann):
    near, far = in_hours(ann, 0.4), in_hours(ann, 24)
    in_hours(ann, 23)
    assert list(Block.objects.bookable(NOW)) == [far]
    assert near in Block.objects.free(NOW)


def test_a_planner_may_need_more_notice_or_less(ann):
    quick = make.planner("Ben Ray", "ben@lab.example", notice_hours=2)
    slow = make.planner("Cy Dow", "cy@lab.example", notice_hours=72)
    none = make.planner("Di Fox", "di@lab.example", notice_hours=0)
    for planner in (ann, quick, slow, none):
        for hours in (1, 2, 24, 72):
            in_hours(planner, hours)
    bookable = Block.objects.bookable(NOW)
    offered = {
        planner: [block.starts_at - NOW for block in bookable.filter(planner=planner)]
        for planner in (ann, quick, slow, none)
    }
    hours = [timedelta(hours=number) for number in (1, 2, 24, 72)]
    assert offered == {ann: hours[2:], quick: hours[1:], slow: hours[3:], none: hours}


@pytest.mark.parametrize(("own", "hours"), [(None, 23), (72, 71), (2, 1)])
def test_a_block_that_is_too_near_is_refused(ann, case, dentist, own, hours):
    ann.notice_hours = own
    ann.save(update_fields=["notice_hours"])
    with pytest.raises(services.BlockTooNear, match="too near for our planner"):
        services.book(in_hours(ann, hours), case, by=dentist, now=NOW)
    assert not PlanningSession.objects.exists()
    services.book(in_hours(ann, hours + 2), case, by=dentist, now=NOW)


def test_the_page_neither_offers_nor_takes_it(client, dentist, case, ann):
    near = in_hours(ann, 0.4, timezone.now())
    far = in_hours(ann, 30, timezone.now())
    client.force_login(dentist)
    page = client.get(f"/cases/{case.number}/schedule/").text
    assert f'value="{near.pk}"' not in page
    assert f'value="{far.pk}"' in page
    answer = client.post(f"/cases/{case.number}/schedule/", {"block": near.pk})
    assert answer.status_code == 409
    assert "Nothing was booked. Please choose a later one" in answer.text
    assert f'value="{far.pk}"' in answer.text
    assert not PlanningSession.objects.exists()


def test_the_lab_moves_a_session_there_all_the_same(client, lab_user, dentist, case, ann):
    now = timezone.now()
    session = services.book(in_hours(ann, 48, now), case, by=dentist, now=now)
    near = in_hours(ann, 0.4, now)
    client.force_login(lab_user)
    address = f"{SESSIONS}{session.pk}/move/"
    assert f'value="{near.pk}"' in client.get(address).text
    assert "has moved" in said(client.post(address, {"block": near.pk}))
    assert PlanningSession.objects.get().block == near


def test_a_planners_own_notice_is_typed_in_admin(client, lab_user, ann):
    client.force_login(lab_user)
    address = f"{PLANNERS}{ann.pk}/change/"
    typed = {"time_zone": ann.time_zone, "block_minutes": 60, "is_active": "on", **NO_ROWS}
    page = client.post(address, typed | {"notice_hours": 2000}).text
    assert "Ensure this value is less than or equal to 1008." in page
    client.post(address, typed | {"notice_hours": 48})
    ann.refresh_from_db()
    assert ann.notice_hours == 48
