import io
import struct
import zipfile

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from cases.filetypes import LABELS, clean_folder, clean_name, kind_of, label


def dicom():
    slice_ = Dataset()
    slice_.SOPClassUID = CTImageStorage
    slice_.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    slice_.PatientName = "Doe^Jane"
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = io.BytesIO()
    slice_.save_as(written, enforce_file_format=True)
    return written.getvalue()


def binary_stl(triangles, header=b"made by a scanner"):
    return header.ljust(80, b"\0") + struct.pack("<I", triangles) + bytes(50 * triangles)


def packed():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.dcm", dicom())
    return written.getvalue()


THREE_SHAPE = b'<?xml version="1.0" encoding="UTF-8"?>\n<HPS version="1.1">' + b" " * 200
HEIC = b"\0\0\0\x18ftypheic" + bytes(200)
NO_PREAMBLE = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + bytes(300)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("slice.dcm", dicom(), "cbct"),
        ("IM000001", dicom(), "cbct"),
        ("x.img", dicom(), "cbct"),
        ("DICOMDIR", dicom(), "cbct"),
        ("renamed.stl", dicom(), "cbct"),
        ("slice.dcm", NO_PREAMBLE, "cbct"),
        ("SLICE.IMA", NO_PREAMBLE, "cbct"),
        ("slice.dcm", dicom()[132:], "cbct"),
        ("IM000001", NO_PREAMBLE, "other"),
        ("x.img", NO_PREAMBLE, "other"),
        ("scan.inv", b"maker's own", "cbct"),
        ("scan.inv", packed(), "cbct"),
        ("dicom.zip", packed(), "cbct_archive"),
        ("dicom", packed(), "cbct_archive"),
        ("dicom.rar", b"Rar!\x1a\x07\x01\x00" + bytes(50), "cbct_archive"),
        ("dicom.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50), "cbct_archive"),
        ("dicom.zip", b"not packed at all", "other"),
        ("viewer.jar", packed(), "other"),
        ("letter.docx", packed(), "document"),
        ("upper.dcm", THREE_SHAPE, "surface_scan"),
        ("UPPER.DCM", b"anything else", "surface_scan"),
        ("viewer.dcm", b"MZ\x90\0" + bytes(200), "other"),
        ("viewer.dcm", b"\x7fELF" + bytes(200), "other"),
        ("upper.dcm", b'{"error": "expired"}', "other"),
        ("upper.dicom", THREE_SHAPE, "other"),
        ("upper.stl", binary_stl(12), "surface_scan"),
        ("upper.stl", binary_stl(0), "surface_scan"),
        ("upper.stl", binary_stl(3, header=b"solid but binary"), "surface_scan"),
        ("upper", binary_stl(12), "surface_scan"),
        ("zeros", bytes(84), "other"),
        ("upper.stl", binary_stl(12)[:-1], "other"),
        ("upper.stl", b"solid upper\n facet normal 0 0 1\n", "surface_scan"),
        ("solid.txt", b"solid gold\n", "other"),
        ("upper.ply", b"ply\nformat ascii 1.0\n", "surface_scan"),
        ("upper.ply", b"plywood", "other"),
        ("upper.obj", b"# scanner\n\nv 0.0 1.0 2.0\n", "surface_scan"),
        ("main.obj", b"\x64\x86\x02\x00\nv 1", "other"),
        ("smile.jpg", b"\xff\xd8\xff\xe0" + bytes(200), "photo"),
        ("smile.dcm", b"\xff\xd8\xff\xe0" + bytes(200), "photo"),
        ("smile.png", b"\x89PNG\r\n\x1a\n" + bytes(200), "photo"),
        ("smile.heic", HEIC, "photo"),
        ("smile.jpg", b"MZ" + bytes(200), "other"),
        ("report.pdf", b"%PDF-1.7\n", "document"),
        ("report.pdf", b"no pdf", "other"),
        ("empty.dcm", b"", "other"),
        ("", b"?", "other"),
    ],
    ids=lambda value: "content" if isinstance(value, bytes) else value,
)
def test_content_tells_the_kind_and_the_name_only_where_it_cannot(name, content, kind):
    assert kind_of(name, content[:1024], len(content)) == kind


def test_every_kind_has_words():
    assert label("cbct_archive") == "CBCT archive"
    assert set(LABELS) == {
        "cbct", "cbct_archive", "xray", "surface_scan", "photo", "document", "archive", "other",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("upper jaw.stl", "upper jaw.stl"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Anna\\scan.dcm", "scan.dcm"),
        ("..\\..\\scan.dcm", "scan.dcm"),
        ("a/..\u200b/b\u202e.stl", "b.stl"),
        ("up\r\nper\x00.stl", "up per.stl"),
        ("gpj.\u2066exe\u2069", "gpj.exe"),
        ("scan.stl. . ", "scan.stl"),
        (".stl", ".stl"),
        ("e\u0301.stl", "\u00e9.stl"),
        ("", "unnamed"),
        ("   ", "unnamed"),
        ("..", "unnamed"),
        (". .", "unnamed"),
        ("folder/", "unnamed"),
        (".\u200b.", "unnamed"),
        ("\x00\n", "unnamed"),
    ],
)
def test_a_file_name_loses_folders_and_marks(raw, name):
    assert clean_name(raw) == name
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("raw", "folder"),
    [
        ("CD 1/DICOM", "CD 1/DICOM"),
        ("/CD 1//../DICOM/", "CD 1/DICOM"),
        ("CD 1\\DICOM\x00", "CD 1/DICOM"),
        (" . /..", ""),
        ("", ""),
        ("a" * 250 + "/deep/er", "deep/er"),
    ],
)
def test_a_folder_keeps_its_parts_and_leads_nowhere(raw, folder):
    assert clean_folder(raw) == folder
    assert clean_folder(folder) == folder


@pytest.mark.parametrize("letter", ["a", "é", "歯", "🦷"])
def test_a_long_name_is_cut_between_characters_and_keeps_its_extension(letter):
    name = clean_name(letter * 300 + ".stl")
    stem = name.removesuffix(".stl")
    assert name.endswith(".stl")
    assert set(stem) == {letter}
    assert 255 - len(letter.encode()) < len(name.encode()) <= 255


def test_a_joiner_where_a_long_name_is_cut_goes_too():
    name = clean_name("x" * 248 + "👨\u200d👩")
    assert clean_name(name) == name
    assert "\u200d" not in name
    assert clean_name("👨\u200d. .") == "👨"


def test_an_endless_extension_is_cut_like_the_rest():
    assert clean_name("a." + "b" * 300) == "a." + "b" * 253
    assert clean_name("." + "b" * 300) == "." + "b" * 254


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE html><p>",
        b"\xef\xbb\xbf\r\n <HTML lang=en>",
        b"<script>location = '/login'</script>",
        b"<body>502 Bad Gateway</body>",
        b"<title>404</title>",
        b"<meta http-equiv=refresh>",
    ],
)
def test_a_web_page_is_no_scan_whatever_its_name(head):
    for name in ("page.dcm", "page.stl", "page.obj", "page.zip", "page.pdf"):
        assert kind_of(name, head, len(head)) == "other"
    assert kind_of("scan.dcm", b"<HPS version=1>", 15) == "surface_scan"
