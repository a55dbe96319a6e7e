"""The list of cases as CSV: what it shows, nothing that a program runs, and nobody else's."""

import csv
import io
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Access
from cases import spreadsheet
from cases.models import Case
from cases.progress import Progress
from tests.corpus.strings import strings

CSV = "/cases/export.csv"
SIGNS = set("=+-@\t\r\n") | set("\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212")


def read(answer):
    """The rows of a CSV answer as a program of ours reads them: dicts of texts."""
    body = answer.getvalue().decode()
    assert body.startswith(spreadsheet.BOM)
    rows = csv.DictReader(io.StringIO(body.removeprefix(spreadsheet.BOM), newline=""))
    return [{name: spreadsheet.text_of(value) for name, value in row.items()} for row in rows]


def test_a_row_says_what_the_list_shows_in_the_practices_own_zone(dentist_client, make_case):
    make_case(
        number="26-10001",
        patient_name="Zsófia Patiently",
        teeth=["14", "15"],
        modified_at=datetime(2026, 1, 1, 3, 30, tzinfo=UTC),
        ship_date=date(2026, 1, 15),
        progress=Progress.MISSING,
    )
    answer = dentist_client.get(CSV)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="cases-20')
    assert read(answer) == [
        {
            "Case ID": "26-10001",
            "Practice": "Harbor Dental",
            "Patient": "Zsófia Patiently",
            "Teeth": "14, 15",
            "Tooth Numbering": "Universal",
            "Progress": Progress.MISSING.label,
            "Last Modified": "2025-12-31 22:30",
            "Time Zone": "America/New_York",
            "Ship Date": "2026-01-15",
            "Archived": "",
        }
    ]


def test_it_is_sorted_searched_and_archived_as_the_list_is(dentist_client, make_case, now):
    for name in ("Cara", "abel", "Bob"):
        make_case(patient_name=name)
    make_case(patient_name="Dora", archived_at=now)
    for query, patients in {
        "sort=patient": ["abel", "Bob", "Cara"],
        "sort=-patient&page=7": ["Cara", "Bob", "abel"],
        "sort=patient&q=b": ["abel", "Bob"],
        "archived=1": ["Dora"],
    }.items():
        assert [row["Patient"] for row in read(dentist_client.get(f"{CSV}?{query}"))] == patients


def test_more_than_a_page_and_a_batch_come_whole(dentist_client, make_case):
    case = make_case()
    Case.objects.bulk_create(
        Case(
            number=f"25-{number}", practice=case.practice, dentist=case.dentist,
            patient_name=f"P{number}", patient_key="p", created_by=case.created_by,
        )
        for number in range(600)
    )  # fmt: skip
    assert len(read(dentist_client.get(CSV))) == 601


def test_another_practices_cases_are_not_in_it_nor_in_the_log(client, other_practice_user, case):
    client.force_login(other_practice_user)
    assert read(client.get(CSV)) == []
    assert not Access.objects.filter(case_number=case.number).exists()


def test_each_case_that_is_given_out_has_its_row_in_the_access_log(dentist_client, make_case):
    given_out = {make_case().number, make_case().number}
    answer = dentist_client.get(CSV)
    rows = {row["Case ID"] for row in read(answer)}
    assert rows == given_out
    kept = Access.objects.exclude(what="account")
    begun = {("", "cases", "downloaded", "list as CSV", "done")}
    assert set(kept.values_list("case_number", "what", "action", "item", "result")) == begun | {
        (number, "case", "downloaded", "list as CSV", "given") for number in given_out
    }


def test_the_list_offers_it_with_what_is_searched(dentist_client, case):
    page = dentist_client.get("/cases/", {"q": "jane", "page": "1"}).text
    assert 'href="/cases/export.csv?q=jane" download>Download as CSV</a>' in page


def test_the_lab_downloads_the_cases_it_chose(client, lab_user, make_case):
    first, _, third = make_case(), make_case(), make_case()
    client.force_login(lab_user)
    data = {"action": "download_csv", "_selected_action": [first.pk, third.pk]}
    rows = read(client.post("/admin/cases/case/", data))
    assert [row["Case ID"] for row in rows] == [first.number, third.number]


def test_any_name_comes_back_as_it_was_stored(dentist_client, make_case):
    names = [text.replace("\0", "")[:120] or "x" for text in strings()[::7] if text.strip()]
    cases = {make_case(patient_name=name).number: name for name in names}
    rows = read(dentist_client.get(CSV))
    assert {row["Case ID"]: row["Patient"] for row in rows} == cases


def parted(line, separator):
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator), [])


def check_no_formula(texts):
    line = "".join(spreadsheet.lines([texts])).removeprefix(spreadsheet.BOM)
    for separator in ",;\t":
        for found in parted(line, separator):
            assert found.strip(' "\n\r\t\0')[:1] not in SIGNS or not found, (found, separator)


def test_no_text_begins_a_formula_and_each_comes_back():
    for text in strings():
        check_no_formula(["26-1", text, "x"])
        assert spreadsheet.text_of(spreadsheet.cell(text)) == text


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.text(st.sampled_from("'=+-@\uff1d;,\"\t\r\n a\0\u3000")), min_size=1))
def test_no_text_of_signs_begins_a_formula_and_each_comes_back(texts):
    check_no_formula(texts)
    line = "".join(spreadsheet.lines([texts])).removeprefix(spreadsheet.BOM)
    if "\0" not in line:
        assert [spreadsheet.text_of(one) for one in parted(line, ",")] == texts
    assert [spreadsheet.text_of(spreadsheet.cell(text)) for text in texts] == texts
