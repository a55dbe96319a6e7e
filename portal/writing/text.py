"""Clean what people type or paste before it is stored, shown or printed."""

import unicodedata

# Control, format (bidi and zero-width marks among them) and surrogate characters.
_UNWANTED = {"Cc", "Cf", "Cs"}
# Letters and symbols that print as nothing: a name made of them would look empty.
_BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}


def plain_text(raw: str, lines: bool = False) -> str:
    """Return `raw` in Unicode form NFC without control, bidi, zero-width and surrogate characters.

    One line: any white space becomes single spaces. With `lines`, every kind of line end becomes
    a newline, blank lines and spacing inside a line stay, and tabs become spaces. The ends are
    stripped, so text without a visible character comes back as "".
    """
    if lines:
        return "\n".join(_visible(line).rstrip() for line in raw.splitlines()).strip()
    return " ".join(_visible(raw).split())


def _visible(raw: str) -> str:
    spaced = "".join(" " if character.isspace() else character for character in raw)
    kept = (c for c in spaced if unicodedata.category(c) not in _UNWANTED and c not in _BLANK)
    return unicodedata.normalize("NFC", "".join(kept))


def folded(raw: str) -> str:
    """`raw` for comparing and sorting: without accents and capitals, "Ömer" as "omer"."""
    apart = unicodedata.normalize("NFKD", raw)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()
