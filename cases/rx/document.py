"""The RX script: a prescription's snapshot as a PDF.

The fields follow Florida FAC 64B5-17.006, Maryland HO 4-403, West Virginia 30-4B-2, Texas (1993)
and Kentucky 201 KAR 8:016; the document carries the union of what they ask for.
"""

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

import segno
from django.conf import settings
from django.template.loader import render_to_string

from cases import teeth
from cases.rx import tooth_chart
from portal.writing.pdf import render_pdf

LETTER_COUNTRIES = {"US", "CA", "MX"}
ROOMY_LINES = 12  # options, implants and enclosures; more are set smaller, to stay on a page
NAMED_TEETH = 8  # more are printed as numbers only
LONG_LIST = 12  # enclosures of one kind and state from which on they take one line
BASELINE = 0.36  # of the letters' size, from a number's middle down to its baseline
HEADER_NAME = 36  # characters of a patient's name in the running header

# Zero-width joiners shape Persian and Indic names and stay; the rest of "Cf" can only hide or
# turn round what is printed.
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"


def prescription_pdf(snapshot: dict) -> bytes:
    """Return the Laboratory Procedure Prescription as PDF, Letter or A4 by the lab's country.

    `snapshot` is `Prescription.snapshot`; nothing else is read, so the same snapshot gives the
    same bytes. Raises KeyError when a field is missing, UnknownTooth for a code that is no tooth.
    """
    html = render_to_string("documents/prescription.html", _context(_printable(snapshot)))
    return render_pdf(html, [settings.BASE_DIR / "templates/documents/prescription.css"])


def _printable(value):
    """`value` with every string in it cleared of what has no shape on paper."""
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, str):
        text = LINE_ENDS.sub("\n", value)
        return "".join(character for character in text if _has_shape(character)).strip()
    return value


def _has_shape(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _context(rx: dict) -> dict:
    letter = rx["lab"]["country"] in LETTER_COUNTRIES
    zone, numbering = ZoneInfo(rx["zone"]), rx["numbering"]
    codes = teeth.sort_teeth(rx["teeth"])
    middle_x, middle_y = tooth_chart.WIDTH // 2, tooth_chart.HEIGHT // 2
    implants = _implants(rx["implants"], numbering)
    enclosures = _enclosures(rx["enclosures"], zone, letter)
    patient = rx["patient_name"]
    return {
        "rx": rx,
        "paper": "letter" if letter else "a4",
        "dense": len(rx["options"]) + len(implants) + len(enclosures) > ROOMY_LINES,
        "issued": _moment(rx["issued_at"], zone, letter),
        "signed": _moment(rx["signature"]["signed_at"], zone, letter),
        "correction": _correction(rx, zone, letter),
        "ship_date": _day(rx["ship_date"], letter),
        "surgery_date": _day(rx["surgery_date"], letter),
        "header_patient": patient[:HEADER_NAME] + ("…" if len(patient) > HEADER_NAME else ""),
        "numbering": teeth.NUMBERINGS[numbering],
        "labels": teeth.labels(codes, numbering),
        "named": _named(codes, numbering) if len(codes) <= NAMED_TEETH else [],
        "implants": implants,
        "chart": _chart(codes, numbering),
        "view_box": tooth_chart.VIEW_BOX,
        "label_size": tooth_chart.LABEL_SIZES[numbering],
        "middle": {
            "x": middle_x,
            "y": middle_y + 4,
            "upper": middle_y - 12,
            "lower": middle_y + 20,
        },
        "enclosures": enclosures,
        "enclosure_count": len(rx["enclosures"]),
        "qr": segno.make(rx["record_url"], error="m", micro=False).svg_data_uri(
            border=0, dark="#101820"
        ),
    }


def _correction(rx: dict, zone: ZoneInfo, letter: bool) -> dict | None:
    if correction := rx.get("correction"):
        return correction | {"at": _moment(correction["at"], zone, letter)}
    return None


def _implants(per_site: dict[str, str], numbering: str) -> list[dict]:
    """A line for each implant with all the sites it goes to."""
    sites: dict[str, list[str]] = {}
    for code in teeth.sort_teeth(per_site):
        sites.setdefault(per_site[code], []).append(code)
    return [
        {"sites": teeth.labels(codes, numbering), "text": text} for text, codes in sites.items()
    ]


def _named(codes: list[str], numbering: str) -> list[dict]:
    return [{"label": teeth.label(code, numbering), "name": teeth.name(code)} for code in codes]


def _chart(codes: list[str], numbering: str) -> list[dict]:
    """The teeth to draw: primary ones when one is chosen; chosen ones last, on top."""
    shapes = tooth_chart.chart(codes, numbering)
    primary = any(shape["selected"] and shape["dentition"] == "primary" for shape in shapes)
    drawn = [shape for shape in shapes if primary or shape["dentition"] == "permanent"]
    drop = BASELINE * tooth_chart.LABEL_SIZES[numbering]
    drawn.sort(key=lambda shape: shape["selected"])
    return [shape | {"baseline": round(shape["y"] + drop, 1)} for shape in drawn]


def _enclosures(files: list[dict], zone: ZoneInfo, letter: bool) -> list[dict]:
    """Lines to print: a CBCT may be 512 files, one a slice, and takes one line then."""
    groups: dict[tuple, list[dict]] = {}
    for file in files:
        groups.setdefault((file["kind"], file["state"], file.get("revision")), []).append(file)
    lines = []
    for alike in groups.values():
        if len(alike) < LONG_LIST:
            lines += [_enclosure(file, zone, letter) for file in alike]
        else:
            names = sorted(file["name"] for file in alike)
            size = sum(file["size"] for file in alike)
            together = {"name": names[0], "last": names[-1], "size": size, "count": len(alike)}
            lines.append(_enclosure(alike[0], zone, letter) | together)
    return lines


def _enclosure(file: dict, zone: ZoneInfo, letter: bool) -> dict:
    """With who sent it, when and with which revision; older snapshots do not say so."""
    sent = ""
    if "sent" in file:
        day = datetime.fromisoformat(file["sent"]).astimezone(zone).date()
        sent = f"{_day(day.isoformat(), letter)}, {file['by']}"
        if file["revision"]:
            sent += f", revision {file['revision']}"
    return {"files": 1, **file, "count": 1, "sent": sent}


def _moment(iso: str, zone: ZoneInfo, letter: bool) -> str:
    """ "March 5, 2026, 1:05 PM EST (America/New_York)", or the day first where paper is A4."""
    local = datetime.fromisoformat(iso).astimezone(zone)
    clock = f"{local:%I:%M %p}".lstrip("0") if letter else f"{local:%H:%M}"
    short = local.tzname()
    if not short.isalpha():
        offset = f"{local:%z}"
        short = f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{_day(local.date().isoformat(), letter)}, {clock} {short} ({zone.key})"


def _day(iso: str | None, letter: bool) -> str:
    if iso is None:
        return ""
    day = date.fromisoformat(iso)
    return f"{day:%B} {day.day}, {day.year}" if letter else f"{day.day} {day:%B} {day.year}"
