"""What a case needs: from its teeth and what is in its files to lines of a list."""

from datetime import date

import pytest

from cases.intake.reading import Kind
from cases.readiness import REASONS, File, Rules, needs, reasons_of

TODAY = date(2026, 11, 30)
CBCT = File("ct.zip", kind=Kind.CBCT, findings={"volume_slices": 512, "voxel_mm": [0.3, 0.3, 0.3]})


def scan(arch, name=""):
    return File(name or f"{arch}.stl", kind=Kind.SCAN, findings={"arch": arch, "unit": "mm"})


UPPER, LOWER, BITE = scan("upper"), scan("lower"), scan("bite")
WHOLE = [CBCT, UPPER, LOWER, BITE]


def cbct(**findings):
    return File("ct.zip", kind=Kind.CBCT, findings={**CBCT.findings, **findings})


def listed(files, teeth=("8",), **said):
    return needs(files, teeth=teeth, today=TODAY, **said)


def states(files, teeth=("8",), **said):
    return {need.label: need.state for need in listed(files, teeth, **said)}


def sentence(files, label, **said):
    return next(need.sentence for need in listed(files, **said) if need.label == label)


def test_a_whole_case_is_there():
    assert states(WHOLE) == {
        "CBCT": "there", "Upper scan": "there", "Lower scan (opposing)": "there", "Bite": "there",
    }  # fmt: skip
    assert sentence(WHOLE, "CBCT") == "512 slices, 0.3 mm"
    assert not reasons_of(listed(WHOLE))


def test_an_empty_case_lacks_all_of_it():
    assert states([]) == {
        "CBCT": "missing", "Upper scan": "missing", "Lower scan (opposing)": "missing",
        "Bite": "missing",
    }  # fmt: skip
    assert reasons_of(listed([])) == ["no_cbct", "no_arch_scan", "no_opposing"]


def test_both_arches_are_wanted_where_both_are_treated():
    assert list(states([], teeth=["8", "24"])) == ["CBCT", "Upper scan", "Lower scan", "Bite"]


def test_without_teeth_any_scan_is_one_of_the_arch():
    assert states([UPPER], teeth=[])["Scan of the arch"] == "there"
    assert states([], teeth=[])["Scan of the arch"] == "missing"


def test_a_scan_of_the_other_arch_is_said_to_be_that():
    said = sentence([CBCT, LOWER], "Upper scan")
    assert (
        said
        == "The guide is for the upper arch, and the scan that came is of the lower: “lower.stl”."
    )
    assert "no_arch_scan" in reasons_of(listed([CBCT, LOWER]))
    assert states([CBCT, LOWER])["Lower scan (opposing)"] == "there"


def test_what_the_sender_says_of_a_scan_counts_more_than_its_name():
    told = File("lower.stl", kind=Kind.SCAN, findings={"arch": "lower"}, arch="upper")
    assert states([CBCT, told])["Upper scan"] == "there"


def test_a_scan_whose_arch_nobody_knows_is_asked_about():
    unknown = File("scan 1.stl", kind=Kind.SCAN, findings={"unit": "mm"})
    assert states([CBCT, unknown])["Upper scan"] == "look"
    assert "say which arch" in sentence([CBCT, unknown], "Upper scan")
    assert "no_arch_scan" not in reasons_of(listed([CBCT, unknown]))


def test_an_archive_of_scans_is_what_is_in_it_and_no_cbct():
    itero = File(
        "OrthoCAD_Export_1.zip",
        kind=Kind.SCANS,
        findings={"upper": 1, "lower": 1, "bite": "oriented in occlusion"},
    )
    assert states([itero]) == {
        "CBCT": "missing", "Upper scan": "there", "Lower scan (opposing)": "there", "Bite": "there",
    }  # fmt: skip


def test_a_flat_picture_is_no_cbct():
    flat = File("pan.dcm", kind=Kind.XRAY)
    assert "“pan.dcm” is a flat x-ray picture" in sentence([flat], "CBCT")
    assert reasons_of(listed([flat, UPPER, LOWER, BITE])) == ["no_cbct"]


def test_a_locked_archive_may_be_the_cbct():
    locked = File("ct.zip", kind=Kind.LOCKED)
    assert "without a password" in sentence([locked], "CBCT")


def test_while_files_are_read_nothing_is_called_missing():
    assert set(states([File("ct.zip")]).values()) == {"pending"}


def test_a_file_that_could_not_be_read_makes_nothing_sure():
    found = listed([File("ct.zip", kind=Kind.OTHER, findings={"not_read": "timeout"})])
    assert reasons_of(found) == []
    assert "could not be read" in found[-1].sentence


