"""Files of each kind by name, and what is in them."""

import io

from PIL import Image

from cases.intake.reading import Kind
from tests.intake import dicom_files as dicom
from tests.intake import packed
from tests.intake import scan_files as scan

JAW = scan.triangles()
CUBE = [(0, 0, 0), (60, 0, 0), (60, 60, 0), (0, 60, 0), (30, 90, 10)]


def series(count=12, **values):
    made = dicom.slices(count, **values)
    return {f"SE1/IM{number:04}": dicom.written(one) for number, one in enumerate(made)}


def cbct(**findings):
    return Kind.CBCT, findings


VOLUME = {"voxel_mm": [0.3, 0.3, 0.3], "volume_slices": 12, "fov_mm": [4.8, 4.8, 3.6]}
SCOUT = {"SC/1": dicom.written(dicom.image(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]))}
OTHER_PATIENT = {
    f"B/{number}": dicom.written(one)
    for number, one in enumerate(
        dicom.slices(8, PatientName="Other^Person", SeriesInstanceUID="1.2.3.9")
    )
}
CBCTS = {
    "a zip without extensions, with a viewer": (
        packed.zipped(series() | SCOUT | {"DICOMDIR": b"", "AUTORUN.INF": b"[autorun]"}),
        cbct(**VOLUME, scouts=1, no_extension=True, also=["DICOMDIR", "AUTORUN.INF"]),
    ),
    "slices that are named and numbered the wrong way": (
        packed.zipped({name: body for name, body in reversed(series().items())}),
        cbct(**VOLUME, patient="Roe^Jane", birth="19700101", study="20261103"),
    ),
    "a slice that is missing and one that came twice": (
        packed.zipped(series(skip=[5], twice=[8])),
        cbct(volume_slices=11, gaps=1, missing=1, duplicates=1, gap_after_mm=-18.8),
    ),
    "all slices numbered 1": (packed.zipped(series(InstanceNumber=1)), cbct(**VOLUME)),
    "one object with all slices, from above": (
        dicom.written(dicom.enhanced(16, is_falling=True)),
        cbct(volume_slices=16, voxel_mm=[0.4, 0.4, 0.4], fov_mm=[6.4, 6.4, 6.4]),
    ),
    "two patients": (
        packed.zipped(series(8) | OTHER_PATIENT),
        cbct(volume_slices=[8, 8], patients=["Roe^Jane", "Other^Person"], series=2),
    ),
    "a zip in a zip": (
        packed.zipped({"a/b.zip": packed.zipped(series())}), cbct(**VOLUME, nested=1)
    ),
    "tar.gz": (packed.tarred(series()), cbct(**VOLUME, container="gzip")),
    "7z": (packed.seven_zipped(series()), cbct(**VOLUME, container="7z")),
    "no preamble": (
        dicom.written(dicom.slices(1)[0], has_preamble=False), cbct(volume_slices=1)
    ),
    "neither preamble nor meta group": (
        dicom.written(dicom.slices(1)[0], "1.2.840.10008.1.2", has_meta=False),
        cbct(volume_slices=1, syntax="Implicit LE"),
    ),
    "deflated": (
        dicom.written(dicom.slices(1)[0], dicom.DEFLATED), cbct(syntax="Deflated Explicit LE")
    ),
    "compressed with a loss": (
        dicom.written(dicom.slices(1)[0], dicom.JPEG_BASELINE), cbct(lossy=True)
    ),
    "a name in Latin-1 that does not say so": (
        dicom.written(dicom.slices(1)[0]).replace(b"Roe^Jane", "Müll^Jör".encode("latin-1")),
        cbct(patient="Müll^Jör", charset="not declared"),
    ),
    "a name in Japanese": (
        dicom.written(
            dicom.image(
                SpecificCharacterSet=["", "ISO 2022 IR 87"],
                PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
            )
        ),
        cbct(patient="Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ),
    "Invivo's own": (
        dicom.invivo("Müller^Jörg", "19700101", "20261103", "i-CAT", (400, 400, 300), 0.3),
        cbct(patient="Müller^Jörg", birth="19700101", study="20261103", maker="i-CAT",
             volume_slices=300, voxel_mm=[0.3, 0.3, 0.3], fov_mm=[120.0, 120.0, 90.0]),
    ),
    "Invivo's own, broken": (
        b"<INVFile><PatientName BinaryValue='???' Value='A^B'/><PatientBirthDay Value='x'/>"
        b"<Volume Dimensions='1 2' Spacing='nan 0 1'/>" + bytes(200),
        cbct(patient="A^B", birth=None, volume_slices=None, voxel_mm=None),
    ),
    "a tilted gantry": (
        packed.zipped(series(orientation=[1, 0, 0, 0, 0.9962, -0.0872])), cbct(tilt_degrees=5.0)
    ),
}  # fmt: skip
NO_CBCTS = {
    "pan.dcm": (
        dicom.written(dicom.image(dicom.DX, "PX")), Kind.XRAY, {"modality": "PX"}
    ),
    "io.dcm": (dicom.written(dicom.image(dicom.INTRAORAL, "IO")), Kind.XRAY, {"modality": "IO"}),
    "icat.dcm": (
        dicom.written(dicom.image(ManufacturerModelName="17-19DX")), Kind.XRAY, {"modality": "CT"}
    ),
    "pdf.dcm": (
        dicom.written(dicom.dataset(dicom.PDF_INSIDE, "DOC")), Kind.IN_DICOM, {"inside": "PDF"}
    ),
    "stl.dcm": (
        dicom.written(dicom.dataset(dicom.STL_INSIDE, "M3D")), Kind.IN_DICOM, {"inside": "STL"}
    ),
    "sr.dcm": (dicom.written(dicom.dataset(dicom.REPORT, "SR")), Kind.DICOM, {"modality": "SR"}),
    "plan.dcm": (dicom.written(dicom.dataset(dicom.PLAN, "RTPLAN")), Kind.DICOM, {"rows": 0}),
    "page.dcm": (b"\xef\xbb\xbf<!DOCTYPE html><p>", Kind.NO_SCAN, {"really": "HTML page"}),
    "text.dcm": (b"This is no scan at all.", Kind.NO_SCAN, {}),
    "viewer.exe": (b"MZ" + bytes(200), Kind.NO_SCAN, {"really": "program"}),
    "empty.stl": (b"", Kind.NOTHING, {"bytes": 0}),
    "x/desktop.ini": (b"[.ShellClassInfo]", Kind.LITTER, {"ignore": True}),
    "x/._IM0001.dcm": (b"\0\5\x16\7", Kind.LITTER, {"ignore": True}),
    "order.3oxz": (b"PK\x03\x04" + bytes(30), Kind.OTHER, {"project_file": True}),
    "locked.zip": (
        packed.locked(packed.zipped(series(4))), Kind.LOCKED, {"encrypted": True, "entries": 4}
    ),
    "cut.zip": (packed.zipped(series(4))[:-200], Kind.LOCKED, {"damaged": True}),
}  # fmt: skip
MM = [73.0, 53.0, 12.0]
BIG = "binary_big_endian"
SCANS = {
    "upper.stl": (scan.binary_stl(JAW), {"triangles": 52, "size_mm": MM, "arch": "upper"}),
    "solid.stl": (scan.binary_stl(JAW, b"solid exported by a scanner"), {"format": "STL"}),
    "text.stl": (scan.text_stl(JAW), {"format": "STL (text)", "triangles": 52, "size_mm": MM}),
    "TEXT.STL": (scan.text_stl(JAW, "SOLID", "\r\n"), {"triangles": 52, "size_mm": MM}),
    "metres.stl": (
        scan.binary_stl(scan.scaled(JAW, 0.001)), {"unit": "metres", "size_mm": MM}
    ),
    "micro.stl": (
        scan.binary_stl(scan.scaled(JAW, 1000)), {"unit": "micrometres", "size_mm": MM}
    ),
    "two.stl": (scan.binary_stl(JAW + scan.moved(JAW, 200)), {"shells": 2, "triangles": 104}),
    "colour.stl": (scan.binary_stl(JAW, word=0x8001), {"colour": True}),
    "behind.stl": (scan.binary_stl(JAW, b"\0", behind=b"more"), {"bytes_behind": 4}),
    "big.ply": (
        scan.ply(JAW, BIG, has_colour=True), {"endian": "big", "colour": True, "size_mm": MM}
    ),
    "text.ply": (
        scan.ply(JAW, "ascii", comment="TextureFile upper.jpg"), {"texture": "upper.jpg"}
    ),
    "crlf.ply": (scan.ply(JAW, "ascii", line_end="\r\n"), {"triangles": 52}),
    "five.obj": (
        scan.obj([(1, 2, 3, 4), (1, 2, 3, 5, 4)], CUBE, has_colour=True),
        {"faces": 2, "triangles": 5, "colour": True, "size_mm": [60, 90, 10]},
    ),
    "from-the-end.obj": (scan.obj([(-5, -4, -3)], CUBE), {"triangles": 1}),
    "renamed.jpg": (scan.binary_stl(JAW), {"triangles": 52}),
    "Case 7 LowerJawScan.stl": (scan.binary_stl(JAW), {"scanner": "3Shape", "arch": "lower"}),
}  # fmt: skip
DAMAGED = {
    "nan.stl": (scan.binary_stl([((float("nan"), 0, 0), *JAW[0][1:]), *JAW]), "no numbers"),
    "cut.stl": (scan.binary_stl(JAW)[:-60], "cut off"),
    "cut-text.stl": (scan.text_stl(JAW)[:-300], "cut off"),
    "cut.ply": (scan.ply(JAW)[:-20], "cut off"),
    "wrong.obj": (scan.obj([(1, 2, 99)], CUBE), "not in it"),
}


def photo(format, **options):
    stream = io.BytesIO()
    Image.new("RGB", (90, 60), (180, 120, 110)).save(stream, format, **options)
    return stream.getvalue()
