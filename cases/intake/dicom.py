"""The header of one DICOM file, by pydicom: plain values, whatever is wrong with the others.

Read as it comes, without pixels, also without preamble or meta group. Values are named as in
DICOM PS3.6; a value that breaks its own rules is left out.
"""

import struct
import zlib
from dataclasses import dataclass, field

from pydicom import config, dcmread
from pydicom.charset import default_encoding
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID

# Of damaged files: what pydicom and what reads for it may raise.
FAULTS = (
    InvalidDicomError, BytesLengthException, ValueError, NotImplementedError, TypeError,
    AttributeError, KeyError, IndexError, struct.error, zlib.error, EOFError, OSError,
    OverflowError, RecursionError, LookupError, RuntimeError,
)  # fmt: skip
# Values are looked at one by one, and warnings about each help nobody.
config.settings.reading_validation_mode = config.IGNORE

# PS3.6 A: transfer syntaxes as labs speak of them.
SYNTAXES = {
    "1.2.840.10008.1.2": "Implicit LE",
    "1.2.840.10008.1.2.1": "Explicit LE",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit LE",
    "1.2.840.10008.1.2.2": "Explicit BE",
    "1.2.840.10008.1.2.5": "RLE Lossless",
    "1.2.840.10008.1.2.4.50": "JPEG Baseline",
    "1.2.840.10008.1.2.4.51": "JPEG Extended",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless SV1",
    "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 Lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.201": "HTJ2K Lossless",
    "1.2.840.10008.1.2.4.202": "HTJ2K Lossless RPCL",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
}
_PLAIN = {"Implicit LE", "Explicit LE", "Explicit BE"}
LOSSY = {"JPEG Baseline", "JPEG Extended", "JPEG-LS near lossless"}

_KEYWORDS = [
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "StudyDate", "AcquisitionDate",
    "Modality", "Manufacturer", "ManufacturerModelName", "SeriesDescription", "PatientName",
    "PatientBirthDate", "SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient",
    "SliceThickness", "SpacingBetweenSlices", "PixelSpacing", "ImagerPixelSpacing", "Rows",
    "Columns", "NumberOfFrames", "BitsAllocated", "SamplesPerPixel", "LossyImageCompression",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
]  # fmt: skip


@dataclass
class Header:
    """What one DICOM file says of itself. `member` is its name in an archive, or its own."""

    member: str = ""
    sop: str = ""
    sop_name: str = ""
    modality: str = ""
    maker: str = ""
    model: str = ""
    study_date: str = ""
    series: str = ""
    description: str = ""
    image_type: str = ""
    patient: str = ""
    birth: str = ""
    # Whether a name with letters beyond ASCII says in which character set.
    is_charset_known: bool = True
    syntax: str = ""
    is_lossy: bool = False
    rows: int = 0
    columns: int = 0
    frames: int = 1
    # Of each frame, in mm, in the patient's space; [] where nothing is said.
    positions: list = field(default_factory=list)
    orientation: tuple = ()
    # Between rows and between columns.
    spacing: tuple = ()
    between: float | None = None
    thickness: float | None = None
    # Bytes that its points take when they are not compressed, or 0.
    pixel_bytes: int = 0
    is_cut_off: bool = False


