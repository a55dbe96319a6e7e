"""What contradicts itself in a case, as sentences over plain values."""

from datetime import date, timedelta

import pytest

from cases import contradictions, filetypes

DEC_11 = date(2026, 12, 11)  # a Friday


def text(found):
    return found.text if found else ""


# Dates


@pytest.mark.parametrize(
    ("surgery", "sentence"),
    [
        (date(2026, 12, 1), "The guide ships on Dec 11, after the surgery on Dec 1."),
        (date(2026, 12, 10), "The guide ships on Dec 11, after the surgery on Dec 10."),
        (date(2026, 12, 11), "The guide ships on Dec 11, the day of the surgery."),
        (date(2026, 12, 12), "The guide ships on Dec 11, just before the surgery on Dec 12."),
        (date(2026, 12, 14), "The guide ships on Dec 11, just before the surgery on Dec 14."),
        (date(2026, 12, 15), ""),
        (date(2027, 3, 1), ""),
        (None, ""),
    ],
)
def test_a_surgery_before_the_guide_can_be_there_is_a_contradiction(surgery, sentence):
    found = contradictions.of_dates(DEC_11, surgery, there=date(2026, 12, 15))
    assert text(found).startswith(sentence)
    assert bool(found) == bool(sentence)
    assert found is None or found.is_about_dates


def test_years_are_said_where_they_differ():
    found = contradictions.of_dates(date(2027, 1, 4), date(2026, 12, 30), there=date(2027, 1, 6))
    assert found.text.startswith(
        "The guide ships on Jan 4, 2027, after the surgery on Dec 30, 2026."
    )


def test_a_case_that_rests_has_no_date_to_contradict():
    assert contradictions.of_dates(None, DEC_11, there=None) is None


# The same work


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "less than a minute ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(days=1, hours=3), "1 day ago"),
        (timedelta(days=60), "60 days ago"),
    ],
)
def test_the_same_work_is_named_with_its_case_and_when_it_was_sent(ago, words):
    found = contradictions.of_same_work("26-10083", ago)
    assert found.text == f"Case 26-10083 for this patient and tooth was sent {words}."


@pytest.mark.parametrize(
    ("name", "other", "is_same"),
    [
        ("twice sent", "twice sent", True),
        ("sent twice", "twice sent", True),
        ("twice sent", "twice", False),
        ("anna lee", "anna lee lee", False),
        ("", "", False),
    ],
)
def test_a_patient_is_the_same_in_any_order_of_names(name, other, is_same):
    assert contradictions.is_same_patient(name, other) == is_same


# Teeth

