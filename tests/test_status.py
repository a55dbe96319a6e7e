"""How the work stands: the same facts on the page, from the command and for Prometheus."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from cases.models import Attachment
from portal.health import status
from portal.models import Email, Host
from portal.tests import hanging
from portal.work import Dependency, WorkState

TOKEN = "a-token-for-the-scraper"


@pytest.fixture
def answering(broker, settings):
    """A real broker with nothing in it, for those who ask and those who hand over."""
    settings.CELERY_BROKER_URL = broker.url
    return broker


@pytest.fixture
def broker_away(settings):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{hanging.nobody()}/0"


@pytest.fixture
def heard(db):
    return Host.objects.create(name="web1", heard_at=timezone.now())


@pytest.fixture
def lab(client, lab_user):
    client.force_login(lab_user)
    return client


def make_mail(key, minutes=0, **fields):
    fields = {"kind": "case_submitted", "to": "a@b.example", "subject": "Case 26-1"} | fields
    written = timezone.now() - timedelta(minutes=minutes)
    return Email.objects.create(key=key, created_at=written, **fields)


def make_file(case, minutes=0, **fields):
    fields = {"name": "arch.stl", "size": 5, "practice": case.practice} | fields
    arrived = timezone.now() - timedelta(minutes=minutes)
    return Attachment.objects.create(
        case=case, uploaded_by=case.created_by, received_at=arrived, **fields
    )


def kind(name):
    return next(one for one in status.look(timezone.now()).kinds if one.name == name)


def figures(text):
    """Name with labels → value, of the text that Prometheus reads."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_done_work_is_not_told(answering, heard):
    make_mail("k", 9, work_state=WorkState.DONE)
    found = status.look(timezone.now())
    assert [one.unfinished + one.failed + one.arriving for one in found.kinds] == [0, 0, 0, 0, 0]
    assert found.troubles == []


def test_the_age_of_work_counts_from_its_cause_whatever_the_sweep_asked_since(answering, heard):
    oldest = make_mail("k1", 20, work_waits_for=Dependency.MAIL)
    make_mail("k2", 3)
    Email.objects.update(work_asked_at=timezone.now())
    found = kind("portal.email")
    assert (found.unfinished, found.oldest) == (2, oldest.created_at)
    assert found.waiting_words == ["1 waits for the mail server"]


def test_a_file_wants_its_work_from_its_last_byte_on(answering, heard, case):
    State = Attachment.State  # noqa: N806
    arrived = make_file(case, 2, state=State.RECEIVED, created_at=timezone.now() - timedelta(1))
    make_file(case, state=State.UPLOADING)
    make_file(case, state=State.FAILED, work_state=WorkState.FAILED)
    found = kind("cases.attachment")
    assert (found.unfinished, found.oldest) == (1, arrived.received_at)
    assert (found.arriving, found.failed) == (1, 1)


def test_troubles_are_sentences(broker_away, db):
    make_mail("k1", 20, work_waits_for=Dependency.MAIL)
    make_mail("k2", work_state=WorkState.FAILED)
    Host.objects.create(name="web2", heard_at=timezone.now() - timedelta(minutes=14))
    failed, late, broker, host = status.look(timezone.now()).troubles
    assert failed == "Mails that failed: 1. Try them again in admin."
    assert late == "Mails to be done: 1, the oldest for 20 minutes, 1 waits for the mail server."
    assert broker.startswith("The broker does not answer (ConnectionError). Nothing is lost")
    assert host.startswith("Host web2 was last heard from 14 minutes ago.")


def test_queues_are_told_with_their_lengths(answering, heard, work_at_once):
    work_at_once.conf.task_always_eager = False
    make_mail("k").hand_over()
    queues = status.look(timezone.now()).queues
    assert queues == {"portal": 1, "staging.local": 0, "staging.web1": 0}


def test_looking_takes_the_same_few_queries_however_much_there_is(
    answering, heard, case, django_assert_num_queries
):
    for rows in range(2):
        for number in range(1 + 2 * rows):
            make_mail(f"{rows}-{number}", 9, work_waits_for=Dependency.MAIL)
            make_file(case, state=Attachment.State.RECEIVED)
        with django_assert_num_queries(12):
            status.look(timezone.now())


def test_the_page_says_that_all_is_well(lab, answering, heard):
    page = lab.get(reverse("admin:status"))
    assert "All is well: nothing has failed and nothing is late." in page.text
    assert "staging.web1" in page.text


def test_the_page_names_what_failed_and_leads_to_it(lab, answering, heard):
    make_mail("k", work_state=WorkState.FAILED)
    page = lab.get(reverse("admin:status")).text
    link = re.search(r'href="([^"]+)">1: see them and try again', page)[1]
    assert link == "/admin/portal/email/?work_state__exact=failed"
    assert "case_submitted" in lab.get(link).text


