from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from cases.progress import Progress
from cases.views.listing import PAGE_SIZE
from portal.writing.fields import fold_anew

LIST = "/cases/"


@pytest.fixture
def three(make_case):
    """Three cases that differ in every column."""
    now = timezone.now()
    fields = [
        ("26-10001", "Cara", Progress.RECEIVED, now - timedelta(days=2), 5),
        ("26-10002", "abel", Progress.MISSING, now - timedelta(days=1), None),
        ("26-10003", "Bob", Progress.SHIPPED, now - timedelta(days=3), 1),
    ]
    for number, patient, progress, modified_at, days in fields:
        make_case(
            number=number,
            patient_name=patient,
            progress=progress,
            modified_at=modified_at,
            ship_date=days and (now + timedelta(days=days)).date(),
        )


def patients(answer):
    return [case.patient_name for case in answer.context["page"]]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["abel", "Cara", "Bob"]),
        ("progress", ["abel", "Cara", "Bob"]),
        ("-progress", ["Bob", "Cara", "abel"]),
        ("case", ["Cara", "abel", "Bob"]),
        ("-case", ["Bob", "abel", "Cara"]),
        ("patient", ["abel", "Bob", "Cara"]),
        ("-patient", ["Cara", "Bob", "abel"]),
        ("modified", ["Bob", "Cara", "abel"]),
        ("-modified", ["abel", "Cara", "Bob"]),
        ("ship", ["Bob", "Cara", "abel"]),
        ("-ship", ["Cara", "Bob", "abel"]),
        ("nonsense", ["abel", "Cara", "Bob"]),
        ("--case", ["abel", "Cara", "Bob"]),
    ],
)
def test_every_column_sorts_both_ways(dentist_client, three, sort, order):
    assert patients(dentist_client.get(LIST, {"sort": sort})) == order


def test_within_a_progress_the_newest_is_first(dentist_client, make_case):
    now = timezone.now()
    make_case(patient_name="Old", modified_at=now - timedelta(days=1))
    make_case(patient_name="New", modified_at=now)
    assert patients(dentist_client.get(LIST)) == ["New", "Old"]


def test_a_header_offers_the_other_direction_and_says_how_it_is_sorted(dentist_client, three):
    page = dentist_client.get(LIST, {"sort": "patient", "q": "a"}).content.decode()
    assert 'aria-sort="ascending"><a href="?sort=-patient&amp;q=a"' in page
    assert page.count('aria-sort="none"') == 5


@pytest.mark.parametrize("progress", Progress)
def test_each_progress_is_shown_in_its_colour_and_in_words(dentist_client, make_case, progress):
    make_case(progress=progress)
    page = dentist_client.get(LIST).content.decode()
    assert f'badge-progress progress-{progress.colour}"' in page
    assert progress.label in page
    assert progress.meaning.replace("'", "&#x27;") in page


@pytest.mark.parametrize("progress", Progress)
def test_schedule_is_offered_where_the_manual_says(dentist_client, make_case, progress):
    case = make_case(progress=progress)
    page = dentist_client.get(LIST).content.decode()
    offered = reverse("scheduling:schedule", args=[case.number]) in page
    assert offered == (progress in {Progress.READY, Progress.NO_SHOW})


def test_archived_cases_leave_the_list_and_come_back(dentist_client, case):
    dentist_client.post(reverse("cases:archive", args=[case.number]), {"next": LIST})
    assert patients(dentist_client.get(LIST)) == []
    archived = dentist_client.get(LIST, {"archived": "1"})
    assert patients(archived) == ["Jane Roe"]
    assert "neither held nor cancelled" in archived.content.decode()

    dentist_client.post(reverse("cases:unarchive", args=[case.number]))
    assert patients(dentist_client.get(LIST)) == ["Jane Roe"]


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/cases/?sort=-case&page=2", "/cases/?sort=-case&page=2"),
        ("https://evil.example/", "/cases/"),
        ("//evil.example", "/cases/"),
        ("javascript:alert(1)", "/cases/"),
        ("nowhere", "/cases/"),
        ("", "/cases/"),
    ],
)
def test_archiving_leads_back_to_the_list_as_it_was(dentist_client, case, target, leads_to):
    url = reverse("cases:archive", args=[case.number])
    assert dentist_client.post(url, {"next": target})["Location"] == leads_to


