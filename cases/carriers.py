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
        "It was kept as typed; compare it with the label on the parcel."
    )


def _ups(number: str) -> bool:
    if not re.fullmatch(r"1Z[A-Z0-9]{15}[0-9]", number):
        return False
    values = [int(c) if c.isdigit() else (ord(c) - 3) % 10 for c in number[2:17]]
    total = sum(values[::2]) + 2 * sum(values[1::2])
    return -total % 10 == int(number[-1])


def _fedex(number: str) -> bool:
    if re.fullmatch(r"[0-9]{12}", number):
        total = _weighted(number[:-1], (3, 1, 7) * 4)
        return total % 11 % 10 == int(number[-1])
    return bool(re.fullmatch(r"[0-9]{15}|[0-9]{18}|[0-9]{20}|96[0-9]{20}|[0-9]{34}", number))


def _usps(number: str) -> bool:
    if re.fullmatch(r"[A-Z]{2}[0-9]{9}US", number):
        return _postal_union(number[2:11])
    if re.fullmatch(r"[0-9]{20}", number):
        # Printed without its leading 91, a number keeps the check digit it has with it.
        return _mod_10(number) or _mod_10("91" + number)
    if re.fullmatch(r"9[1-5][0-9]{20}([0-9]{4})?", number):
        return _mod_10(number)
    if re.fullmatch(r"420[0-9]{23,31}", number):
        # 420, then a ZIP code of 5 or 9 digits that the check digit leaves out.
        return _mod_10(number[8:]) or _mod_10(number[12:])
    return False


def _dhl(number: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{10,11}", number)) and int(number[:-1]) % 7 == int(number[-1])


def _mod_10(number: str) -> bool:
    total = _weighted(number[-2::-1], (3, 1) * len(number))
    return -total % 10 == int(number[-1])


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
            "1Z and 16 letters or digits, the last a check digit",
            _ups,
        ),
        Carrier(
            "fedex",
            "FedEx",
            "https://www.fedex.com/fedextrack/?trknbr={n}",
            "12, 15, 18, 20, 22 or 34 digits",
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
            "10 or 11 digits",
            _dhl,
        ),
        Carrier("other", "Other", "", "any", lambda number: True),
    )
}
CHOICES = [(carrier.code, carrier.label) for carrier in CARRIERS.values()]
