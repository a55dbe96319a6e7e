from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from icalendar import Calendar

from cases.models import Case
from cases.progress import Progress
from portal.models import Email
from portal.writing import times
from scheduling import services
from scheduling.models import Block, PlanningSession
from scheduling.tests import make

pytestmark = pytest.mark.django_db


def url(case):
    return f"/cases/{case.number}/schedule/"


def in_days(days):
    return (timezone.now() + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def soon(ann):
    return make.block(ann, in_days(2))


@pytest.fixture
def office(client, dentist):
    client.force_login(dentist)
    return client


@pytest.fixture
def booked(soon, case, dentist):
    return services.book(soon, case, by=dentist, now=timezone.now())


def text(response):
    return response.content.decode()


def test_the_page_shows_free_blocks_by_day_with_their_zone(office, harbor, case, ann, soon):
    harbor.time_zone = "America/Denver"
    harbor.save(update_fields=["time_zone"])
    page = text(office.get(url(case)))
    assert f"{times.day(soon.starts_at, 'America/Denver')} <span" in page
    assert times.clock(soon.starts_at, "America/Denver") in page
    assert "(America/Denver)" in page
    assert f'name="block" value="{soon.pk}"' in page
    assert ">Go</button>" in page
    assert "cannot be changed in the portal" in page


def test_blocks_of_one_day_stand_in_one_fieldset(office, case, ann):
    noon = datetime.combine(in_days(3).date(), datetime.min.time(), UTC) + timedelta(hours=17)
    for hours in (0, 1, 24):
        make.block(ann, noon + timedelta(hours=hours))
    page = text(office.get(url(case)))
    assert page.count("<fieldset>") == 2
    assert page.count('type="radio"') == 3


def test_taken_past_withdrawn_and_far_blocks_are_not_offered(office, harbor, case, ann, dentist):
    taken, free = make.block(ann, in_days(1)), make.block(ann, in_days(2))
    make.block(ann, in_days(-1))
    make.block(ann, in_days(3), is_open=False)
    make.block(ann, in_days(43))
    services.book(taken, make.case(harbor), by=dentist, now=timezone.now())
    page = text(office.get(url(case)))
    assert page.count('type="radio"') == 1
    assert f'value="{free.pk}"' in page


def test_planners_are_named_when_there_is_a_choice(office, case, soon):
    assert "Ann Lee" not in text(office.get(url(case)))
    make.block(make.planner("Ben Ray", "ben@lab.example"), soon.starts_at)
    page = text(office.get(url(case)))
    assert "Ann Lee" in page
    assert "Ben Ray" in page


def test_without_a_free_block_the_page_says_whom_to_write_to(office, case):
    page = text(office.get(url(case)))
    assert "no free time" in page
    subject = f"Case%20{case.number}%3A%20planning%20session"
    assert f'href="mailto:{settings.LAB_EMAIL}?subject={subject}"' in page
    assert ">Go<" not in page


def test_go_books_and_shows_the_confirmation(office, case, soon):
    response = office.post(url(case), {"block": soon.pk})
    assert (response.status_code, response.url) == (302, url(case))
    page = " ".join(text(office.get(response.url)).split())
    assert times.long_time(soon.starts_at, "America/New_York") in page
    assert "Ann Lee" in page
    assert 'href="https://meet.example/ann"' in page
    assert 'href="https://www.teamviewer.com/" target="_blank" rel="noopener"' in page
    assert 'href="https://calendar.google.com/calendar/render?action=TEMPLATE&amp;' in page
    assert f'href="/cases/{case.number}/planning.ics"' in page
    assert "A booked session cannot be changed here" in page
    assert f"Case%20{case.number}%3A%20planning%20session" in page
    assert 'type="radio"' not in page
    assert Case.objects.get(pk=case.pk).progress == Progress.SCHEDULED


def test_a_session_that_pushes_the_guide_past_the_surgery_says_so_at_once(office, case, soon):
    surgery = timezone.localdate(soon.starts_at)
    Case.objects.filter(pk=case.pk).update(surgery_date=surgery)
    html = office.post(url(case), {"block": soon.pk}, follow=True).text
    assert f"after the surgery on {surgery:%b} {surgery.day}" in html


def test_a_second_click_is_the_same_booking(office, case, soon):
    for _ in range(2):
        response = office.post(url(case), {"block": soon.pk}, follow=True)
        assert response.status_code == 200
        assert "The planning session is booked" in text(response)
        assert "alert-warning" not in text(response)
    assert PlanningSession.objects.count() == 1
    assert Email.objects.filter(kind="planning_scheduled").count() == 2


def test_another_block_for_a_booked_case_is_refused_with_a_sentence(office, case, soon, ann):
    office.post(url(case), {"block": soon.pk})
    other = make.block(ann, in_days(4))
    page = text(office.post(url(case), {"block": other.pk}, follow=True))
    assert "has a planning session already" in page
    assert PlanningSession.objects.get().block == soon


def test_a_block_taken_meanwhile_gives_409_and_the_blocks_left(
    office, harbor, case, soon, ann, dentist
):
    left = make.block(ann, in_days(4))
    services.book(soon, make.case(harbor), by=dentist, now=timezone.now())
    response = office.post(url(case), {"block": soon.pk})
    assert response.status_code == 409
    page = text(response)
    assert "taken by somebody else" in page
    assert f'value="{left.pk}"' in page
    assert f'value="{soon.pk}"' not in page
    assert Case.objects.get(pk=case.pk).progress == Progress.READY


def test_a_block_in_the_past_gives_409(office, case, ann):
    over = make.block(ann, in_days(-1))
    response = office.post(url(case), {"block": over.pk})
    assert response.status_code == 409
    assert "over already" in text(response)
    assert not PlanningSession.objects.exists()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "-1",
        "999999",
        "abc",
        "1.5",
        "1 OR 1=1",
        "9" * 40,
        "9" * 5000,
        "\x00",
        "৯৯৯৯৯",
        "\u202e7",
    ],
)
def test_a_block_that_makes_no_sense_gets_a_sentence(office, case, value, soon):
    response = office.post(url(case), {"block": value})
    # As for one that somebody else has.
    assert response.status_code == (409 if value else 400)
    page = text(response)
    assert "Nothing was booked" in page
    assert f'value="{soon.pk}"' in page
    assert not PlanningSession.objects.exists()


