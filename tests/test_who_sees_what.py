"""Whose rows somebody sees, in pages and in Django admin, and that others look like none at all.

All addresses, and keys of others in one's own forms, are asked for by tests/matrix.
"""

import re
import uuid
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.groups import EMERGENCY, LAB, OFFICE, PLANNER
from accounts.models import Access
from cases import drafts
from cases.models import Attachment, Case, Draft, EmergencyGrant, Message, Prescription
from cases.progress import Progress
from scheduling import services
from scheduling.models import Block, Planner, PlanningSession, WorkingHours
from scheduling.tests import make

CASES = "/admin/cases/case/"
SESSIONS = "/admin/scheduling/planningsession/"
BLOCKS = "/admin/scheduling/block/"


@pytest.fixture
def case(make_case):
    """A case in all that can belong to one, with nobody's planning session yet."""
    case = make_case(progress=Progress.READY)
    case.prescriptions.create(revision=1, snapshot={})
    case.messages.create(author=case.created_by, body="Hello?")
    case.attachments.create(
        name="arch.stl", size=5, practice=case.practice, uploaded_by=case.created_by
    )
    return case


@pytest.fixture
def planner(make_staff):
    return Planner.objects.create(user=make_staff(PLANNER, email="ann@guidepost.example"))


@pytest.fixture
def other_planner(make_staff):
    return Planner.objects.create(user=make_staff(PLANNER, email="bob@guidepost.example"))


@pytest.fixture
def session(planner, case, dentist_user):
    block = make.block(planner, timezone.now() + timedelta(days=2))
    return services.book(block, case, by=dentist_user, now=timezone.now())


def rows_of(user):
    """How many rows of each kind a user sees."""
    models = [Case, Attachment, Prescription, Message, PlanningSession]
    return [model.objects.visible_to(user).count() for model in models]


def test_the_lab_sees_all_and_the_office_nothing(make_staff, session):
    assert rows_of(make_staff(LAB)) == [1, 1, 1, 1, 1]
    assert rows_of(make_staff(OFFICE, email="o@guidepost.example")) == [0, 0, 0, 0, 0]
    assert rows_of(make_staff(EMERGENCY, email="e@guidepost.example")) == [0, 0, 0, 0, 0]
    assert rows_of(make_staff(email="none@guidepost.example")) == [0, 0, 0, 0, 0]


def test_a_planner_sees_the_cases_of_their_own_blocks(planner, other_planner, session):
    assert rows_of(planner.user) == [1, 1, 1, 1, 1]
    assert rows_of(other_planner.user) == [0, 0, 0, 0, 0]


def test_a_session_that_moves_takes_its_case_along(planner, other_planner, session, lab_user):
    block = make.block(other_planner, timezone.now() + timedelta(days=3))
    services.move_session(session, block, by=lab_user, now=timezone.now())
    assert rows_of(planner.user) == [0, 0, 0, 0, 0]
    assert rows_of(other_planner.user) == [1, 1, 1, 1, 1]


def test_a_practice_sees_its_own(dentist_user, other_practice_user, session):
    assert rows_of(dentist_user) == [1, 1, 1, 1, 1]
    assert rows_of(other_practice_user) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("what", ["person", "practice"])
def test_who_is_no_longer_active_sees_nothing(dentist_user, session, what):
    row = dentist_user if what == "person" else dentist_user.practice
    row.is_active = False
    row.save()
    assert rows_of(dentist_user) == [0, 0, 0, 0, 0]
    assert not Draft.objects.visible_to(dentist_user).exists()


def test_drafts_are_their_writers_and_updates_their_practices(
    dentist_user, other_practice_user, lab_user, case
):
    drafts.keep(uuid.uuid4(), as_query(patient_name="Jane Roe"), by=dentist_user)
    drafts.keep(drafts.update_key(case), as_query(description="x"), case, by=dentist_user)
    assert Draft.objects.visible_to(dentist_user).count() == 2
    assert not Draft.objects.visible_to(other_practice_user).exists()
    assert not Draft.objects.visible_to(lab_user).exists()


def as_query(**typed):
    query = QueryDict(mutable=True)
    query.update(typed)
    return query


def test_a_member_sees_free_blocks_and_their_own(
    dentist_user, other_practice_user, planner, session
):
    free = make.block(planner, timezone.now() + timedelta(days=5))
    make.block(planner, timezone.now() + timedelta(days=6), is_open=False)
    assert set(Block.objects.visible_to(dentist_user)) == {session.block, free}
    assert set(Block.objects.visible_to(other_practice_user)) == {free}


# Pages


def addresses(case, session):
    return [
        case.get_absolute_url(),
        f"{case.get_absolute_url()}created/",
        f"{CASES}{case.pk}/change/",
        f"{CASES}{case.pk}/history/",
        f"{SESSIONS}{session.pk}/change/",
    ]