UNIVERSAL = [
    # Numbers that count, date or number something else, and teeth behind other words.
    ("1. Place implant\n2. Send guide by Friday", []),
    ("extract 4 third molars", []),
    ("Extracted 3 mos ago", []),
    ("Replace 3 missing teeth", []),
    ("extracted 12/25", []),
    ("Implant on 12/4", []),
    ("implant at 12:30", []),
    ("implants 4 total", []),
    ("PO #19", []),
    ("see attachment #2", []),
    ("question #1: which", []),
    ("bridge 18-20", ["18", "19", "20"]),
    ("plan for 19", ["19"]),
    ("missing 30", ["30"]),
    ("implant@19", ["19"]),
    ("#19L", ["19"]),
    ("extract #4", ["4"]),
    ("extract 4", ["4"]),
    ("Implant 19", ["19"]),
    ("implant on 12", ["12"]),
    ("replace 3", ["3"]),
    ("Replacing 30.", ["30"]),
    ("#19 and 8 pins", ["19"]),
    ("extract 3, 14 and 19", ["3", "14", "19"]),
    ("implants 4 and 13", ["4", "13"]),
    ("missing 2 weeks", []),
    ("plan for 2", []),
    ("crowns 3-5", ["3", "4", "5"]),
    ("room for 20-30", []),
    ("extracted 4/5", []),
    ("missing 19 since 2019", []),
    ("for 19 mm", []),
    ("missing 30 %", []),
    ("4-6 months ago implants", []),
    ("plan for 12/4", []),
    ("bridge from 4-6 weeks", []),
    # A24 and its neighbours.
    ("Implant at #19", ["19"]),
    ("Implant at 19", ["19"]),
    ("an implant replacing 19", ["19"]),
    ("Use the #2 reamer, then #15 file and #8 round bur", []),
    ("Suite #12, Portland; kit #3; #1 priority", []),
    ("Call at 9:30 or 10:15", []),
    ("implant in 3 months, for 2 patients", []),
    ("Implant at # 19.", ["19"]),
    ("implant #3, 14 and 19", ["3", "14", "19"]),
    ("teeth 3, 14 and 19", ["3", "14", "19"]),
    ("Teeth: 3,14,19", ["3", "14", "19"]),
    ("teeth 3 14 19", ["3", "14", "19"]),
    ("#3 and #14", ["3", "14"]),
    ("#3/#4", ["3", "4"]),
    ("#'s 3 & 14", ["3", "14"]),
    ("tooth number 19", ["19"]),
    ("tooth no. 19", ["19"]),
    ("site 19", ["19"]),
    ("sites 19, 20", ["19", "20"]),
    ("Implants 3, 14 and 19", ["3", "14", "19"]),
    ("3, 14 and 19 please", ["3", "14", "19"]),
    ("#3-5", ["3", "4", "5"]),
    ("#3\u20135", ["3", "4", "5"]),
    ("teeth 3 to 5", ["3", "4", "5"]),
    ("#5-3", ["3", "4", "5"]),
    ("#7-10", ["7", "8", "9", "10"]),
    ("#3-30", ["3", "30"]),
    ("#A", ["A"]),
    ("teeth A and T", ["A", "T"]),
    ("tooth K.", ["K"]),
    ("#51", ["51"]),
    ("#AS", ["AS"]),
    ("UL6 please", ["14"]),
    ("#19 4.0 x 10", ["19"]),
    ("tooth #19, 4.0 x 10", ["19"]),
    ("tooth 19, 20 mm deep", ["19"]),
    # A number that is none of the practice's, in the numbering that it is of.
    ("#36", ["19"]),
    # None at all.
    ("4.0 x 10", []),
    ("4.0 x 10, 4.5 x 12", []),
    ("implants 4, 10 mm", []),
    ("20 mm", []),
    ("36 months", []),
    ("in 2 or 3 weeks", []),
    ("at 10 and 11 am", []),
    ("12/14/2026", []),
    ("on 12, 14 December", []),
    ("3-5 days", []),
    ("20, 25 Ncm", []),
    ("implants 2 and 3 units", []),
    ("2 and 3 implants", []),
    ("The tooth a dentist likes", []),
    ("At the site I marked", []),
    ("#15 blade", []),
    ("case #19", []),
    ("Case #12 of ours", []),
    ("box #4", []),
    ("#0", []),
    ("#99", []),
    ("#19th", []),
    ("#3.5", []),
    ("tooth 4.0", []),
    ("patient is 36", []),
    ("19", []),
    ("", []),
    ("Harbor LLC", []),
    ("phone 207 555 0199", []),
    ("UL 6 please", ["14"]),
    ("UL-6 and UR 6", ["3", "14"]),
    ("please call at 9 or 10", []),
    ("Surgery on 12/14", []),
    ("I am in on 12/14 or 12/15", []),
    ("Implants at 9 or 10", ["9", "10"]),
    ("crowns on 3, 14", ["3", "14"]),
    ("missing at 9 and 10", ["9", "10"]),
    ("tooth 3.6", []),
    ("No. 19", ["19"]),
    ("Implant no. 19 and no. 20", ["19", "20"]),
    ("№ 19", ["19"]),
    ("\uff03\uff11\uff19", ["19"]),
    ("pos. 19", ["19"]),
    ("room no. 19, license No. 12", []),
    ("Pins? No. 2 days later.", []),
    ("extract 1 implant", []),
    ("19 please", []),
]
FDI = [
    # Numbers that count, date or number something else, and teeth behind other words.
    ("27 Zähne", []),
    ("12 Implantate", []),
    ("45 Watt", []),
    ("16 EUR", []),
    ("Bitte Schablone für 36", ["19"]),
    ("Implantat regio 35-37", ["20", "19", "18"]),
    ("Regio 36-38", ["19", "18", "17"]),
    ("bei 36", ["19"]),
    ("Krone 36", ["19"]),
    ("Implantat (36)", ["19"]),
    ("36 und 37 fehlen", ["19", "18"]),
    ("36: Implantat", ["19"]),
    ("für 36 Stunden", []),
    ("Krone 14, 15", ["5", "4"]),
    ("bei 36 Jahren", []),
    ("34-jährige Patientin", []),
    ("36 Stück", []),
    ("Implant at #36", ["19"]),
    ("Implant at 36", ["19"]),
    ("Implant regio 36, 4.0 x 10 mm", ["19"]),
    ("tooth 36", ["19"]),
    ("teeth 36, 46", ["19", "30"]),
    ("36, 46", ["19", "30"]),
    ("at 36 and 37", ["18", "19"]),
    ("site 14-16", ["3", "4", "5"]),
    ("#13-23", ["6", "7", "8", "9", "10", "11"]),
    ("tooth 55", ["A"]),
    ("#18S", ["51"]),
    ("36", ["19"]),
    ("36 hopeless, implant guide", ["19"]),
    ("Guide please\n- 36\n- 46", ["19", "30"]),
    ("Zahn 36", ["19"]),
    ("Zähne 36 und 37", ["18", "19"]),
    ("pos. 36", ["19"]),
    ("Pos 36", ["19"]),
    ("Nr. 36", ["19"]),
    ("dent 36, dientes 46 47", ["19", "30", "31"]),
    ("12 needs a crown", ["7"]),
    ("36: implant", ["19"]),
    ("36 implant, 4.1 x 10", ["19"]),
    ("28 J., Implantat 36", ["19"]),
    ("26-10060 is the other case", []),
    ("31 12 2026", []),
    ("36 y/o female", []),
    ("36, male, smoker", []),
    ("36, 10 mm deep", ["19"]),
    ("36-year-old patient", []),
    ("36 jährige Patientin", []),
    ("36 Jahre", []),
    ("24 h turnaround", []),
    ("14:30 call", []),
    ("12. Use BLX", []),
    ("15. Dezember", []),
    ("15 Dezember", []),
    ("12 guides", []),
    ("36 months", []),
    ("36, 48 months", []),
    ("4.0 x 10", []),
    ("20 mm", []),
    ("age 36", []),
    ("#19", ["19"]),
    ("tooth 3.6", ["19"]),
    ("Implants at 3.6 and 3.7", ["18", "19"]),
    ("regio 3.6, 4.1 x 10 mm", ["19"]),
    ("#3.6", ["19"]),
    ("teeth 5.5, 1.8", ["A", "1"]),
    ("implant 4.1", []),
    ("an implant of 4.1 mm", []),
    ("tooth 4.9", []),
    ("tooth 3.65", []),
    ("version 3.6", []),
    ("Guide for 36 please", ["19"]),
    ("Crown on 36", ["19"]),
    ("missing 36", ["19"]),
    ("4.0 x 10 mm at 36", ["19"]),
    ("in 36 hours", []),
    ("for 14 patients", []),
    ("call at 11", []),
    ("Surgery on 15/12", []),
    ("Surgery on 15.12.", []),
    ("a patient of 36", []),
]
PALMER = [
    ("UL6", ["14"]),
    ("ul6 and ur6", ["3", "14"]),
    ("tooth UR6-8", ["1", "2", "3"]),
    ("UR6, 7 and 8", ["1", "2", "3"]),
    ("#URE", ["A"]),
    ("LL6S", ["69"]),
    ("URA", ["E"]),
    ("LLE and URA", ["E", "K"]),
    ("UL 6", ["14"]),
    ("Harbor LLB", []),
    ("ura", []),
    ("Harbor LLC", []),
    ("6 mm", []),
]


