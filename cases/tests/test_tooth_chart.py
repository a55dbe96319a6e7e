import re
from itertools import pairwise
from math import dist

import pytest

from cases import teeth
from cases.rx.tooth_chart import HEIGHT, LABEL_SIZES, WIDTH, chart


def by_code(selected=(), numbering="universal"):
    return {tooth["code"]: tooth for tooth in chart(selected, numbering)}


def points(path):
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def test_all_permanent_and_primary_teeth_are_drawn_once():
    codes = [tooth["code"] for tooth in chart(set(), "universal")]
    assert sorted(codes) == sorted(teeth.PERMANENT + teeth.PRIMARY)


def test_the_patients_right_is_on_the_left_and_the_upper_jaw_above():
    drawn = by_code()
    for right, left in (("1", "16"), ("8", "9"), ("32", "17"), ("A", "J"), ("T", "K")):
        assert drawn[right]["cx"] < WIDTH / 2 < drawn[left]["cx"]
    assert {t["arch"] for t in drawn.values() if t["cy"] < HEIGHT / 2} == {"upper"}
    assert {t["arch"] for t in drawn.values() if t["cy"] > HEIGHT / 2} == {"lower"}


def test_both_halves_are_mirror_images():
    drawn = by_code()
    for right, left in (("1", "16"), ("6", "11"), ("30", "19"), ("C", "H")):
        assert drawn[right]["cx"] + drawn[left]["cx"] == pytest.approx(WIDTH, abs=1.5)
        assert drawn[right]["cy"] == pytest.approx(drawn[left]["cy"], abs=1.5)


def test_primary_teeth_lie_inside_of_the_permanent_ones():
    middle = (WIDTH / 2, HEIGHT / 2)
    radius = {code: dist((t["cx"], t["cy"]), middle) for code, t in by_code().items()}
    assert max(radius[code] for code in teeth.PRIMARY) < min(
        radius[code] for code in teeth.PERMANENT
    )


@pytest.mark.parametrize("numbering", teeth.NUMBERINGS)
def test_everything_fits_into_the_view_box(numbering):
    for tooth in chart(teeth.ALL, numbering):
        ring = tooth["ring"]
        corners = [(ring["x"], ring["y"])]
        corners.append((ring["x"] + ring["width"], ring["y"] + ring["height"]))
        for x, y in points(tooth["d"]) + points(tooth["detail"]) + corners:
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


@pytest.mark.parametrize("numbering", teeth.NUMBERINGS)
def test_no_two_numbers_of_a_row_stand_on_each_other(numbering):
    drawn = by_code(numbering=numbering)
    for row in teeth.CHART_ROWS.values():
        for first, second in pairwise(row):
            a, b = drawn[first], drawn[second]
            width = 0.56 * LABEL_SIZES[numbering] * len(a["label"])
            assert abs(a["x"] - b["x"]) > width or abs(a["y"] - b["y"]) > 12, (first, second)


def test_labels_follow_the_numbering():
    assert by_code(numbering="universal")["14"]["label"] == "14"
    assert by_code(numbering="fdi")["14"]["label"] == "26"
    assert by_code(numbering="palmer")["14"]["label"] == "UL6"
    assert by_code(numbering="fdi")["14"]["name"] == "upper left first molar"


def test_only_the_chosen_teeth_are_selected():
    drawn = by_code({"3", "E"})
    assert {code for code, tooth in drawn.items() if tooth["selected"]} == {"3", "E"}


def test_a_supernumerary_tooth_appears_only_when_chosen_and_beside_its_neighbour():
    assert "58" not in by_code({"8"})
    drawn = by_code({"58", "KS"})
    for extra, base in (("58", "8"), ("KS", "K")):
        assert drawn[extra]["selected"]
        apart = dist(
            (drawn[extra]["cx"], drawn[extra]["cy"]), (drawn[base]["cx"], drawn[base]["cy"])
        )
        assert 15 < apart < 45


def test_incisor_canine_premolar_and_molar_have_outlines_of_their_own():
    drawn = by_code()
    curves = {code: drawn[code]["d"].count("C") for code in ("8", "6", "3")}
    assert len(set(curves.values())) == 3
    assert drawn["5"]["detail"] != drawn["8"]["detail"]


def test_an_unknown_tooth_is_refused():
    with pytest.raises(teeth.UnknownTooth):
        chart({"99"}, "universal")