def test_a_mucosa_supported_guide_wants_a_dual_scan():
    denture = File("denture.zip", kind=Kind.CBCT, findings={"volume_slices": 400})
    assert states([CBCT], support="mucosa") == {"CBCT": "there", "Dual scan": "missing"}
    assert states([CBCT, denture], support="mucosa")["Dual scan"] == "there"
    both = cbct(volume_slices=[512, 400])
    assert states([both], support="mucosa")["Dual scan"] == "there"


@pytest.mark.parametrize(
    ("findings", "label", "says", "reason"),
    [
        ({"voxel_mm": [0.5] * 3}, "Voxel", "0.5 mm; 0.4 mm is the limit", "cbct_too_coarse"),
        ({"voxel_mm": [0.35] * 3}, "Voxel", "0.35 mm; 0.3 is better", ""),
        ({"lossy": True}, "Compression", "compressed with a loss", "cbct_too_coarse"),
        ({"volume_slices": 40}, "Slices", "40 slices only", "cbct_unreadable"),
        ({"gaps": 1, "missing": 12}, "Slices", "12 of the slices", "cbct_unreadable"),
        ({"gaps": 1, "missing": 1}, "Slices", "A slice of “ct.zip” is", "cbct_unreadable"),
        ({"cut_off": 3}, "Damaged", "ended too early", "cbct_unreadable"),
        ({"study": "20260301"}, "Study", "8 months ago", ""),
    ],
)
def test_a_cbct_that_will_not_do_is_warned_about(findings, label, says, reason):
    files = [cbct(**findings), UPPER, LOWER, BITE]
    (warning,) = [need for need in listed(files) if need.label == label]
    assert warning.state == "look"
    assert says in warning.sentence
    assert warning.reason == reason


@pytest.mark.parametrize("study", ["", "20260601", "2026", "abcdefgh", "20261130"])
def test_a_study_of_late_or_without_a_date_is_not(study):
    assert "Study" not in states([cbct(study=study)])


def test_a_lab_has_numbers_of_its_own():
    strict = Rules(voxel_recommended=0.1, voxel_limit=0.2, least_slices=600)
    found = states([CBCT], rules=strict)
    assert {"Voxel", "Slices"} <= set(found)


def test_the_scan_of_another_patient_is_said_to_be_that_by_name():
    files = [cbct(patient="Smith^Joan"), UPPER, LOWER, BITE]
    said = sentence(files, "Another patient", patient="John Smith")
    assert said == "“ct.zip” is of Joan Smith, and the case of John Smith."
    assert reasons_of(listed(files, patient="John Smith")) == ["wrong_patient"]


@pytest.mark.parametrize(
    ("typed", "findings"),
    [
        ("Joan Smith", {"patient": "SMITH^JOAN^^"}),
        ("John Smith", {"patient": "Anonymous"}),
        ("John Smith", {"patient": "Ñé", "charset": "not declared"}),
        ("", {"patient": "Smith^Joan"}),
        ("John Smith", {}),
    ],
)
def test_a_name_that_may_be_theirs_or_says_nothing_is_no_other_patient(typed, findings):
    assert "Another patient" not in states([cbct(**findings)], patient=typed)


def test_two_names_and_two_dates_of_birth_in_one_archive_are_warned_about():
    found = states([cbct(patients=["A^B", "C^D"], births=["19700101", "19710101"])])
    assert {"Two patients", "Two dates of birth"} <= set(found)


def test_bytes_of_another_case_are_named_with_it():
    twice = File("ct.zip", kind=Kind.CBCT, findings=CBCT.findings, also_in="26-10001")
    assert "came with case 26-10001" in sentence([twice], "Sent before")


def test_a_damaged_scan_is_no_scan():
    broken = File("upper.stl", kind=Kind.SCAN_DAMAGED, findings={"arch": "upper"})
    assert states([CBCT, broken])["Upper scan"] == "missing"
    assert "damaged or empty" in sentence([CBCT, broken], "Upper scan")


def test_what_a_browser_found_is_marked():
    from_browser = File("ct.zip", kind=Kind.CBCT, is_from_browser=True)
    assert listed([from_browser])[0].is_from_browser
    assert not listed([CBCT])[0].is_from_browser


def test_the_lab_can_give_each_reason_of_the_list_in_its_order():
    assert [reason.label for reason in REASONS.values()] == [
        "No CBCT",
        "CBCT unreadable",
        "Wrong arch or field of view",
        "Patient moved",
        "Metal scatter",
        "Teeth together in the scan",
        "No scan of the arch",
        "No opposing arch",
        "No bite",
        "Dual scan incomplete",
        "Implant system not given",
        "Prescription unsigned",
        "CBCT too coarse or compressed",
        "Another patient's files",
        "Other",
    ]


def test_each_reason_is_found_by_its_code_and_says_what_to_do():
    for code, reason in REASONS.items():
        assert reason.code == code
        assert len(code) <= 32
        assert reason.help.endswith(".")
        assert reason.help != reason.label