def statuses(client, user, urls):
    client.force_login(user)
    return {client.get(url).status_code for url in urls}


@pytest.mark.ignore_template_errors
def test_pages_of_a_case_open_for_those_who_see_it(
    client, make_staff, case, session, planner, other_planner
):
    urls = addresses(case, session)
    assert statuses(client, make_staff(LAB), urls) == {200}
    assert statuses(client, planner.user, urls) == {200}
    assert statuses(client, other_planner.user, urls) == {404}
    assert statuses(client, make_staff(OFFICE, email="o@guidepost.example"), urls) == {404, 403}


def test_rights_taken_away_act_on_the_next_request(client, make_staff, case):
    sam = make_staff(LAB)
    client.force_login(sam)
    url = case.get_absolute_url()
    assert client.get(url).status_code == 200
    sam.groups.clear()
    assert client.get(url).status_code == 404
    assert "Jane Roe" not in client.get(reverse("cases:list")).text
    assert client.get(CASES).status_code == 403


def test_who_is_no_longer_a_planner_sees_nothing_on_the_next_request(client, planner, session):
    client.force_login(planner.user)
    url = session.case.get_absolute_url()
    assert client.get(url).status_code == 200
    planner.user.groups.clear()
    assert client.get(url).status_code == 404


@pytest.mark.ignore_template_errors
@pytest.mark.parametrize(
    "url",
    [CASES, "/admin/cases/attachment/", "/admin/cases/prescription/", SESSIONS, "/cases/", BLOCKS],
)
def test_lists_show_a_planner_their_own_only(client, planner, other_planner, session, url):
    make.block(other_planner, timezone.now() + timedelta(days=3))
    number = session.case.number
    client.force_login(planner.user)
    assert number in client.get(url).text
    client.force_login(other_planner.user)
    answer = client.get(url)
    assert answer.status_code == 200
    assert number not in answer.text
    assert "Jane Roe" not in answer.text


def test_the_lab_looks_for_cases_by_autocomplete_and_others_do_not_find_them(
    client, make_staff, other_planner, case
):
    url = "/admin/autocomplete/"
    asked = {
        "app_label": "scheduling",
        "model_name": "planningsession",
        "field_name": "case",
        "term": "Jane",
    }
    client.force_login(make_staff(LAB))
    assert case.number in client.get(url, asked).text
    client.force_login(other_planner.user)
    assert case.number not in client.get(url, asked).text
    noted = Access.objects.filter(item="autocomplete")
    assert noted.count() == 2


def test_no_address_leads_from_a_key_to_a_number(client, lab_user, case):
    client.force_login(lab_user)
    for type_of_case in range(1, 30):
        assert client.get(f"/admin/r/{type_of_case}/{case.pk}/").status_code == 404


def test_the_first_page_of_admin_counts_what_one_sees(client, planner, other_planner, session):
    client.force_login(planner.user)
    assert sum(number for _, number in client.get("/admin/").context["counts"]) == 1
    client.force_login(other_planner.user)
    assert sum(number for _, number in client.get("/admin/").context["counts"]) == 0


def test_a_planner_moves_to_own_blocks_and_the_lab_to_any(
    client, make_staff, planner, other_planner, session
):
    mine = make.block(planner, timezone.now() + timedelta(days=4))
    theirs = make.block(other_planner, timezone.now() + timedelta(days=4))
    url = f"{SESSIONS}{session.pk}/move/"
    client.force_login(other_planner.user)
    assert client.get(url).status_code == 404
    client.force_login(planner.user)
    assert f'<option value="{theirs.pk}">' not in client.get(url).text
    assert client.post(url, {"block": theirs.pk}).status_code == 400
    client.post(url, {"block": mine.pk})
    session.refresh_from_db()
    assert session.block == mine
    client.force_login(make_staff(LAB))
    client.post(url, {"block": theirs.pk})
    session.refresh_from_db()
    assert session.block == theirs


def test_actions_reach_no_session_of_others(client, other_planner, session):
    client.force_login(other_planner.user)
    data = {"action": "cancel", "confirmed": "yes", "_selected_action": [session.pk]}
    client.post(SESSIONS, data)
    session.refresh_from_db()
    assert session.state == "booked"


def test_actions_reach_no_block_of_others(client, planner, other_planner):
    block = make.block(planner, timezone.now() + timedelta(days=4))
    client.force_login(other_planner.user)
    client.post(BLOCKS, {"action": "withdraw", "_selected_action": [block.pk]})
    block.refresh_from_db()
    assert block.is_open


