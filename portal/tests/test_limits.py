"""Limits as settings, and what is told when somebody comes up to one."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from portal import environment, limits
from portal.health import status
from portal.management.commands import doctor
from portal.models import LimitHit

DEFAULTS = {"drafts_a_person": 20, "files_a_form": 2000}


def test_limits_are_changed_by_name(monkeypatch):
    monkeypatch.setenv("LIMITS", "files_a_form=7")
    assert environment.limits("LIMITS", DEFAULTS) == {"drafts_a_person": 20, "files_a_form": 7}


@pytest.mark.parametrize("wrong", ["files=7", "files_a_form", "files_a_form=", "files_a_form=-1"])
def test_a_wrong_limit_stops_the_start(monkeypatch, wrong):
    monkeypatch.setenv("LIMITS", wrong)
    with pytest.raises(ImproperlyConfigured, match=r"names of the table in docs/run\.md"):
        environment.limits("LIMITS", DEFAULTS)


def test_the_manual_tells_every_limit(settings):
    manual = (settings.BASE_DIR / "docs/run.md").read_text()
    told = dict(line.split("|")[1:3] for line in manual.splitlines() if line.startswith("| `"))
    told = {name.strip(" `"): number.strip() for name, number in told.items()}
    for name, most in settings.LIMITS.items():
        assert told[name] == f"{most:,}"


def test_a_hit_is_counted_once_a_request_whatever_was_rolled_back(rf, db):
    limit = limits.Limit("files_a_form", "Too many: {most:,}")

    def view(request):
        for _ in range(2):
            with pytest.raises(limits.LimitReached, match="Too many: 2,000"):
                limit.check_amount(2001)

    for _ in range(2):
        limits.note_hits(view)(rf.get("/"))
    assert LimitHit.objects.get().hits == 2


def test_a_hit_is_told_by_doctor_status_and_figures(client, lab_user, settings, broker, capsys):
    settings.METRICS_TOKEN = "a-token"
    LimitHit.add("messages_an_hour_a_person", timezone.now())
    assert "messages_an_hour_a_person=60 was hit, 1 times in all" in doctor.limits()
    call_command("status")
    assert "The limit messages_an_hour_a_person=60 was hit" in capsys.readouterr().out
    client.force_login(lab_user)
    assert "Limits that people came up to" in client.get(reverse("admin:status")).text
    figures = client.get("/metrics", headers={"Authorization": "Bearer a-token"}).text
    assert 'guidepost_limit_hits{limit="messages_an_hour_a_person"} 1.0' in figures


def test_a_hit_of_long_ago_is_no_trouble_any_more(db, broker):
    now = timezone.now()
    LimitHit.add("files_a_form", now - timedelta(days=2))
    assert doctor.limits() == "none was hit for a day"
    assert not [trouble for trouble in status.look(now).troubles if "limit" in trouble]


def test_what_nobody_looks_at_does_not_fill_the_session(dentist_client, case):
    for _ in range(15):
        for name in ("archive", "unarchive"):
            dentist_client.post(reverse(f"cases:{name}", args=[case.number]))
    page = dentist_client.get("/cases/")
    assert len(list(page.context["messages"])) == 20
