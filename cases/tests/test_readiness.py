from cases.readiness import REASONS


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
        "Other",
    ]


def test_each_reason_is_found_by_its_code_and_says_what_to_do():
    for code, reason in REASONS.items():
        assert reason.code == code
        assert len(code) <= 32
        assert reason.help.endswith(".")
        assert reason.help != reason.label
