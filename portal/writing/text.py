"""Clean what people type or paste before it is stored, shown or printed."""

import re
import unicodedata

# Control, format (bidi and zero-width marks among them) and surrogate characters.
_UNWANTED = {"Cc", "Cf", "Cs"}
# Letters and symbols that print as nothing: a name made of them would look empty.
_BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}


# Letters that Unicode takes for letters of their own, and people type without their strokes.
_PLAIN = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i", "ĸ": "k",  # noqa: RUF001
        "æ": "ae", "œ": "oe", "þ": "th", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ə": "e",
        "ɛ": "e", "ɔ": "o", "ɨ": "i", "ƶ": "z", "ɫ": "l", "ⱥ": "a",
    }
)  # fmt: skip
# Within a name people type them, leave them out, or type others: of a phone, of Word, of a chart.
_WITHIN = set(
    ".'`\"-"
    "\u00b4\u02be\u02bf\u055a\ua78c\u02b9\u02bb\u02bc\u02bd\u02c8\u05f3\u05f4\u2018\u2019\u201b\u201c\u201d\u2032\uff07"
    "\u2043\u058a\u05be\u0640\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
)
_JOINERS = {"\u200c", "\u200d"}
_AT_END = re.compile(r"[\u200c\u200d]+(?=\s|$)")
_VIRAMA = 9


def plain_text(raw: str, lines: bool = False) -> str:
    """Return `raw` in Unicode form NFC without control, bidi, zero-width and surrogate characters.

    One line: any white space becomes single spaces. With `lines`, every kind of line end becomes
    a newline, blank lines and spacing inside a line stay, and tabs become spaces. The ends are
    stripped, so text without a visible character comes back as "". Joiners stay where letters or
    emoji look otherwise without them (Unicode Standard 23.2).
    """
    if lines:
        return "\n".join(_visible(line).rstrip() for line in raw.splitlines()).strip()
    return " ".join(_visible(raw).split())


def _visible(raw: str) -> str:
    kept, is_joined = [], False
    for character in raw:
        if character in _JOINERS:
            kept += character if is_joined else ""
            is_joined = False
        elif character.isspace():
            kept.append(" ")
            is_joined = False
        elif unicodedata.category(character) not in _UNWANTED and character not in _BLANK:
            kept.append(character)
            is_joined = _is_joined(character, is_joined)
    text = unicodedata.normalize("NFC", "".join(kept))
    return _AT_END.sub(_joiner_at_end, text)


def _is_joined(character: str, was: bool) -> bool:
    """Whether a joiner behind this shows: in Arabic, behind a virama, and between emoji.

    Behind the mark of a vowel, as behind its letter.
    """
    if unicodedata.combining(character) == _VIRAMA:
        return True
    direction = unicodedata.bidirectional(character)
    if direction == "NSM":
        return was
    return direction == "AL" or unicodedata.category(character) in {"So", "Sk"}


def _joiner_at_end(joiners: re.Match) -> str:
    """At the end of a word nothing is left to join, but for the letter that a virama ends."""
    before = joiners.string[max(joiners.start() - 1, 0) : joiners.start()]
    is_letter = before and unicodedata.combining(before) == _VIRAMA
    return "\u200d" if is_letter and "\u200d" in joiners[0] else ""


def folded(raw: str) -> str:
    """`raw` for comparing and sorting: its words in small letters, with single spaces.

    Without accents, strokes, apostrophes and hyphens of any kind, so that "Ömer", "Łukasz" and
    "Pat O’Brien-Smith" are "omer", "lukasz" and "pat obriensmith"; all other signs part words,
    as in "Doe, Jane" and "DOE^JANE".
    """
    # First, as Unicode takes some of these for a space with an accent.
    whole = "".join(sign for sign in raw if sign not in _WITHIN)
    apart = unicodedata.normalize("NFKD", whole).casefold().translate(_PLAIN)
    return " ".join("".join(_folded_sign(sign) for sign in apart).split())


def _folded_sign(sign: str) -> str:
    if sign in _WITHIN or unicodedata.combining(sign) or unicodedata.category(sign) in _UNWANTED:
        return ""
    return sign if unicodedata.category(sign)[0] in "LMN" else " "


_LED_IN = re.compile(
    r"\b(tooth|teeth|(case|re|id|no|nr|number)(?=\W*[0-9]|\W+(id|no|nr|number|case)))\b|#", re.I
)
_NUMBER = re.compile(r"(?<![0-9-])([0-9]{2})[-._/]?([0-9]{5,9})(?![0-9-])")
_LINK = re.compile(r"https?://\S+?/([0-9]{2}-[0-9]{5,9})/?\S*")
_AROUND = re.compile(r"^[^\w%]+|[^\w%]+$")


def words_of(typed):
    """The words of a search, in a list; case numbers as they are written, however typed."""
    typed = re.sub(r"[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFKC", typed))
    typed = _LED_IN.sub(" ", _NUMBER.sub(r" \1-\2 ", _LINK.sub(r"\1", typed)))
    words = (_AROUND.sub("", word) for word in re.split(r"[\s,;^]+", typed))
    return [word for word in words if folded(word)]
