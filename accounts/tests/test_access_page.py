"""Owners read who opened the cases of their practice."""

import pytest
from django.urls import reverse

from accounts import access_log
from accounts.models import Access, User

PAGE = "/account/access/"


@pytest.fixture
def owner(practice):
    return User.objects.create_user(
        "olga@harbor.example", name="Olga Ott", practice=practice, is_owner=True
    )


@pytest.fixture
def office(client, owner):
    client.force_login(owner)
    return client


def write(practice, user=None, **about):
    row = {"what": "case", "action": "opened", "result": "given", "case_number": "26-10001"}
    return access_log.write(**row | about, user=user, practice_id=practice.pk)


def who(page):
    return [row.user_id for row in page.context["page"].object_list if row.what == "case"]


def test_it_shows_who_the_newest_first(office, practice, owner, dentist_user, lab_user):
    for user in (dentist_user, lab_user):
        write(practice, user)
    page = office.get(PAGE)
    assert who(page) == [lab_user.pk, dentist_user.pk]
    assert "Lab: Lea Lab" in page.text
    assert "Ada Weiss" in page.text
    assert "Case opened" in page.text


def test_of_other_practices_it_shows_neither_rows_nor_names(office, practice, other_practice_user):
    write(other_practice_user.practice, other_practice_user, case_number="26-77777")
    write(practice, other_practice_user, result="not_theirs")
    page = office.get(PAGE).text
    assert "26-77777" not in page
    assert "Ben Ode" not in page
    assert "Somebody of another practice" in page
    assert "Refused: not theirs" in page


def test_times_are_those_of_the_practice(office, practice, owner):
    write(practice, owner)
    at = Access.objects.latest("pk").at.astimezone(practice.zone)
    assert f"{at:%b} {at.day}, {at.year}" in office.get(PAGE).text
    assert f"{at:%Z}" in office.get(PAGE).text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"case": "26-10001"}, "dlo"),
        ({"case": "26-1000"}, ""),
        ({"case": "x' OR 1=1"}, ""),
        ({"who": "dentist"}, "d"),
        ({"who": "lab"}, "l"),
        ({"who": "others"}, "o"),
        ({"who": "9999"}, ""),
        ({"who": "lab", "case": "26-10002"}, ""),
        ({"page": "x"}, "dlo"),
    ],
)
def test_it_is_filtered_by_case_and_person(
    office, practice, dentist_user, lab_user, other_practice_user, asked, found
):
    people = {"d": dentist_user, "l": lab_user, "o": other_practice_user}
    for user in people.values():
        write(practice, user)
    if asked.get("who") == "dentist":
        asked = {"who": str(dentist_user.pk)}
    page = office.get(PAGE, asked)
    assert sorted(who(page)) == sorted(people[letter].pk for letter in found)


def test_it_is_read_in_pages_and_asks_no_more_for_more_rows(
    office, practice, owner, django_assert_max_num_queries
):
    write(practice, owner)
    with django_assert_max_num_queries(20) as few:
        office.get(PAGE)
    for _ in range(60):
        write(practice, owner)
    with django_assert_max_num_queries(len(few)):
        page = office.get(PAGE)
    assert len(page.context["page"].object_list) == 50
    assert "Page 2" in page.text


def test_to_read_it_is_noted_too(office, practice, owner):
    office.get(PAGE)
    row = Access.objects.latest("pk")
    assert (row.what, row.action, row.user, row.practice) == ("log", "opened", owner, practice)


def test_no_longer_an_owner_no_longer_a_reader(office, owner):
    User.objects.filter(pk=owner.pk).update(is_owner=False)
    assert office.get(PAGE).status_code == 403


def test_the_account_page_leads_there_for_owners(office, dentist_user):
    assert f'href="{PAGE}"' in office.get(reverse("accounts:account")).text
    office.force_login(dentist_user)
    assert f'href="{PAGE}"' not in office.get(reverse("accounts:account")).text
