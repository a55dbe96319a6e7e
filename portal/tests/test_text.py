# ruff: noqa: RUF001 - names as they are written
import pytest

from portal.writing.text import folded, plain_text


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Łukasiewicz",
        "Ольга Ким",
        "Νίκη",
        "Nguyễn Thị Ánh",
        "山田 太郎",
        "김민수",
        "O’Brien-Smith",
        "علی\u200cرضا",
        "مُحَمَّدِ\u200cرضا",
        "ജോൺ കല്\u200d",
        "ශ්\u200dරී",
        "👩🏽\u200d⚕️",
        "❤️\u200d🔥",
    ],
)
def test_names_of_the_world_stay_as_they_are(name):
    assert plain_text(name) == name


@pytest.mark.parametrize(
    "mark",
    [
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
        *"\u200b\u200c\u200d\u2060\ufeff\u00ad",
        *"\x00\x07\x1b\x7f\x9b\ud800\udfff",
    ],
)
def test_invisible_and_direction_marks_are_removed(mark):
    assert plain_text(f"An{mark}na") == "Anna"
    assert plain_text(f"An{mark}na\nB", lines=True) == "Anna\nB"
    assert plain_text(mark) == ""


@pytest.mark.parametrize(
    "typed",
    [
        "\u0301\u0d4d\u200d\u0301",  # marks that NFC puts into another order
        "ع" + "\u0344" * 9 + "\u200cx",  # a mark that NFC takes apart
        "ع\u200c\u200c\u064e\u200cx",
        "x\u200d.\u200d",
    ],
)
def test_what_is_clean_stays_as_it_is(typed):
    assert plain_text(plain_text(typed)) == plain_text(typed)


def test_one_line_mode_makes_one_line_with_single_spaces():
    assert plain_text("  Anna\r\n\t van\u00a0\u2028 Dyk\x85") == "Anna van Dyk"


def test_lines_mode_keeps_lines_and_gives_them_one_kind_of_end():
    typed = "\n a  b\tc \r\n\r\nd\re\u2028f\n\n"
    assert plain_text(typed, lines=True) == "a  b c\n\nd\ne\nf"


def test_letters_are_composed_even_when_a_mark_stood_between_their_parts():
    assert plain_text("e\u0301") == "\u00e9"
    assert plain_text("e\u200b\u0301") == "\u00e9"


@pytest.mark.parametrize("blank", ["", " ", "\u3164", "\u2800 \u200b", "\n\n\t"])
def test_text_without_a_visible_character_is_empty(blank):
    assert plain_text(blank) == plain_text(blank, lines=True) == ""


def test_cleaning_twice_changes_nothing():
    once = plain_text("  e\u0301\u202e  \x00 x \r\n y", lines=True)
    assert plain_text(once, lines=True) == once


def test_cleaned_text_can_always_be_written_as_utf8():
    assert plain_text("a\ud83db").encode() == b"ab"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Ömer", "omer"),
        ("STRAẞE", "strasse"),
        ("Ελένη", "ελενη"),
        ("Nguyễn", "nguyen"),
        ("王", "王"),
        ("Łukasz Nowak", "lukasz nowak"),
        ("Søren Ørsted", "soren orsted"),
        ("Đorđe Ðamir", "dorde damir"),
        ("Işıl İnci", "isil inci"),
        ("Ægir Œdipe Þór Weiß", "aegir oedipe thor weiss"),
        ("Pat O’Brien", "pat obrien"),
        ("Pat O'Brien", "pat obrien"),
        ("Pat OʻBrien", "pat obrien"),
        ("Anne\u2011Marie Smith–Jones", "annemarie smithjones"),
        ("Pat O´Brien", "pat obrien"),
        ("Saʿd Ɛlla", "sad ella"),
        ("Doe, Jane", "doe jane"),
        ("DOE^JANE^Q", "doe jane q"),
        ("J.R. St. John", "jr st john"),
        ("علی\u200cرضا", "علیرضا"),
        ("%_,", ""),
    ],
)
def test_names_are_compared_as_people_write_them(typed, key):
    assert folded(typed) == key
