"""Anatomage Invivo's own CBCT: XML about patient, machine and volume, and the volume behind it.

Its makers publish no description. What is read here is what files of version 2.0 hold, as others
found it (github.com/z64me/invivo-cbct): texts as attributes, those that may have letters beyond
ASCII also in base64 behind their length; sizes of the volume as numbers in a row.
"""

import base64
import re

from cases.intake import dicom
from cases.intake.reading import Kind, Reading

# The XML ends where the bytes of the volume begin.
LONGEST_HEAD = 1 << 16

_IS_INVIVO = re.compile(rb"<INVFile|<inv[ >]|Invivo", re.I)
_TEXTS = {
    "patient": "PatientName", "birth": "PatientBirthDay", "study": "ImageDate",
    "modality": "Modality", "maker": "Manufacture",
}  # fmt: skip
_DATES = {"birth", "study"}


def read(head: bytes) -> Reading | None:
    """What the first bytes of a file say of its volume, or None where they are not Invivo's."""
    if not _IS_INVIVO.search(head[:1024]):
        return None
    xml = head[:LONGEST_HEAD].partition(b"<AppendedData")[0]
    reading = Reading(Kind.CBCT, {"format": "Anatomage .inv"})
    for finding, element in _TEXTS.items():
        if text := _text(xml, element, finding in _DATES):
            reading.findings[finding] = text
    reading.findings |= _volume(xml)
    reading.say("This is a CBCT of Anatomage Invivo; labs can read it with its own program only.")
    return reading


def _text(xml, element, is_date):
    tag = re.search(rb"<%s\b([^>]*)>" % element.encode(), xml)
    if not tag:
        return ""
    plain, packed = _attribute(tag[1], b"Value"), _attribute(tag[1], b"BinaryValue")
    text = dicom.shown((_unpacked(packed) or plain).decode("utf-8", "replace"))
    return text if not is_date or re.fullmatch(r"\d{8}", text, re.A) else ""


def _attribute(tag, name):
    found = re.search(rb"\b%s\s*=\s*(\"[^\"]*\"|'[^']*')" % name, tag)
    return found[1][1:-1] if found else b""


def _unpacked(packed):
    """A text behind its length in four bytes, in base64; b"" where it is broken."""
    try:
        raw = base64.b64decode(packed)
    except ValueError:
        return b""
    return raw[4 : 4 + int.from_bytes(raw[:4], "little")]


def _volume(xml):
    tag = re.search(rb"<Volume\b([^>]*)>", xml)
    if not tag:
        return {}
    sizes = _three(_attribute(tag[1], b"Dimensions"), int)
    voxel = _three(_attribute(tag[1], b"Spacing"), float)
    found = {"volume_slices": sizes[2]} if sizes else {}
    if sizes and voxel:
        fov = [round(count * side, 4) for count, side in zip(sizes, voxel, strict=True)]
        found |= {"voxel_mm": [round(side, 4) for side in voxel], "fov_mm": fov}
    return found


def _three(text, number):
    """Three numbers of a size that a volume can have, or []."""
    try:
        numbers = [number(word) for word in text.split()]
    except ValueError:
        return []
    return numbers if len(numbers) == 3 and all(0 < each < 1e5 for each in numbers) else []
