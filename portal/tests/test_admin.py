"""Every page of admin opens for staff and keeps to the content security policy."""

from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.urls import reverse

from portal.mail import outbox
from portal.models import News


class Inline(HTMLParser):
    """Finds what a policy without unsafe-inline refuses: scripts, styles and handlers in HTML."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        runs = tag == "script" and "src" not in names and names.get("type") != "application/json"
        handlers = [name for name in names if name == "style" or name.startswith("on")]
        if runs or tag == "style" or handlers:
            self.found.append(self.get_starttag_text())


def inline_parts(html):
    parser = Inline()
    parser.feed(html)
    return parser.found


@pytest.fixture
def lab(client, lab_user):
    client.force_login(lab_user)
    return client


def opens(lab, address, may_be_closed=False):
    response = lab.get(address)
    assert response.status_code == 200 or (may_be_closed and response.status_code == 403), address
    assert "unsafe-inline" not in response["Content-Security-Policy"]
    assert inline_parts(response.text) == [], address


def test_the_search_for_inline_parts_finds_them():
    html = (
        '<p style="x"><a onclick="y"></a><style></style><script>z</script><script src="a"></script>'
    )
    assert len(inline_parts(html)) == 4


APPS = [
    reverse("admin:app_list", args=[app]) for app in ("accounts", "cases", "portal", "scheduling")
]


@pytest.mark.parametrize("page", ["/admin/", *APPS])
def test_every_page_of_the_site_opens(lab, page):
    opens(lab, page)


@pytest.mark.parametrize("model", admin.site._registry, ids=str)
def test_every_list_opens_and_every_form_or_it_is_closed(lab, case, model):
    rows = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    opens(lab, reverse(f"{rows}_changelist"))
    opens(lab, reverse(f"{rows}_add"), may_be_closed=True)


def test_every_kind_of_row_and_every_step_of_a_case_opens(lab, lab_user, send_case):
    case = send_case()
    rows = [case, case.prescriptions.get(), case.practice, case.dentist, case.created_by, lab_user]
    for row in rows:
        meta = row._meta
        opens(lab, reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]))
    for step in ("missing", "received", "on_hold"):
        opens(lab, reverse("admin:cases_case_progress", args=[case.pk, step]))


def test_the_password_is_changed_where_everybody_changes_theirs(lab):
    answer = lab.get(reverse("admin:password_change"))
    assert answer["Location"] == reverse("account_change_password")


def test_admin_carries_the_labs_name_icon_and_colours(lab, settings):
    html = lab.get(reverse("admin:index")).text
    assert settings.LAB_NAME in html
    assert "img/favicon.svg" in html
    assert "css/admin.css" in html
    assert "Django" not in html


def test_admin_sends_strangers_to_the_one_sign_in_page(client):
    response = client.get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"])
@pytest.mark.parametrize("end", ["starts_at", "ends_at"])
def test_news_for_a_year_that_no_clock_shows_are_refused(lab, day, end):
    typed = {"title": "Closed", "body": "See you.", "level": "info"}
    typed |= {"starts_at_0": "2026-01-01", "starts_at_1": "08:00"}
    typed |= {f"{end}_0": day, f"{end}_1": "23:59:59"}
    page = lab.post("/admin/portal/news/add/", typed)
    assert page.status_code == 200
    assert "in the years 2000 to 2100" in page.text
    assert not News.objects.exists()


@pytest.mark.parametrize("path", ["/cases/%00/", "/cases/26-1%00/schedule/", "/files/%00/"])
def test_an_address_with_a_nul_is_a_404(lab, path):
    assert lab.get(path).status_code == 404


def test_a_nul_in_a_query_is_overlooked(lab, case):
    page = lab.get("/admin/cases/attachment/?state=%00uploading")
    assert page.status_code == 200
    assert page.wsgi_request.GET.dict() == {"state": "uploading"}


def test_nobody_reads_a_link_here_that_lets_somebody_else_in(lab):
    reset = {"name": "Ada", "password_reset_url": "https://portal.example/reset"}
    mail = outbox.add("password_reset_key", "a@b.example", "1", reset, is_secret=True)
    page = lab.get(reverse("admin:portal_email_change", args=[mail.pk])).text
    assert "Not shown" in page
    assert "portal.example/reset" not in page
