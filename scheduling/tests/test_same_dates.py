"""A case has one ship date: the lab's pages, the practice's pages and the mails say the same."""

from html import unescape

import pytest
from django.utils import timezone

from cases.models import Case
from cases.progress import Progress, Who, moves
from scheduling.tests import make
from scheduling.tests.test_admin import act

pytestmark = pytest.mark.django_db
CASES = "/admin/cases/case/"
TYPED = {
    Progress.MISSING: {"reasons": "no_cbct"},
    Progress.SHIPPED: {"carrier": "other", "tracking_number": ""},
}


def words(page):
    return " ".join(unescape(page.text).split())


def steps():
    return [(was, to) for was in Progress for to in sorted(moves(Who.LAB)[was])]


@pytest.mark.parametrize(("was", "to"), steps())
def test_every_step_shows_the_date_that_both_sides_then_see(
    client, lab_user, dentist, harbor, was, to
):
    date = None if was.colour == "red" else timezone.localdate() + timezone.timedelta(days=20)
    case = make.case(harbor, was, ship_date=date)
    client.force_login(lab_user)
    address = f"{CASES}{case.pk}/progress/{to.name.lower()}/"
    shown = client.get(address).context["ship_date"]
    bulk = act(client, CASES, f"move_to_{to.name.lower()}", case)
    if bulk.status_code == 200:
        assert [one.ship_date for one in bulk.context["moving"]] == [shown]
    client.post(address, {"was": int(was), **TYPED.get(to, {})})
    case = Case.objects.get()
    assert (case.progress, case.ship_date) == (to, shown)
    pages = [client.get(f"{CASES}{case.pk}/change/"), client.get(CASES)]
    client.force_login(dentist)
    pages += [client.get(case.get_absolute_url()), client.get("/cases/")]
    for page in pages:
        assert shown is None or f"{shown:%a, %b} {shown.day}, {shown.year}" in words(page)
