"""Photos and PDFs: their size, how they are turned, their pages."""

import re

from PIL import Image, UnidentifiedImageError

from cases.filetypes import HEIC_BRANDS
from cases.intake.reading import Kind, Reading

FAULTS = (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError)
_ORIENTATION, _GPS, _MODEL, _MAKE = 0x0112, 0x8825, 0x0110, 0x010F
_TURNED = {5, 6, 7, 8}
_FTYP = re.compile(rb"^....ftyp", re.S)
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*")


def is_picture(head: bytes) -> bool:
    """By its first bytes: JPEG, PNG, GIF, BMP, TIFF, WebP, HEIC, AVIF."""
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_MAGIC) or is_webp or _brand(head) in HEIC_BRANDS | {b"avif", b"avis"}


def is_pdf(head: bytes) -> bool:
    # Some programs write something before it.
    return b"%PDF-" in head[:1024]


def _brand(head):
    return head[8:12] if _FTYP.match(head) else b""


def read_picture(stream) -> Reading:
    """Of a HEIC, that Pillow does not read, the kind alone."""
    reading = Reading(Kind.PHOTO)
    head = stream.read(16)
    stream.seek(0)
    if _brand(head) in HEIC_BRANDS:
        reading.findings["format"] = "HEIC"
        return reading
    try:
        with Image.open(stream) as image:
            _describe(image, reading)
    except (Image.DecompressionBombError, *FAULTS):
        reading.say("This picture is damaged or cut off, and cannot be shown.")
    return reading


def _describe(image, reading):
    found = reading.findings
    found |= {"format": image.format, "size": list(image.size), "stored": list(image.size)}
    exif = image.getexif()
    found["orientation"] = exif.get(_ORIENTATION, 1)
    is_turned = found["orientation"] in _TURNED
    found["shown"] = list(reversed(image.size)) if is_turned else list(image.size)
    if exif.get_ifd(_GPS):
        found["gps"] = True
    if device := exif.get(_MODEL) or exif.get(_MAKE):
        found["device"] = str(device).strip("\0 ")


_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_PAGES = re.compile(rb"/Type\s*/Pages\b[^>]*?/Count\s+(\d+)|/Count\s+(\d+)[^>]*?/Type\s*/Pages\b")


def read_pdf(data: bytes) -> Reading:
    """Its pages where its objects stand open, and whether a password keeps it closed."""
    reading = Reading(Kind.DOCUMENT, {"format": "PDF"})
    counts = [int(one or other) for one, other in _PAGES.findall(data)]
    if pages := max(counts, default=0) or len(_PAGE.findall(data)):
        reading.findings["pages"] = pages
    if re.search(rb"/Encrypt\s+\d+\s+\d+\s+R", data):
        reading.findings["encrypted"] = True
        reading.say("This PDF may ask for a password. Please send it without one.")
    if b"%%EOF" not in data[-2048:]:
        reading.say("This PDF is cut off. Please send it again.")
    return reading
