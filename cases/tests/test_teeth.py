import pytest

from cases import teeth


def fdi_by_the_published_rule(code):
    if not code.isdigit():
        row, step = divmod("ABCDEFGHIJKLMNOPQRST".index(code), 5)
        return str((55 - step, 61 + step, 75 - step, 81 + step)[row])
    n = int(code)
    return str(19 - n if n <= 8 else n + 12 if n <= 16 else 55 - n if n <= 24 else n + 16)


@pytest.mark.parametrize("code", teeth.PERMANENT + teeth.PRIMARY)
def test_every_tooth_has_the_fdi_code_of_the_published_rule(code):
    assert teeth.label(code, "fdi") == fdi_by_the_published_rule(code)


@pytest.mark.parametrize("numbering", teeth.NUMBERINGS)
def test_every_tooth_has_a_label_of_its_own_that_reads_back(numbering):
    labels = [teeth.label(code, numbering) for code in teeth.ALL]
    assert len(teeth.ALL) == len(set(labels)) == 104
    assert teeth.parse(" ".join(labels), numbering) == list(teeth.ALL)


@pytest.mark.parametrize(
    ("code", "universal", "fdi", "palmer", "name"),
    [
        ("1", "1", "18", "UR8", "upper right third molar"),
        ("14", "14", "26", "UL6", "upper left first molar"),
        ("17", "17", "38", "LL8", "lower left third molar"),
        ("28", "28", "44", "LR4", "lower right first premolar"),
        ("A", "A", "55", "URE", "upper right second primary molar"),
        ("O", "O", "71", "LLA", "lower left primary central incisor"),
        ("51", "51", "18S", "UR8S", "supernumerary tooth near the upper right third molar"),
        (
            "TS",
            "TS",
            "85S",
            "LRES",
            "supernumerary tooth near the lower right second primary molar",
        ),
    ],
)
def test_a_tooth_is_shown_in_each_numbering_and_in_words(code, universal, fdi, palmer, name):
    assert teeth.label(code, "universal") == universal
    assert teeth.label(code, "fdi") == fdi
    assert teeth.label(code, "palmer") == palmer
    assert teeth.name(code) == name


def test_the_same_digits_mean_different_teeth_in_universal_and_fdi():
    assert teeth.parse("14", "universal") == ["14"]
    assert teeth.parse("14", "fdi") == ["5"]


def test_teeth_may_be_separated_by_commas_spaces_and_semicolons():
    assert teeth.parse(" 14,3; a\n3 , ", "universal") == ["3", "14", "A"]
    assert teeth.parse("ul6 UR8s", "palmer") == ["14", "51"]
    assert teeth.parse(" ,; ", "fdi") == []


@pytest.mark.parametrize(
    ("text", "numbering", "word"),
    [
        ("3, 33", "universal", "“33”"),
        ("0", "universal", "“0”"),
        ("U", "universal", "“U”"),
        ("3-5", "universal", "“3-5”"),
        ("UL6", "universal", "“UL6”"),
        ("19", "fdi", "“19”"),
        ("A", "fdi", "“A”"),
        ("UL9", "palmer", "“UL9”"),
        ("14", "palmer", "“14”"),
        ("9" * 5000, "fdi", "“" + "9" * 20 + "…”"),
    ],
)
def test_an_unknown_tooth_is_refused_with_a_sentence_that_names_it(text, numbering, word):
    with pytest.raises(teeth.UnknownTooth) as refused:
        teeth.parse(text, numbering)
    assert str(refused.value).startswith(word)
    assert teeth.NUMBERINGS[numbering] in str(refused.value)


def test_only_canonical_codes_are_teeth():
    assert teeth.is_tooth("82")
    assert not any(teeth.is_tooth(code) for code in ("", "0", "33", "50", "83", "a", "US", "UR8"))
    with pytest.raises(teeth.UnknownTooth):
        teeth.name("33")


def test_arches_follow_the_chart():
    upper = teeth.CHART_ROWS["upper_permanent"] + teeth.CHART_ROWS["upper_primary"]
    lower = teeth.CHART_ROWS["lower_permanent"] + teeth.CHART_ROWS["lower_primary"]
    assert {teeth.arch(code) for code in upper} == {"upper"}
    assert {teeth.arch(code) for code in lower} == {"lower"}
    assert teeth.arches(["66", "67"]) == {"upper", "lower"}
    assert teeth.arches([]) == set()


def test_the_chart_is_drawn_as_the_dentist_sees_the_patient():
    ends = {row: (codes[0], codes[-1], len(codes)) for row, codes in teeth.CHART_ROWS.items()}
    assert ends == {
        "upper_permanent": ("1", "16", 16),
        "upper_primary": ("A", "J", 10),
        "lower_primary": ("T", "K", 10),
        "lower_permanent": ("32", "17", 16),
    }


def test_sorting_puts_permanent_first_and_each_tooth_once():
    assert teeth.sort_teeth(["AS", "51", "B", "10", "9", "9"]) == ["9", "10", "B", "51", "AS"]


def test_a_supernumerary_tooth_is_counted_by_its_neighbour():
    assert teeth.supernumerary("1") == "51"
    assert teeth.supernumerary("32") == "82"
    assert teeth.supernumerary("T") == "TS"
    with pytest.raises(teeth.UnknownTooth):
        teeth.supernumerary("51")


def test_a_word_of_a_search_may_be_a_tooth_or_not():
    assert teeth.codes_labelled("ul6", "palmer") == ["14"]
    assert teeth.codes_labelled("26", "fdi") == ["14"]
    assert teeth.codes_labelled("Anna", "fdi") == []
