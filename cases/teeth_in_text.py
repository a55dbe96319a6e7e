"""Find the teeth that a text names, and no other number in it.

A number is a tooth behind "#" or "No.", behind the word tooth, teeth or site, or in a list of
teeth ("at 36 and 37"); in an FDI practice also where a line begins with it. One that the practice's
numbering lacks is read in the numberings that have it: people write by habit. UL6 is a tooth
wherever it stands, 3.6 in an FDI practice behind such a word.
"""

import re
from dataclasses import dataclass

from cases import teeth

_MEASURES = (
    r"mm|cm|n ?cm|°|%|degrees?|months?|weeks?|days?|hours?|minutes?|years?|yrs?|times|"
    r"[ap]\.?m\b|o'clock|h|hrs?|min|blades?|scalpels?|reamers?|files?|burs?|round|drills?|"
    r"priority|sutures?|elevators?|forceps|gauge|patients?|mos?|wks?|pins?|screws?|sleeves?|holes?|"
    r"grad|monate?n?|wochen?|tage?n?|stunden?|uhr|jahre?n?|minuten?|"
    r"jan\w*|feb\w*|mar(?:ch)?|märz|apr\w*|ma[iy]|jun[ei]?|jul[iy]?|aug\w*|sep\w*|o[ck]t\w*|"
    r"nov\w*|de[cz]\w*"
)
_PIECE = r"unit|implant|pin|screw|sleeve|guide|crown|piece|visit"
_PIECES = (
    rf"|(?:{_PIECE})s|stück|more|total|third|wisdom|(?:pre)?molars?|(?:missing\s+)?teeth|zähnen?|"
    r"implantaten?|copies|eur|euros?|usd|dollars?|watt|volt|kg"
)


def _item(not_before):
    """A label of a tooth that no measure follows."""
    return re.compile(
        rf"(?!1\s+(?i:{_PIECE})(?!\w))"
        r"(?:[ULul][RLrl](?:[ -]?[1-8][Ss]?|[A-E]S?)|[A-T]S?|\d{1,2}S?)"
        rf"(?!\w|\.\d|:\d\d|\s*[x×*]\s*\d|[\s-]*(?i:{not_before})(?!\w))"
    )


_ITEM, _ITEM_OF_LIST = _item(_MEASURES), _item(_MEASURES + _PIECES)
_JOINS = r"(?:and|or|und|oder|et)\b"
_AND = re.compile(rf"\s*(?:,\s*(?:{_JOINS}|&)?|[;&+/]|\b{_JOINS})\s*#?\s*", re.I)
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015"
_SPACE = re.compile(r"\s+#?\s*")
_TO = re.compile(r"[^\S\n]*(?:[-\u2010-\u2015]|\b(?:to|through|thru|bis)\b)\s*#?\s*", re.I)