@pytest.mark.parametrize(
    ("numbering", "described", "codes"),
    [
        (numbering, described, codes)
        for numbering, rows in (("universal", UNIVERSAL), ("fdi", FDI), ("palmer", PALMER))
        for described, codes in rows
    ],
)
def test_teeth_are_read_out_of_a_description_and_nothing_else_is(numbering, described, codes):
    named = contradictions.teeth_named(described, numbering)
    assert sorted({tooth.code for tooth in named}) == sorted(codes)


def test_a_text_as_long_as_may_be_is_read_at_once():
    for piece in ("#1,", "#", "\n", "UL6 ", "tooth ", "at 1, ", "teeth 1 ", "1-"):
        contradictions.of_teeth(piece * (10_000 // len(piece)), ["8"], "universal")


@pytest.mark.parametrize(
    ("numbering", "described", "chosen", "sentence"),
    [
        ("universal", "Implant at #19", ["8"], "#19 is named in the description and not chosen."),
        ("universal", "Implant at #19", ["19"], ""),
        ("universal", "#19, opposing #3", ["3"], ""),
        ("universal", "#19", [], ""),
        (
            "universal",
            "teeth 3, 14 and 19",
            ["8"],
            "#3, #14 and #19 are named in the description and not chosen.",
        ),
        ("fdi", "Implant at #36", ["8"], "#36 is named in the description and not chosen."),
        # Of FDI 36, the code is 19.
        ("fdi", "Implant at #36", ["19"], ""),
        # Written as Universal by habit, and meant the same.
        ("fdi", "Implant at #19", ["19"], ""),
        ("fdi", "Implant at #19", ["8"], "#19 is named in the description and not chosen."),
        ("universal", "Implant at #36", ["19"], ""),
        ("palmer", "Implant at UL6", ["3"], "UL6 is named in the description and not chosen."),
        ("palmer", "Implant at #14", ["14"], ""),
        ("universal", "#AS", ["A"], "#AS is named in the description and not chosen."),
    ],
)
def test_a_named_tooth_with_none_of_the_chosen_is_a_contradiction(
    numbering, described, chosen, sentence
):
    assert text(contradictions.of_teeth(described, chosen, numbering)) == sentence


# Files


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("viewer.exe", filetypes.OTHER, "“viewer.exe” is a program, and no lab reads it."),
        ("START.LNK", "", "“START.LNK” is a shortcut to a file that did not come with it."),
        ("report.html", filetypes.OTHER, "“report.html” is a web page, and no lab reads it."),
        ("scan.dcm", filetypes.OTHER, "“scan.dcm” is named like a scan and holds something else."),
        (
            "upper.stl",
            filetypes.OTHER,
            "“upper.stl” is named like a scan and holds something else.",
        ),
        ("cbct.zip", filetypes.OTHER, "“cbct.zip” holds something else than its name says."),
        ("cbct.zip", filetypes.CBCT_ARCHIVE, ""),
        ("cbct.zip", "", ""),
        ("scan.dcm", filetypes.SURFACE_SCAN, ""),
        ("scan.dcm", filetypes.CBCT, ""),
        ("scan.dcm", "", ""),
        ("upper.stl", filetypes.SURFACE_SCAN, ""),
        ("notes.txt", filetypes.OTHER, ""),
        ("case.dentalProject", filetypes.OTHER, ""),
        ("IM0001", filetypes.CBCT, ""),
    ],
)
def test_a_file_that_no_lab_reads_is_named(name, kind, sentence):
    found = contradictions.of_files([(name, kind)])
    assert [one.text for one in found] == ([sentence] if sentence else [])


def test_many_files_of_a_kind_take_one_sentence():
    names = [(f"tool{number}.dll", filetypes.OTHER) for number in range(40)]
    (found,) = contradictions.of_files(names)
    assert found.text == (
        "“tool0.dll”, “tool1.dll”, “tool2.dll” and 37 more are programs, and no lab reads them."
    )


# Answers


def test_an_answer_is_good_for_what_was_asked_and_for_nothing_else():
    teeth = contradictions.of_teeth("#19", ["8"], "universal")
    dates = contradictions.of_dates(DEC_11, DEC_11, there=date(2026, 12, 15))
    asked = contradictions.token([teeth, dates])
    assert contradictions.is_answered([teeth, dates], asked)
    assert contradictions.is_answered([teeth], asked)
    assert contradictions.is_answered([], "")
    assert not contradictions.is_answered([teeth], "")
    assert not contradictions.is_answered([teeth, dates], contradictions.token([teeth]))


def test_an_answer_stays_good_while_minutes_pass():
    before = contradictions.of_same_work("26-10083", timedelta(minutes=1))
    after = contradictions.of_same_work("26-10083", timedelta(minutes=2))
    assert contradictions.is_answered([after], contradictions.token([before]))