ANN, BO, LU, PAT = "Anna Lee", "Bo Ėkholm", "Łukasz Nowak", "Pat O’Brien"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ann", [ANN]),
        ("14", [ANN]),
        ("lee 14", [ANN]),
        ("lee 30", []),
        ("#14", [ANN]),
        ("tooth 30", [BO]),
        ("tooth a", [ANN, BO, LU, PAT]),
        ("ékholm", [BO]),
        ("bo EKH", [BO]),
        ("lukasz", [LU]),
        ("Łuka", [LU]),
        ("Nowak, Lukasz", [LU]),
        ("NOWAK^LUKASZ", [LU]),
        ("O'Brien", [PAT]),
        ("O’Brien", [PAT]),
        ("obrien", [PAT]),
        ("26-10002", [BO]),
        ("2610002", [BO]),
        ("10002", [BO]),
        ("26 10002", [BO]),
        ("26–10002", [BO]),
        ("#26-10002", [BO]),
        ("Case 26-10002.", [BO]),
        ("case no. 2610002", [BO]),
        ("Case number 26-10002", [BO]),
        ("“26-10002”?", [BO]),
        ("Re: Case 26-10002", [BO]),
        ("ID 26_10002", [BO]),
        ("Case26-10002", [BO]),
        ("\uff12\uff16\uff0d\uff11\uff10\uff10\uff10\uff12", [BO]),
        ("https://portal.example.com/cases/26-10002/#messages", [BO]),
        ("%", []),
        ("\x00", [ANN, BO, LU, PAT]),
        ("x" * 5000, []),
    ],
)
def test_search_finds_patient_number_and_tooth(dentist_client, make_case, words, found):
    make_case(number="26-10001", patient_name=ANN, teeth=["14"])
    make_case(number="26-10002", patient_name=BO, teeth=["30", "A"])
    make_case(number="26-10003", patient_name=LU, teeth=["2"])
    make_case(number="26-10004", patient_name=PAT, teeth=["3"])
    assert sorted(patients(dentist_client.get(LIST, {"q": words}))) == sorted(found)


def test_letters_with_strokes_are_sorted_among_those_without(dentist_client, make_case):
    for name in ("Zoe Young", "Søren Ørsted", "Mary Poe", "Łukasz Nowak", "Jane Roe"):
        make_case(patient_name=name)
    order = ["Jane Roe", "Łukasz Nowak", "Mary Poe", "Søren Ørsted", "Zoe Young"]
    assert patients(dentist_client.get(LIST, {"sort": "patient"})) == order


def test_rows_of_before_are_folded_in_batches(make_case):
    names = ["Łukasz Nowak", "Ålex Ng", "Bo Ø", "Cy Þ", "Dan ß"]
    for name in names:
        make_case(patient_name=name)
    Case.objects.update(patient_key="of before")
    fold_anew(Case, of="patient_name", key="patient_key", batch=2)
    keys = Case.objects.order_by("pk").values_list("patient_key", flat=True)
    assert list(keys) == ["lukasz nowak", "alex ng", "bo o", "cy th", "dan ss"]


def test_a_tooth_is_searched_in_the_practices_own_numbering(dentist_client, practice, make_case):
    practice.tooth_numbering = "fdi"
    practice.save()
    make_case(number="26-30001", patient_name="Six", teeth=["14"])
    make_case(number="26-30002", patient_name="Five", teeth=["5"])
    assert patients(dentist_client.get(LIST, {"q": "26"})) != []
    assert patients(dentist_client.get(LIST, {"q": "14"})) == ["Five"]


def test_fifty_cases_make_a_page(dentist_client, make_case):
    for index in range(PAGE_SIZE + 1):
        make_case(number=f"26-{20_000 + index}")
    first = dentist_client.get(LIST, {"sort": "case"})
    assert len(patients(first)) == 50
    assert 'href="?sort=case&amp;page=2"' in first.content.decode()
    assert len(patients(dentist_client.get(LIST, {"page": "2"}))) == 1


@pytest.mark.parametrize("page", ["0", "-1", "999", "x", ""])
def test_any_page_number_shows_a_page(dentist_client, case, page):
    assert patients(dentist_client.get(LIST, {"page": page})) == ["Jane Roe"]


def test_an_empty_list_says_what_to_do_next(dentist_client):
    page = dentist_client.get(LIST).content.decode()
    assert "No cases yet" in page
    assert reverse("cases:new") in page
    assert "Nothing is archived" in dentist_client.get(LIST, {"archived": 1}).content.decode()
    assert "matches “nobody”" in dentist_client.get(LIST, {"q": "nobody"}).content.decode()


def test_staff_to_whom_no_case_is_open_are_not_asked_to_send_one(client, lab_user):
    client.force_login(lab_user)
    page = client.get(LIST).content.decode()
    assert "No cases to show" in page
    assert "Send your first case" not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number_of_rows(
    dentist_client, make_case, django_assert_num_queries, rows
):
    for _ in range(rows):
        make_case(progress=Progress.READY)
    # One of them is for forms that wait unsent.
    with django_assert_num_queries(6):
        dentist_client.get(LIST)
