from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.periodic import clear_sessions


def test_sessions_that_have_ended_leave_the_database(dentist_client):
    now = timezone.now()
    Session.objects.create(session_key="over", session_data="x", expire_date=now - timedelta(1))
    clear_sessions()
    assert Session.objects.get().session_key == dentist_client.session.session_key