def test_a_planner_adds_blocks_for_themselves_only(client, planner, other_planner):
    client.force_login(planner.user)
    page = client.get(f"{BLOCKS}add/").text
    assert f'<option value="{planner.pk}">' in page
    assert f'<option value="{other_planner.pk}">' not in page
    typed = {"is_open": "on", "starts_at_0": "2031-01-06", "starts_at_1": "08:00"}
    typed |= {"ends_at_0": "2031-01-06", "ends_at_1": "09:00"}
    assert client.post(f"{BLOCKS}add/", typed | {"planner": other_planner.pk}).status_code == 200
    assert not Block.objects.exists()
    assert client.post(f"{BLOCKS}add/", typed | {"planner": planner.pk}).status_code == 302
    assert Block.objects.get().planner == planner


def hours(planner, *rows, **typed):
    """What the page of a planner posts with these rows of working hours."""
    data = {"days_off-TOTAL_FORMS": 0, "days_off-INITIAL_FORMS": 0}
    data |= {"hours-TOTAL_FORMS": len(rows), "hours-INITIAL_FORMS": sum("id" in r for r in rows)}
    for number, row in enumerate(rows):
        row = {"planner": planner.pk, "weekday": 0, "start": "08:00", "end": "12:00"} | row
        data |= {f"hours-{number}-{name}": value for name, value in row.items()}
    return data | typed


@pytest.mark.ignore_template_errors
def test_a_planner_sets_their_own_hours_and_no_others(client, planner, other_planner):
    theirs = WorkingHours.objects.create(
        planner=other_planner, weekday=1, start="08:00", end="09:00"
    )
    url = "/admin/scheduling/planner/{}/change/"
    client.force_login(planner.user)
    assert client.get(url.format(planner.pk)).status_code == 200
    assert client.get(url.format(other_planner.pk)).status_code in (302, 404)
    client.post(url.format(other_planner.pk), hours(other_planner, {}))
    # Somebody else's row among one's own, and a field that is not theirs to set.
    mixed = hours(planner, {"id": theirs.pk}, meeting_link="https://elsewhere.example/")
    client.post(url.format(planner.pk), mixed)
    assert list(WorkingHours.objects.values_list("pk", "weekday")) == [(theirs.pk, 1)]
    answer = client.post(
        url.format(planner.pk), hours(planner, {}, meeting_link="https://elsewhere.example/")
    )
    assert answer.status_code == 302
    assert planner.hours.get().weekday == 0
    planner.refresh_from_db()
    assert planner.meeting_link == ""


@pytest.fixture(params=["record", "admin"])
def message_url(request, session):
    """Where the lab writes a message on the case, in the portal and in admin."""
    if request.param == "admin":
        return f"{CASES}{session.case_id}/message/"
    return reverse("cases:message", args=[session.case.number])


def test_who_works_on_a_case_or_plans_it_writes_messages_for_the_lab(
    client, make_staff, planner, message_url
):
    for user in (make_staff(LAB), planner.user):
        client.force_login(user)
        assert client.post(message_url, {"body": "Hello"}).status_code == 302
    assert Message.objects.filter(body="Hello").count() == 2


@pytest.mark.ignore_template_errors
def test_the_pages_of_a_case_have_the_form_of_a_message_for_its_planner(client, planner, session):
    client.force_login(planner.user)
    for page in (session.case.get_absolute_url(), f"{CASES}{session.case_id}/change/"):
        assert "Send message" in client.get(page).text


def test_others_write_none(client, make_staff, other_planner, session, message_url):
    reader = make_staff(EMERGENCY, email="e@guidepost.example")
    now = timezone.now()
    EmergencyGrant.objects.create(
        user=reader, case=session.case, reason="x" * 20, until=now + timedelta(hours=1)
    )
    for user, status, noted in [(reader, 403, "not_now"), (other_planner.user, 404, "not_theirs")]:
        client.force_login(user)
        assert client.post(message_url, {"body": "Hello"}).status_code == status
        assert Access.objects.latest("pk").result == noted
    assert not Message.objects.filter(body="Hello").exists()


# What is not there, and what is of others


OF_A_CASE = [
    "record", "created", "update", "archive", "unarchive", "message", "rx", "rx_state",
    "file_states",
]  # fmt: skip


def all_of(answer):
    """Status, headers and body, without what is new for each answer."""
    if answer.streaming:
        body = b"".join(answer.streaming_content)
    else:
        body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)
    new_each_time = {"X-Request-ID", "Expires"}
    headers = {name: value for name, value in answer.items() if name not in new_each_time}
    cookies = sorted(answer.cookies)
    return answer.status_code, headers, body, cookies