def test_no_block_at_all_gets_a_sentence(office, case, soon):
    response = office.post(url(case))
    assert response.status_code == 400
    assert "Please choose a time" in text(response)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "progress", [one for one in Progress if one not in {Progress.READY, Progress.NO_SHOW}]
)
def test_a_case_that_is_not_ready_leads_to_its_record(office, harbor, soon, method, progress):
    case = make.case(harbor, progress)
    response = getattr(office, method)(url(case), {"block": soon.pk})
    assert (response.status_code, response.url) == (302, case.get_absolute_url())
    said = [str(message) for message in response.wsgi_request._messages]
    assert progress.label in said[0]
    assert not PlanningSession.objects.exists()


def test_a_missed_session_can_be_scheduled_again(office, harbor, soon):
    case = make.case(harbor, Progress.NO_SHOW, ship_date=None)
    assert office.post(url(case), {"block": soon.pk}).status_code == 302
    assert Case.objects.get(pk=case.pk).progress == Progress.SCHEDULED
    assert Case.objects.get(pk=case.pk).ship_date >= date.today()


def test_the_lab_sees_the_confirmation_and_does_not_book(client, lab_user, case, soon, dentist):
    client.force_login(lab_user)
    assert client.get(url(case)).url == case.get_absolute_url()
    assert client.post(url(case), {"block": soon.pk}).url == case.get_absolute_url()
    assert not PlanningSession.objects.exists()
    services.book(soon, case, by=dentist, now=timezone.now())
    assert "The planning session is booked" in text(client.get(url(case)))
    assert client.get(f"/cases/{case.number}/planning.ics").status_code == 200


def test_the_calendar_file_is_a_download(office, booked, case):
    response = office.get(f"/cases/{case.number}/planning.ics")
    assert response["Content-Type"] == "text/calendar; method=PUBLISH; charset=utf-8"
    name = f"planning-{case.number}.ics"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    event = Calendar.from_ical(response.content).events[0]
    assert event.start == booked.block.starts_at
    assert case.number in event["SUMMARY"]
    assert times.long_time(booked.block.starts_at, "America/New_York") in event["DESCRIPTION"]
    assert make.PATIENT not in response.content.decode()


def test_without_a_booked_session_there_is_no_calendar_file(office, case, booked, lab_user):
    services.cancel(booked, by=lab_user, now=timezone.now())
    assert office.get(f"/cases/{case.number}/planning.ics").status_code == 404


def test_no_calendar_link_on_the_page_names_the_patient(office, booked, case):
    page = text(office.get(url(case)))
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert not [link for link in links if "Zs" in link or "Patiently" in link]


@pytest.mark.parametrize("blocks", [1, 30])
def test_the_page_asks_the_same_few_questions_for_one_block_and_thirty(
    office, case, ann, blocks, django_assert_num_queries
):
    start = in_days(1)
    Block.objects.bulk_create(
        Block(
            planner=ann,
            starts_at=start + timedelta(hours=number),
            ends_at=start + timedelta(hours=number + 1),
        )
        for number in range(blocks)
    )
    # Login session, user with practice, case, booked session, blocks; and the row of the
    # access log.
    with django_assert_num_queries(6):
        page = text(office.get(url(case)))
    assert page.count('type="radio"') == blocks


def test_a_malformed_second_click_still_shows_the_confirmation(office, booked, case):
    assert office.post(url(case), {"block": "abc"}).url == url(case)


def test_both_hours_of_the_night_when_clocks_go_back_are_told_apart(ann, case, dentist):
    # On November 7, 2027, 1:30 AM comes twice in New York.
    first = make.block(ann, datetime(2027, 11, 7, 5, 30, tzinfo=UTC), minutes=60)
    second = make.block(ann, first.ends_at, minutes=60)
    booked = services.book(first, case, by=dentist, now=timezone.now())
    services.move_session(booked, second, by=dentist, now=timezone.now())
    text = Email.objects.get(kind="planning_moved", to=case.practice.email).text
    assert "It was Sunday, November 7, 2027, 1:30 AM EDT (America/New_York)" in text
    assert "Sunday, November 7, 2027, 1:30 AM EST (America/New_York)" in text
