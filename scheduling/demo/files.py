"""Small real files for the demo: surface scans, CBCT slices, a photo and a letter, as bytes."""

import io
import math
import struct
import zipfile
from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SIDE = 64  # pixels of a slice, each 1.5 mm
PIXEL_MM = 1.5
AIR, SOFT, BONE, CORTEX, TOOTH = -1000, 40, 500, 1300, 2200  # Hounsfield units


def arch_scan(rng, upper, segments=40):
    """A binary STL of a dental arch, in mm: a ridge along a parabola, with a bump a tooth."""
    width, depth, teeth = rng.uniform(26, 30), rng.uniform(36, 44), rng.choice([7, 7.5, 8])
    rings = [_ring(2 * at / segments - 1, width, depth, teeth, upper) for at in range(segments + 1)]
    triangles = []
    for near, far in pairwise(rings):
        for a in range(len(near)):
            b = (a + 1) % len(near)
            triangles += [(near[a], far[b], far[a]), (near[a], near[b], far[b])]
    for end, step in ((rings[0], -1), (rings[-1], 1)):
        fan = end[::step]
        triangles += [(fan[0], fan[a], fan[a + 1]) for a in range(1, len(fan) - 1)]
    header = b"Binary STL, millimetres".ljust(80)
    return header + struct.pack("<I", len(triangles)) + b"".join(map(_facet, triangles))


def _ring(along, width, depth, teeth, upper):
    """Six points around the arch at `along`, from -1 (right) over 0 (front) to 1."""
    x, y = width * along, -depth * along**2
    slope = math.atan2(-2 * depth * along, width)
    crown = 6 + 2.5 * abs(math.cos(math.pi * teeth * along))
    up = -1 if upper else 1
    outline = [(-5, 0), (5, 0), (4.5, crown - 2), (2, crown), (-2, crown), (-4.5, crown - 2)]
    return [
        (x - off * math.sin(slope), y + off * math.cos(slope), up * height)
        for off, height in outline[::up]
    ]


def _facet(triangle):
    a, b, c = triangle
    u, v = [[q - p for p, q in zip(a, other, strict=True)] for other in (b, c)]
    normal = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    length = math.hypot(*normal) or 1.0
    return struct.pack("<12fH", *(part / length for part in normal), *a, *b, *c, 0)


def cbct(patient_name, number, day, upper, slices):
    """A CBCT study as a list of DICOM files, one slice each.

    `number` is any text that tells studies apart, `day` the date of the scan.
    """
    study, series, frame = (generate_uid(entropy_srcs=[number, part]) for part in "abc")
    common = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": CTImageStorage,
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "FrameOfReferenceUID": frame,
        "Modality": "CT",
        "Manufacturer": "Demo Imaging",
        "ManufacturerModelName": "Cone Beam 64",
        "PatientName": _person_name(patient_name),
        "PatientID": number,
        "StudyDate": f"{day:%Y%m%d}",
        "StudyTime": "103000",
        "StudyID": "1",
        "SeriesNumber": 1,
        "SeriesDescription": "Maxilla" if upper else "Mandible",
        "BodyPartExamined": "MAXILLA" if upper else "MANDIBLE",
    }
    return [_slice(common, level, slices, upper) for level in range(slices)]


def _person_name(name):
    """A name as DICOM writes it: family^given."""
    given, space, family = name.rpartition(" ")
    return f"{family}^{given}" if space else f"{name[0]}^{name[1:]}"


def _slice(common, level, slices, upper):
    image = Dataset()
    for keyword, value in common.items():
        setattr(image, keyword, value)
    image.SOPInstanceUID = generate_uid(
        entropy_srcs=[common["SeriesInstanceUID"], f"slice {level}"]
    )
    image.InstanceNumber = level + 1
    image.ImagePositionPatient = [-48, -48, 3 * level]
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.PixelSpacing = [PIXEL_MM, PIXEL_MM]
    image.SliceThickness = 3
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows = image.Columns = SIDE
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 1
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = 0, 1, "HU"
    image.WindowCenter, image.WindowWidth = 600, 3200
    crown = level / (slices - 1)
    image.PixelData = _pixels(round(10 * (1 - crown if upper else crown)))
    return _as_file(image)


def _as_file(image):
    image.file_meta = FileMetaDataset()
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = io.BytesIO()
    image.save_as(written, enforce_file_format=True)
    return written.getvalue()


@cache
def _pixels(tenths):
    """A level of a jaw, from its base (0) to the crowns (10), as 16 bit numbers."""
    middle = SIDE / 2
    values = (
        _hounsfield((column - middle) * PIXEL_MM, (row - middle) * PIXEL_MM, tenths)
        for row in range(SIDE)
        for column in range(SIDE)
    )
    return struct.pack(f"<{SIDE * SIDE}h", *values)


def _hounsfield(x, y, tenths):
    if (x / 42) ** 2 + (y / 46) ** 2 > 1:
        return AIR
    along = x / 26
    from_arch = abs(y + 28 - 40 * along**2) / math.hypot(1, 80 * along / 26)
    if abs(along) > 1 or from_arch > 6:
        return SOFT
    root = 3.4 if tenths > 3 else 0
    if from_arch < root and abs(math.cos(math.pi * 7 * along)) > 0.35:
        return TOOTH
    if tenths > 7:
        return SOFT
    return CORTEX if from_arch > 4.5 else BONE


def packed(slices):
    """A ZIP of DICOM files, as an export of a CBCT program."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number, data in enumerate(slices, 1):
            # Without a time of its own an entry is dated 1980, the same in every run.
            archive.writestr(zipfile.ZipInfo(f"DICOM/IM{number:04}.dcm"), data)
    return written.getvalue()


def photo(rng):
    """A JPEG of an arch as a mirror shows it, drawn."""
    image = Image.new("RGB", (480, 360), (58, 22, 26))
    draw = ImageDraw.Draw(image)
    draw.ellipse((50, 10, 430, 470), fill=(196, 104, 108))
    for tooth in range(14):
        angle = math.pi * (0.04 + 0.92 * (tooth + 0.5) / 14)
        x, y = 240 - 150 * math.cos(angle), 300 - 230 * math.sin(angle)
        size = 16 + 9 * abs(tooth - 6.5) / 6.5 + rng.uniform(-1.5, 1.5)
        draw.ellipse((x - size, y - size, x + size, y + size), (236, 226, 205), (150, 92, 90), 2)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=80)
    return written.getvalue()


def letter(lines, day):
    """A one-page PDF of a typed letter, dated `day`."""
    page = Image.new("L", (850, 1100), 255)
    font = ImageFont.load_default(22)
    ImageDraw.Draw(page).multiline_text((90, 110), "\n".join(lines), 30, font, spacing=12)
    written = io.BytesIO()
    page.save(written, "PDF", resolution=100, creationDate=day.timetuple(), modDate=day.timetuple())
    return written.getvalue()