@pytest.mark.parametrize("method", ["get", "post", "put"])
@pytest.mark.parametrize("name", [*OF_A_CASE, "schedule", "calendar", "download", "rx_revision"])
def test_a_case_of_others_answers_as_one_that_is_not_there(
    client, other_practice_user, case, name, method
):
    client.force_login(other_practice_user)
    app = "scheduling" if name in ("schedule", "calendar") else "cases"
    more = {"download": [case.attachments.get().pk], "rx_revision": [1]}.get(name, [])
    theirs, nobodys = (
        all_of(getattr(client, method)(reverse(f"{app}:{name}", args=[number, *more])))
        for number in (case.number, "26-99999")
    )
    assert theirs == nobodys
    assert theirs[0] in (404, 405)
    rows = Access.objects.exclude(what="account").order_by("pk")
    if theirs[0] == 405:
        assert not rows.exists()
    else:
        assert [row.result for row in rows] == ["not_theirs", "not_there"]
        assert [row.case_number for row in rows] == [case.number, "26-99999"]
        assert [row.practice_id for row in rows] == [case.practice_id, None]


@pytest.mark.parametrize("number", ["Jane Roe", "26-1", "x" * 300, "26-100000000000"])
def test_what_is_no_case_number_is_not_kept(dentist_client, number):
    assert dentist_client.get(f"/cases/{number}/").status_code == 404
    row = Access.objects.latest("pk")
    assert (row.result, row.case_number, row.item) == ("not_there", "", "")


@pytest.mark.parametrize("page", ["change/", "history/", "progress/ready/", "ship-date/"])
def test_in_admin_too_a_row_of_others_answers_as_none(client, make_staff, case, page):
    sam = make_staff(PLANNER)
    if page not in ("change/", "history/"):
        # Who may change cases sees all: the right alone is not enough where they do not.
        sam.groups.clear()
    client.force_login(sam)
    theirs, nobodys = (all_of(client.get(f"{CASES}{pk}/{page}")) for pk in (case.pk, 99999))
    assert theirs == nobodys
    assert theirs[0] == (404 if sam.groups.exists() else 403)
    kept = Access.objects.exclude(what="account").order_by("pk").values_list("result", flat=True)
    expected = ["not_theirs", "not_there"] if sam.groups.exists() else ["not_now", "not_now"]
    assert list(kept) == expected


def test_a_file_of_others_looks_like_none_to_the_upload_program(client, other_practice_user, case):
    client.force_login(other_practice_user)
    file = case.attachments.get()
    for method in ("head", "patch", "delete"):
        theirs, nobodys = (
            all_of(
                client.generic(
                    method.upper(),
                    reverse("cases:upload", args=[pk]),
                    headers={"Tus-Resumable": "1.0.0"},
                    content_type="application/offset+octet-stream",
                )
            )
            for pk in (file.pk, uuid.uuid4())
        )
        assert theirs == nobodys
        assert theirs[0] == 404
    rows = Access.objects.exclude(what="account").order_by("pk")
    assert [row.result for row in rows] == ["not_theirs", "not_there"] * 3
    assert rows.first().practice == case.practice


@pytest.mark.parametrize("block", ["foreign", "withdrawn", "nobody's"])
def test_a_block_that_is_not_theirs_to_book_is_refused_with_one_sentence(
    client, dentist_user, case, planner, other_practice_user, block
):
    now = timezone.now()
    there = make.block(planner, now + timedelta(days=2), is_open=block != "withdrawn")
    if block == "foreign":
        theirs = make.case(other_practice_user.practice)
        services.book(there, theirs, by=other_practice_user, now=now)
    client.force_login(dentist_user)
    pk = 99999 if block == "nobody's" else there.pk
    answer = client.post(reverse("scheduling:schedule", args=[case.number]), {"block": pk})
    assert answer.status_code == 409
    assert services.TAKEN in answer.text
    case.refresh_from_db()
    assert case.progress == Progress.READY
    assert Access.objects.filter(action="booked", result="not_now").count() == 1


def test_a_session_that_took_place_stays_with_its_planner(planner, session):
    type(session).objects.update(state="held")
    assert Case.objects.visible_to(planner.user).exists()


def test_a_session_that_is_cancelled_takes_its_case_from_the_planner(planner, session, lab_user):
    services.cancel(session, by=lab_user, now=timezone.now())
    assert not Case.objects.visible_to(planner.user).exists()


def test_an_emergency_shows_one_case_for_a_while(make_staff, make_case, case):
    make_case()
    eve, now = make_staff(EMERGENCY), timezone.now()
    grant = EmergencyGrant.objects.create(
        case=case, user=eve, reason="x", until=now + timedelta(hours=1)
    )
    assert rows_of(eve) == [1, 1, 1, 1, 0]
    EmergencyGrant.objects.filter(pk=grant.pk).update(until=now)
    assert rows_of(eve) == [0, 0, 0, 0, 0]
