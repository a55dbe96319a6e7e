"""Whether the name in a scan is the patient's."""

import pytest

from cases.intake.patients import DIFFERENT, PERHAPS, SAME, UNKNOWN, compare

PAIRS = [
    ("Jane Doe", "Doe^Jane", SAME),
    ("Doe, Jane", "DOE^JANE^^^", SAME),
    ("Dr. Jane Doe Jr.", "Doe^Jane^Marie", SAME),
    ("Jane Doe", "Jane^Doe", SAME),
    ("Jon Smith", "Smith^Jonathan", SAME),
    ("Pat O’Brien", "OBrien^Pat", SAME),
    ("Łukasz Nowak", "Nowak^Lukasz", SAME),
    ("Jörg Müller", "MUELLER^JOERG", SAME),
    ("Jörg Müller", "Muller^Jorg", SAME),
    ("Anne-Marie Berg", "Berg^Annemarie", SAME),
    ("Jan van den Berg", "Vandenberg^Jan", SAME),
    ("Jane Smith-Miller", "Smith^Jane", SAME),
    ("Catherine Brown", "Brown^Catharine", SAME),
    ("山田太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう", SAME),
    ("Taro Yamada", "Yamada^Tarou=山田^太郎", SAME),
    ("Nguyễn Đức", "NGUYEN^DUC", SAME),
    ("J. Doe", "Doe^Jane", PERHAPS),
    ("Jane Doe", "DOE^J", PERHAPS),
    ("Doe", "Doe^Jane", PERHAPS),
    ("Jane Miller", "Smith^Jane", PERHAPS),
    ("John Smith", "Smith^Joan", DIFFERENT),
    ("Ada Sample", "Sample^Eve", DIFFERENT),
    ("Jane Doe", "Lopez^Maria", DIFFERENT),
    ("Jane Doe", "Lopez Maria", DIFFERENT),
    ("Jane Doe", "", UNKNOWN),
    ("Jane Doe", "ANON-4711", UNKNOWN),
    ("Jane Doe", "Patient^Test", UNKNOWN),
    ("Jörg Müller", "M?ller^J?rg", UNKNOWN),
    ("李伟", "Li^Wei", UNKNOWN),
]


@pytest.mark.parametrize(("typed", "scanned", "answer"), PAIRS)
def test_names_are_compared_by_their_parts(typed, scanned, answer):
    assert compare(typed, scanned) == answer


def test_a_name_without_its_character_set_is_never_another_patients():
    assert compare("Jane Doe", "Ìèõàèë^Èâàí", is_charset_known=False) == UNKNOWN
    assert compare("Jane Doe", "Doe^Jane", is_charset_known=False) == SAME
