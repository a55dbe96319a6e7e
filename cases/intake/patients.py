"""Whether a name that was typed and a name in a scan may be the same patient's.

By parts of names, never by how alike whole texts are: to that "John Smith" and "Joan Smith" are
90 % the same. A name that says nothing (anonymised, written without its character set) is unknown.
"""

import re
from itertools import permutations

from portal.writing.text import folded

SAME, PERHAPS, DIFFERENT, UNKNOWN = "same", "perhaps", "different", "unknown"

EXACT, CLOSE, INITIAL = 3, 2, 1
LEAST_PREFIX = 3
LEAST_EDITED = 5
MOST_PARTS = 6

_TITLES = {
    "dr", "mr", "mrs", "ms", "miss", "prof", "jr", "sr", "ii", "iii", "iv", "md", "dds", "dmd",
    "phd", "herr", "frau", "mme", "sra", "srta",
}  # fmt: skip
_NOBODY = re.compile(
    r"anon|unknown|unbekannt|no ?name|deident|removed|redacted"
    r"|^(test|patient|name|demo|xx+)\b|^[0-9a-f -]{8,}$|^\w*[0-9]{3,}\w*$"
)
# As letters with two dots are written where there are none.
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ß": "ss"})


def compare(typed: str, scanned: str, is_charset_known: bool = True) -> str:
    """SAME, PERHAPS, DIFFERENT or UNKNOWN.

    `scanned` is as DICOM writes it: family, given and middle name parted by "^", and up to three
    groups, of letters, ideographs and sounds, by "=" (PS3.5 6.2.1).
    """
    groups = [group for group in scanned.split("=") if folded(group)]
    if not groups or not folded(typed) or any(map(_is_nobody, (typed, scanned))):
        return UNKNOWN
    alike = [group for group in groups if _script(group) == _script(typed)]
    if not alike:
        return UNKNOWN
    found = min(map(_rank, (_compared(typed, group) for group in alike)))
    answer = (SAME, PERHAPS, DIFFERENT)[found]
    is_spoilt = not is_charset_known or "?" in scanned or "\ufffd" in scanned
    return UNKNOWN if answer == DIFFERENT and is_spoilt else answer


def _is_nobody(name):
    return _NOBODY.search(folded(name))


def _rank(answer):
    return (SAME, PERHAPS, DIFFERENT).index(answer)


def _script(name):
    """Of the first letter: Latin and its like are spelled alike, others are not."""
    letter = next((sign for sign in folded(name) if sign.isalpha()), "a")
    code = ord(letter)
    if code < 0x370:
        return "latin"
    if 0x3040 <= code <= 0x30FF:
        return "kana"
    return "han" if 0x3400 <= code <= 0x9FFF else code >> 8


def _parts(name):
    """Words of a name, each in the ways it may be spelled; hyphens part them."""
    spaced = re.sub(r"[-\u2010-\u2015^.,]+", " ", name)
    words = []
    for word in spaced.split():
        plain = folded(word).replace(" ", "")
        if plain and plain not in _TITLES:
            words.append({plain, folded(word.lower().translate(_SPELLED)).replace(" ", "")})
    return words[:MOST_PARTS]


def _compared(typed, group):
    mine, theirs = _parts(typed), _parts(group)
    if not mine or not theirs:
        return DIFFERENT
    if _joined(mine) & _joined(theirs):
        return SAME
    short, long = sorted((mine, theirs), key=len)
    matched = _best(short, long)
    strong = [strength for strength in matched if strength >= CLOSE]
    if all(matched) and len(strong) >= 2 and EXACT in strong:
        return SAME
    if all(matched) and strong:
        return PERHAPS
    return _in_part(mine, group)


def _joined(words):
    """All letters in one, in each order: "van den Berg", "Vandenberg", 山田太郎."""
    plain = [min(word, key=len) for word in words]
    return {"".join(order) for order in permutations(plain)} if len(plain) <= 4 else set()


def _best(short, long):
    """How strongly each of the shorter name's parts has one of its own in the longer one."""
    left, matched = list(long), []
    for wanted in (EXACT, CLOSE, INITIAL):
        for part in list(short):
            fit = next((other for other in left if _strength(part, other) == wanted), None)
            if fit is not None:
                left.remove(fit)
                short = [each for each in short if each is not part]
                matched.append(wanted)
    return matched + [0] * len(short)


def _strength(one, other):
    return max(_alike(a, b) for a in one for b in other)


def _alike(a, b):
    if a == b:
        return EXACT
    short, long = sorted((a, b), key=len)
    if len(short) == 1:
        return INITIAL if long.startswith(short) else 0
    if len(short) >= LEAST_PREFIX and long.startswith(short):
        return CLOSE
    return CLOSE if len(short) >= LEAST_EDITED and _is_one_edit(short, long) else 0


def _is_one_edit(short, long):
    """One letter more, less or other, or two neighbours the other way round."""
    if len(long) - len(short) > 1:
        return False
    n = next((n for n, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if len(short) < len(long):
        return short[n:] == long[n + 1 :]
    swapped = short[n + 1 : n + 2] + short[n : n + 1] + short[n + 2 :]
    return short[n + 1 :] == long[n + 1 :] or swapped == long[n:]


def _in_part(mine, group):
    """A part in common may be that of a name before marriage. In a family the given name counts."""
    family, caret, given = group.partition("^")
    family, given = _parts(family), _parts(given)
    if not caret or not given:
        shared = any(_strength(a, b) >= CLOSE for a in mine for b in family + given)
        return PERHAPS if shared else DIFFERENT
    if any(_strength(a, b) >= CLOSE for a in mine for b in given):
        return PERHAPS
    rest = [part for part in mine if not any(_strength(part, b) >= CLOSE for b in family)]
    if len(rest) == len(mine):
        return DIFFERENT
    initials = any(_strength(a, b) == INITIAL for a in rest for b in given)
    return PERHAPS if initials or not rest else DIFFERENT