def looks_like_dicom(head: bytes) -> bool:
    """By the first bytes: with a preamble, or with a group 0002 or 0008 of a sane length first."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16 or head[:2] not in (b"\x02\x00", b"\x08\x00"):
        return False
    element, length = struct.unpack_from("<HI", head, 2)
    is_explicit = head[4:6].isalpha() and head[4:6].isupper()
    return element < 0x3000 and (is_explicit or length < 0x400)


def read_header(stream, member: str = "", size: int | None = None) -> Header | None:
    """The header at the beginning of a binary stream that can be sought, or None for none.

    With the `size` of the whole file, whether its end is missing.
    """
    try:
        dataset = dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_KEYWORDS)
    except FAULTS:
        return None
    header = _header(dataset, member)
    if header and size is not None:
        header.is_cut_off = is_cut_off(header, size - stream.tell())
    return header


def is_cut_off(header: Header, rest: int) -> bool:
    """Whether so many bytes behind a header are fewer than its pixels take."""
    return header.syntax in _PLAIN and rest < header.pixel_bytes


def _header(dataset, member):
    value = _Values(dataset)
    uid = value.text("SOPClassUID") or str(
        getattr(dataset.file_meta, "MediaStorageSOPClassUID", "")
    )
    if not uid and not value.text("Modality") and not value.whole("Rows"):
        return None
    patient, is_known = _patient(dataset, value)
    syntax = _syntax(dataset)
    shared, per_frame = value.groups()
    header = Header(
        member=member,
        sop=uid,
        sop_name=UID(uid).name if uid else "",
        modality=value.text("Modality"),
        maker=value.text("Manufacturer"),
        model=value.text("ManufacturerModelName"),
        study_date=value.text("StudyDate") or value.text("AcquisitionDate"),
        series=value.text("SeriesInstanceUID"),
        description=value.text("SeriesDescription"),
        image_type="\\".join(map(str, value.many("ImageType"))).upper(),
        patient=patient,
        birth=value.text("PatientBirthDate"),
        is_charset_known=is_known,
        syntax=syntax,
        is_lossy=syntax in LOSSY or value.text("LossyImageCompression") == "01",
        rows=value.whole("Rows"),
        columns=value.whole("Columns"),
        frames=max(value.whole("NumberOfFrames"), len(per_frame), 1),
        thickness=value.number("SliceThickness"),
        between=value.number("SpacingBetweenSlices"),
        spacing=value.numbers("PixelSpacing", 2) or value.numbers("ImagerPixelSpacing", 2),
        orientation=value.numbers("ImageOrientationPatient", 6),
    )
    depth = value.whole("BitsAllocated") // 8 * max(value.whole("SamplesPerPixel"), 1)
    header.pixel_bytes = header.rows * header.columns * header.frames * depth
    position = value.numbers("ImagePositionPatient", 3)
    header.positions = [position] if position else []
    _read_frames(header, shared, per_frame)
    return header


def _read_frames(header, shared, per_frame):
    """Of an enhanced object, what stands in its functional groups (PS3.3 C.7.6.16)."""
    for group in (*shared, *per_frame[:1]):
        measures = _first(group, "PixelMeasuresSequence")
        header.spacing = header.spacing or measures.numbers("PixelSpacing", 2)
        header.thickness = header.thickness or measures.number("SliceThickness")
        header.between = header.between or measures.number("SpacingBetweenSlices")
        plane = _first(group, "PlaneOrientationSequence")
        header.orientation = header.orientation or plane.numbers("ImageOrientationPatient", 6)
    found = [
        _first(group, "PlanePositionSequence").numbers("ImagePositionPatient", 3)
        for group in per_frame
    ]
    if found and all(found):
        header.positions = found


def _first(group, keyword):
    try:
        items = group.get(keyword)
        return _Values(items[0] if items else None)
    except FAULTS:
        return _Values(None)


class _Values:
    """Reads values by keyword; a missing or broken one is "", 0, None or ()."""

    def __init__(self, dataset):
        self._dataset = dataset

    def _value(self, keyword):
        if self._dataset is None:
            return None
        try:
            return self._dataset.get(keyword)
        except FAULTS:
            return None

    def many(self, keyword):
        value = self._value(keyword)
        if value is None or value == "":
            return []
        return [value] if isinstance(value, str | bytes | int | float) else _listed(value)

    def text(self, keyword):
        value = self._value(keyword)
        return "" if value is None else str(value).replace("\0", "").strip()[:1000]

    def number(self, keyword):
        return next(iter(self.numbers(keyword, 1)), None)

    def whole(self, keyword):
        number = self.number(keyword)
        return int(number) if number and 0 < number < 1 << 31 else 0

    def numbers(self, keyword, count):
        """So many finite numbers, or none."""
        try:
            numbers = tuple(float(value) for value in self.many(keyword))
        except FAULTS:
            return ()
        is_fit = len(numbers) == count and all(abs(number) < 1e9 for number in numbers)
        return numbers if is_fit else ()

    def groups(self):
        shared = self._value("SharedFunctionalGroupsSequence") or []
        per_frame = self._value("PerFrameFunctionalGroupsSequence") or []
        try:
            return list(shared), list(per_frame)
        except FAULTS:
            return [], []


def _listed(value):
    try:
        return list(value)
    except FAULTS:
        return [value]


def _syntax(dataset):
    uid = str(getattr(dataset.file_meta, "TransferSyntaxUID", "") or "")
    if not uid:
        implicit, _ = dataset.original_encoding
        return "Implicit LE" if implicit else "Explicit LE"
    return SYNTAXES.get(uid) or UID(uid).name


def _patient(dataset, value):
    """The name, and whether its character set was declared or is not needed.

    Undeclared letters are read as UTF-8 where they are that, and otherwise as Latin-1.
    """
    try:
        name = dataset.get("PatientName")
        raw = getattr(name, "original_string", b"") or b""
    except FAULTS:
        return "", True
    raw = raw.encode(errors="replace") if isinstance(raw, str) else raw
    if raw.isascii() or any(value.many("SpecificCharacterSet")):
        return shown(name), True
    for charset in ("utf-8", default_encoding):
        try:
            return shown(raw.decode(charset)), False
        except UnicodeDecodeError:
            continue
    return "", False


def shown(name) -> str:
    """A name of a patient or a maker without what cannot be printed; "" for a broken one."""
    try:
        return "".join(sign for sign in str(name or "") if sign.isprintable()).strip()[:300]
    except FAULTS:
        return ""