_MARK = re.compile(r"(?:#|(?<!\? )\b(?i:n[or])\.)(?P<several>['’]s\b|s(?=\s))?\s*")
_WORD = re.compile(
    r"\b(?:(?:(?P<several>teeth|sites|positions|zähnen?|dents|dientes|denti)|"
    r"tooth|site|position|zahn|dente?|diente)\b|pos\b\.?)\s*"
    r"(?:numbers?\b|n[or]s?\b\.?)?\s*[:=]?\s*#?(?:['’]s)?\s*",
    re.I,
)
# Of primary teeth those that are no degree and no company: LLB, LLC, LLD.
_PALMER = re.compile(r"(?<!\w)(?=(?i:[UL][RL][ -]?[1-8]S?\b)|(?!LL[BCD])[UL][RL][A-E]S?\b)")
# Behind "implant" it is the diameter of one.
_DOTTED = re.compile(
    r"(?<![\w.])(?<!implant )(?<!implants )(?:([1-4])\.([1-8])|([5-8])\.([1-5]))"
    rf"(?!\w|[.,]\d|\s*[x×*]\s*\d|[\s-]*(?i:{_MEASURES})(?!\w))",
    re.I,
)
# Where a line begins, also as one of a list.
_BEGINS = r"(?:^|\n)[ \t*•\u2010-\u2015-]{0,9}"
_IMPLANT = r"implant(?:ate?|s)?"
_LED_IN = re.compile(
    rf"{_BEGINS}(?=\d)|"
    r"(?:\(|(?<!\d)[.;:])[ \t]{0,9}(?=\d)|"
    rf"\b(?:{_IMPLANT}|at|for|in|on|of|replac\w+|restor\w+|extract\w*|"
    r"crowns?|abutments?|bridge|pontics?|from|regio|region|missing|guide|plan|"
    r"für|bei|kronen?|brücken?)[^\S\n]+(?=\d)",
    re.I,
)
# Behind these a number is a tooth also when it stands alone.
_FOR_ONE = re.compile(
    rf"\b(?:{_IMPLANT}|replac\w+|extract\w*|regio|region)[^\S\n]+"
    r"(?:(?:at|in|for|of|on|regio)[^\S\n]+)?$",
    re.I,
)
# Behind these so may a range.
_RANGED = re.compile(r"\b(?:bridge|crowns?|pontics?|kronen?|brücken?)\s+$", re.I)
# One that nothing follows; in a Universal practice small numbers count something.
_ALONE_AT_END = re.compile(
    r"\b(?:missing|(?:plan\w*|guide|crown|bridge|abutment)s?\s+(?:for|on|at))\s+"
    r"(?:1[3-9]|2\d|3[0-2])(?=\s*(?:[.,;)\n]|$))",
    re.I,
)
_HOUR_OR_DAY = re.compile(
    r"(?:at|on|from|for|in|extracted)\s+(?:(?:1[0-2]|0?[1-9])\s*(?:\bor\b|/)\s*\d{1,2}|"
    r"[12]?\d\s*/\s*(?:1[0-2]|0?[1-9]))(?![\d,/&])",
    re.I,
)
# A number of two digits is hardly anything else where teeth are written so: behind such a word, or
# where a line begins, unless it is an age or counts a list.
_FDI_ALONE = re.compile(
    r"(?:for|at|in|on|crowns?|missing|guide|plan|für|bei|kronen?)\s+(?:1[3-8]|[2-4][1-8])(?!\w)|"
    r"\([1-4][1-8]\)|"
    rf"{_BEGINS}[1-4][1-8](?!\w|:\d|/|[.)]\s*\w|"
    r"[\u2010-\u2015-]\d|\s+\d{1,2}\s+\d{4}|"
    r"\s*,\s*\d+[\s-]*(?:months?|weeks?|days?|hours?|years?)\b|"
    r"[\s,.-]*(?:y|y\W?o|yrs?|f|m|(?:fe)?male|(?:wo)?man|j|jährig\w*|ans|años|anni)\b)",
    re.I,
)
# Of what else people write a number with "#".
_NUMBERED = re.compile(
    r"\b(?:case|box|patient|guide|order|photo|page|invoice|file|room|id|step|revision|rx|suite|apt|"
    r"kit|option|plan|version|scan|phase|lot|ref|size|bur|phone|fax|tel|ext|lic(?:en[cs]e)?|tracking|"
    r"account|acct|serial|model|part|catalog(?:ue)?|article|item|ticket|floor|unit|po|attachment|"
    r"question|point|note|fig(?:ure)?|slide|image|picture|video|e?mail|message|comment)s?\.?\s*$",
    re.I,
)
# After a word, a letter may begin the next one: "the site I marked".
_STANDS_ALONE = re.compile(r"\s*(?:$|[.,;:)&+/\n\u2010-\u2015-]|(?:and|or|to)\b)")

# Full-width digits, letters and signs, as some keyboards type them, and the sign for "No.".
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {ord("№"): "No."}

# The surfaces of a tooth behind its number, and "at" in short.
_SURFACES = re.compile(r"(#\s?\d{1,2})[MODBLFI]{1,5}\b")
_AT = re.compile(r"\s?@\s?(?=\d{1,2}(?!\w))")

_PLACE = {code: index for row in (teeth.PERMANENT, teeth.PRIMARY) for index, code in enumerate(row)}


@dataclass(frozen=True)
class Named:
    """A tooth as it is written, and its canonical code."""

    label: str
    code: str


def teeth_named(text: str, numbering: str) -> list[Named]:
    """The teeth named in `text` by somebody who writes in `numbering`, as they come."""
    text = _AT.sub(" at ", _SURFACES.sub(r"\1", text.translate(_NARROW)))
    if numbering == "fdi":
        text = _DOTTED.sub(lambda tooth: "".join(filter(None, tooth.groups())), text)
    found = {}
    for at, named in sorted(_found(text, numbering), key=lambda pair: pair[0]):
        found |= dict.fromkeys(named, at)
    return list(found)


