"""Carriers: where a parcel is followed, and whether a number looks like one of theirs.

The forms of the carriers overlap, so a number is held against the chosen carrier only, and a
number that does not fit is worth a warning, never a refusal.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from portal.writing.text import plain_text


@dataclass(frozen=True)
class Carrier:
    """`link` has {n} where the number goes, or is "" when the carrier has no page."""

    code: str
    label: str
    link: str
    form: str
    fits: Callable[[str], bool]


def clean_number(raw: str) -> str:
    """Return a number as carriers write it: no spaces, hyphens or dots, capital letters."""
    plain = unicodedata.normalize("NFKC", plain_text(raw))
    return re.sub(r"[\s.\-\u2010-\u2015]", "", plain).upper()


def tracking_url(carrier: str, number: str) -> str:
    """Return the carrier's page for this number; "" without a number or for "other".

    Raises KeyError when a number comes with a carrier not in CARRIERS.
    """
    if not (cleaned := clean_number(number)):
        return ""
    return CARRIERS[carrier].link.format(n=quote(cleaned, safe=""))


def warning(carrier: str, number: str) -> str:
    """Return a sentence when `number` does not look like one of `carrier`, else "".

    An empty number needs no warning. Raises KeyError when a number comes with a carrier not in
    CARRIERS.
    """
    if not (cleaned := clean_number(number)):
        return ""
    chosen = CARRIERS[carrier]
    if chosen.fits(cleaned):
        return ""
    return (
        f"This does not look like a {chosen.label} tracking number ({chosen.form}). "
        "Please compare it with the label on the parcel."
    )


def _ups(number: str) -> bool:
    if re.fullmatch(r"1Z[A-Z0-9]{15}[0-9]", number):
        return _doubled(number[2:])
    # The number of a waybill; its letter is no part of the sum.
    return bool(re.fullmatch(r"[AHJKTV][0-9]{10}", number)) and _doubled(number[1:])


def _doubled(number: str) -> bool:
    values = [int(c) if c.isdigit() else (ord(c) - 3) % 10 for c in number[:-1]]
    total = sum(values[::2]) + 2 * sum(values[1::2])
    return -total % 10 == int(number[-1])


# Length and beginning of a number of FedEx → the digits that have a check digit, and whether they
# are added up as for 12 digits; else by tens.
_FEDEX = [
    (r"([0-9]{12})", True),
    (r"(?:10|96)[0-9]{18}([0-9]{14})", True),
    (r"[0-9]{16}([0-9]{12})[0-9]{4}", True),
    (r"([0-9]{15})", False),
    (r"[0-9]{2}([0-9]{16})", False),
    (r"96[0-9]{5}([0-9]{15})", False),
    (r"(92[0-9]{20})", False),
]


def _fedex(number: str) -> bool:
    if re.fullmatch(r"[0-9]{20}", number):
        # Ground Economy, printed without its leading 92.
        return _mod_10("92" + number)
    for form, is_by_elevens in _FEDEX:
        if found := re.fullmatch(form, number):
            return (_mod_11 if is_by_elevens else _mod_10)(found[1])
    return False


def _usps(number: str) -> bool:
    if re.fullmatch(r"[A-Z]{2}[0-9]{9}US", number):
        return _postal_union(number[2:11])
    if re.fullmatch(r"[0-9]{20}", number) and _mod_10(number):
        return True
    # 420, then a ZIP code of 5 or 9 digits that the check digit leaves out.
    behind = [number[8:], number[12:]] if number.startswith("420") else []
    return any(_is_package(each) for each in (number, *behind))


def _is_package(number: str) -> bool:
    if re.fullmatch(r"[0-9]{20}|[0-9]{24}", number) and not re.match(r"9[1-5]", number):
        # Printed without its leading 91, a number keeps the check digit it has with it.
        number = "91" + number
    return bool(re.fullmatch(r"9[1-5][0-9]{20}([0-9]{4}){0,2}", number)) and _mod_10(number)


def _dhl(number: str) -> bool:
    if re.fullmatch(r"[0-9]{10,11}", number):
        return int(number[:-1]) % 7 == int(number[-1])
    # A piece, and eCommerce: neither has a check digit.
    ecommerce = r"(GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)[0-9]{10,37}|[0-9]{14}"
    return bool(re.fullmatch(rf"J[A-Z]{{1,3}}[0-9]{{9,20}}|{ecommerce}", number))


def _canada_post(number: str) -> bool:
    if re.fullmatch(r"[A-Z]{2}[0-9]{9}CA", number):
        return _postal_union(number[2:11])
    return bool(re.fullmatch(r"[0-9]{16}", number)) and _mod_10(number)


def _purolator(number: str) -> bool:
    if re.fullmatch(r"[0-5][0-9]{11}", number):
        return _luhn(number)
    return bool(re.fullmatch(r"[A-Z]{3}[0-9]{9}", number))


def _mod_10(number: str) -> bool:
    # GS1: 3 and 1 in turn, from the right.
    total = _weighted(number[-2::-1], (3, 1) * len(number))
    return -total % 10 == int(number[-1])


def _mod_11(number: str) -> bool:
    # FedEx: 1, 3 and 7 in turn, from the right.
    total = _weighted(number[-2::-1], (1, 3, 7) * len(number))
    return total % 11 % 10 == int(number[-1])


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in number[::-1]]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


def _postal_union(digits: str) -> bool:
    # UPU standard S10: weights over eight digits, 11 minus the rest, 10 → 0 and 11 → 5.
    check = 11 - _weighted(digits[:8], (8, 6, 4, 2, 3, 5, 9, 7)) % 11
    return {10: 0, 11: 5}.get(check, check) == int(digits[8])


def _weighted(digits: str, weights: Iterable[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


CARRIERS: dict[str, Carrier] = {
    carrier.code: carrier
    for carrier in (
        Carrier(
            "ups",
            "UPS",
            "https://www.ups.com/track?tracknum={n}",
            "1Z and 16 letters or digits, or a letter and 10 digits",
            _ups,
        ),
        Carrier(
            "fedex",
            "FedEx",
            "https://www.fedex.com/fedextrack/?trknbr={n}",
            "12, 15, 18, 20, 22, 32 or 34 digits",
            _fedex,
        ),
        Carrier(
            "usps",
            "USPS",
            "https://tools.usps.com/go/TrackConfirmAction?tLabels={n}",
            "20 or 22 digits, 26 or more with 420 and the ZIP code, or two letters, "
            "nine digits and US",
            _usps,
        ),
        Carrier(
            "dhl",
            "DHL",
            "https://www.dhl.com/en/express/tracking.html?AWB={n}&brand=DHL",
            "10, 11 or 14 digits, JJD or JVGL and digits, or GM and digits",
            _dhl,
        ),
        Carrier(
            "canadapost",
            "Canada Post",
            "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={n}",
            "16 digits, or two letters, nine digits and CA",
            _canada_post,
        ),
        Carrier(
            "purolator",
            "Purolator",
            "https://www.purolator.com/en/shipping/tracker?searchValue={n}",
            "12 digits, or three letters and nine digits",
            _purolator,
        ),
        Carrier("other", "Other", "", "any", lambda number: True),
    )
}
CHOICES = [(carrier.code, carrier.label) for carrier in CARRIERS.values()]