def test_the_page_tells_times_with_their_zone(lab, answering, db):
    Host.objects.create(name="web1", heard_at=timezone.now())
    page = lab.get(reverse("admin:status")).text
    assert re.search(r"\d:\d\d [AP]M E[SD]T <span class=\"quiet\">\d+ seconds? ago", page)


def test_the_page_comes_without_a_broker_and_says_so(lab, broker_away, heard):
    page = lab.get(reverse("admin:status"))
    assert page.status_code == 200
    assert "The broker does not answer (ConnectionError)." in page.text


def test_the_page_without_a_worker_says_what_is_to_come(lab, answering):
    assert "No worker was heard from yet." in lab.get(reverse("admin:status")).text


def test_the_page_is_for_staff_who_may_see_hosts(client, answering, make_staff):
    staff = make_staff()
    client.force_login(staff)
    assert client.get(reverse("admin:status")).status_code == 403
    assert reverse("admin:status") not in client.get(reverse("admin:index")).text
    staff.user_permissions.add(Permission.objects.get(codename="view_host"))
    assert reverse("admin:status") in client.get(reverse("admin:index")).text
    page = client.get(reverse("admin:status"))
    assert page.status_code == 200
    assert "Delete a host" not in page.text


def test_a_host_that_is_gone_for_good_is_deleted_in_admin(lab, heard):
    lab.post(reverse("admin:portal_host_delete", args=["web1"]), {"post": "yes"})
    assert not Host.objects.exists()


def test_the_command_writes_aligned_columns(answering, heard, capsys):
    make_mail("k", 20, work_waits_for=Dependency.MAIL)
    call_command("status")
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("! Mails to be done: 1, the oldest for 20 minutes")
    head, mails, files, *_ = out[2:]
    assert head.split()[:3] == ["WORK", "TO", "BE"]
    for column in ("TO BE DONE", "OLDEST", "HELD UP", "FAILED"):
        at = head.index(column)
        assert all(row[at - 1] == " " and row[at] != " " for row in (mails, files))


def test_the_command_gives_programs_the_same_facts(answering, heard, capsys):
    make_mail("k", work_state=WorkState.FAILED)
    call_command("status", "--json")
    facts = json.loads(capsys.readouterr().out)
    assert facts["kinds"][0]["failed"] == 1
    assert facts["queues"]["portal"] == 0
    assert facts["hosts"][0]["name"] == "web1"
    assert facts["troubles"] == ["Mails that failed: 1. Try them again in admin."]


def test_figures_are_for_those_with_the_token(client, db, settings):
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics", headers=right).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for wrong in ({}, {"Authorization": TOKEN}, {"Authorization": "Bearer Grüße"}):
        answer = client.get("/metrics", headers=wrong)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert client.get("/metrics", headers=right).status_code == 200


def test_figures_tell_the_rows_the_queues_and_the_hosts(
    client, settings, answering, case, django_assert_num_queries
):
    settings.METRICS_TOKEN = TOKEN
    Host.objects.create(name="web1", heard_at=timezone.now() - timedelta(seconds=70))
    make_mail("k1", 20, work_waits_for=Dependency.MAIL)
    make_mail("k2", 60, work_state=WorkState.FAILED)
    make_file(case, state=Attachment.State.UPLOADING)
    with django_assert_num_queries(12):
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer["Content-Type"].startswith("text/plain; version=")
    told = figures(answer.text)
    assert told['guidepost_work_rows{kind="portal.email",state="unfinished"}'] == 1
    assert told['guidepost_work_rows{kind="portal.email",state="failed"}'] == 1
    assert told['guidepost_work_rows{kind="cases.attachment",state="arriving"}'] == 1
    assert told['guidepost_work_waiting_rows{kind="portal.email",waits_for="mail"}'] == 1
    oldest = 'guidepost_work_oldest_seconds{kind="portal.email",state="%s"}'
    assert 70 <= told['guidepost_host_heard_seconds{host="web1"}'] < 1200
    assert 1200 <= told[oldest % "unfinished"] < 3600 <= told[oldest % "failed"]
    assert told['guidepost_queue_messages{queue="staging.web1"}'] == 0
    assert told["guidepost_broker_up"] == 1
    assert told['guidepost_staging_free_bytes{host="local"}'] > 0


def test_figures_come_without_a_broker(client, settings, broker_away, db):
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    told = figures(answer.text)
    assert told["guidepost_broker_up"] == 0
    assert not [name for name in told if "queue" in name]