def _found(text, numbering):
    for mark, (words, steps, _) in _lists(_MARK, text):
        if not _NUMBERED.search(text[max(mark.start() - 20, 0) : mark.start()]):
            yield mark.start(), _read(words, steps, numbering)
    for word, (words, steps, _) in _lists(_WORD, text):
        if words and (words[0][0].isdigit() or len(words[0]) > 2 or _is_alone(text, word, words)):
            yield word.start(), _read(words, steps, numbering)
    for start, (words, steps, _) in _lists(_PALMER, text):
        yield start.start(), _read(words, steps, numbering)
    for start, (words, steps, end) in _lists(_LED_IN, text, _ITEM_OF_LIST):
        yield start.end(), _led_in(text, start, words, steps, end, numbering)


def _led_in(text, start, words, steps, end, numbering):
    """The teeth of a list of bare numbers behind `start`, if it is one."""
    before = text[max(start.end() - 40, 0) : start.end()]
    is_for_one = _FOR_ONE.search(before)
    is_alone = (
        _FDI_ALONE.match(text, start.start())
        if numbering == "fdi"
        else any(alone.end() > start.end() for alone in _ALONE_AT_END.finditer(text, 0, end + 9))
    )
    least = 1 if is_for_one or is_alone else 2
    # Behind one of two digits may stand the size of the implant, "36, 4.0 x 10".
    is_one = least == 1 and [*map(len, words)] == [2] and text[end - 1] not in _DASHES
    if text[end : end + 1].isdigit() and not is_one:
        return []
    hour_or_day = _HOUR_OR_DAY.match(text, start.start())
    if hour_or_day and not (is_for_one and "/" not in hour_or_day[0]):
        return []
    if "to" not in steps:
        return _bare(words, numbering, least)
    is_range = is_for_one or _RANGED.search(before)
    return _read(words, steps, numbering) if is_range and _bare(words, numbering, 2) else []


def _lists(leads, text, item=_ITEM):
    """Each lead with the list behind it; one within a list that was read is none."""
    end = 0
    for lead in leads.finditer(text):
        if lead.start() >= end:
            read = _listed(
                text, lead.end(), "several" in leads.groupindex and lead["several"], item
            )
            end = read[2]
            yield lead, read


def _is_alone(text, word, words):
    return _STANDS_ALONE.match(text, word.end() + len(words[0]))


def _listed(text, at, by_spaces, item=_ITEM):
    """Labels from `at` on, whether each ends a range, and where the list ends."""
    words, steps, step = [], [], None
    while label := item.match(text, at):
        words.append(re.sub("[ -]", "", label[0]))
        steps.append(step)
        end = label.end()
        step, after = "to", _TO.match(text, end)
        if after is None:
            step = "and"
            after = _AND.match(text, end) or (by_spaces and _SPACE.match(text, end))
        if not after:
            return words, steps, end
        at = after.end()
    return words, steps, at


def _bare(words, numbering, least):
    """A list without "#" or word: of so many at least, all of them teeth of the numbering."""
    codes = [teeth.codes_labelled(word, numbering) for word in words if word.isdigit()]
    if len(words) < least or len(codes) < len(words) or not all(codes):
        return []
    return [Named(f"#{word}", code) for word, (code,) in zip(words, codes, strict=True)]


def _read(words, steps, numbering):
    named, quadrant = [], ""
    for word, step in zip(words, steps, strict=True):
        if quadrant and re.fullmatch("[1-8]", word):
            word = quadrant + word
        quadrant = word[:2].upper() if word[:2].isalpha() and len(word) > 2 else quadrant
        here = _codes(word, numbering)
        if step == "to" and named and here:
            named += _between(named[-1].code, here[0].code, numbering)
        named += here
    return named


def _codes(word, numbering):
    """The tooth of a label; of one that the numbering lacks, each that it may be."""
    label = word.upper() if len(word) > 2 and word[:2].isalpha() else f"#{word}"
    others = [other for other in teeth.NUMBERINGS if other != numbering]
    codes = teeth.codes_labelled(word, numbering) or [
        code for other in others for code in teeth.codes_labelled(word, other)
    ]
    return [Named(label, code) for code in dict.fromkeys(codes)]


def _between(first, last, numbering):
    """The teeth between two of one arch, as the chart has them; of two arches none."""
    row = next((row for row in (teeth.PERMANENT, teeth.PRIMARY) if {first, last} <= {*row}), ())
    if not row or teeth.arch(first) != teeth.arch(last):
        return []
    start, end = sorted((_PLACE[first], _PLACE[last]))
    labels = [(teeth.label(code, numbering), code) for code in row[start + 1 : end]]
    return [Named(label if label[0].isalpha() else f"#{label}", code) for label, code in labels]
