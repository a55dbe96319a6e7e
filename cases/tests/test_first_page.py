from datetime import timedelta

import pytest
from django.utils import timezone

from cases.progress import Progress
from portal.models import News


@pytest.fixture
def news(db):
    def write(title, **fields):
        return News.objects.create(title=title, body="Text", **fields)

    return write


def test_everybody_sees_the_news_pinned_first_then_the_newest(client, news):
    now = timezone.now()
    news("Older", starts_at=now - timedelta(days=2))
    news("Newer", starts_at=now - timedelta(days=1))
    news("Pinned", starts_at=now - timedelta(days=9), pinned=True)
    page = client.get("/").content.decode()
    assert page.index("Pinned") < page.index("Newer") < page.index("Older")


def test_news_is_shown_from_and_until_its_times_only(client, news):
    now = timezone.now()
    news("Tomorrow", starts_at=now + timedelta(days=1))
    news("Yesterday", starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    page = client.get("/").content.decode()
    assert "Tomorrow" not in page
    assert "Yesterday" not in page
    assert "There is no news at the moment." in page


def test_markdown_is_rendered_and_everything_dangerous_is_taken_out(client, db):
    News.objects.create(
        title="<script>alert(1)</script>",
        body="**bold** [good](https://a.example) [bad](javascript:alert(2)) "
        "<script>alert(3)</script><img src=x onerror=alert(4)>",
    )
    page = client.get("/").content.decode()
    assert "<strong>bold</strong>" in page
    assert 'href="https://a.example"' in page
    for sign in ("<script>alert", 'href="javascript:', "<img src=x"):
        assert sign not in page


def test_someone_signed_in_sees_how_many_cases_need_them_with_links(dentist_client, make_case):
    red = make_case(patient_name="Red Case", progress=Progress.MISSING)
    red.missing_items.create(reason="no_bite")
    make_case(patient_name="Yellow Case", progress=Progress.READY)
    make_case(patient_name="Calm Case", progress=Progress.RECEIVED)
    make_case(patient_name="Hidden Case", progress=Progress.MISSING, archived_at=timezone.now())
    page = dentist_client.get("/").content.decode()
    assert "2 cases need you" in page
    assert f'href="{red.get_absolute_url()}"' in page
    for other in ("Calm Case", "Hidden Case"):
        assert other not in page


def test_cases_of_others_are_not_counted(client, other_practice_user, make_case):
    make_case(progress=Progress.MISSING)
    client.force_login(other_practice_user)
    assert "No case needs you" in client.get("/").content.decode()


def test_all_functions_are_reached_through_the_menu(dentist_client):
    page = dentist_client.get("/").content.decode()
    for address in ("/cases/", "/cases/new/", "/account/", "/help/"):
        assert f'href="{address}"' in page
