"""What is said of files of each kind, as they come in life."""

import struct

import pytest
from PIL import Image

from cases.intake import limited
from cases.intake.reader import read
from cases.intake.reading import Kind
from tests.intake import dicom_files as dicom
from tests.intake import packed
from tests.intake import scan_files as scan
from tests.intake.samples import CBCTS, CUBE, DAMAGED, JAW, MM, NO_CBCTS, SCANS, photo, series


@pytest.fixture
def reading(tmp_path):
    """A function that reads bytes as a file of this name."""

    def of(name, body):
        path = tmp_path / "staged"
        path.write_bytes(body)
        return read(path, name)

    return of


@pytest.mark.parametrize("what", CBCTS)
def test_a_cbct_is_told_by_its_headers(reading, what):
    body, (kind, findings) = CBCTS[what]
    found = reading("cbct", body)
    assert (found.kind, {name: found.findings.get(name) for name in findings}) == (kind, findings)


@pytest.mark.parametrize("name", NO_CBCTS)
def test_what_is_no_cbct_is_said_to_be_what_it_is(reading, name):
    body, kind, findings = NO_CBCTS[name]
    found = reading(name, body)
    assert (found.kind, {each: found.findings.get(each) for each in findings}) == (kind, findings)
    assert found.sentences or kind == Kind.LITTER


def test_a_number_of_a_wrong_length_in_a_header_does_not_raise(reading):
    whole = dicom.written(dicom.slices(1)[0])
    broken = whole[:138] + (5).to_bytes(2, "little") + whole[140:]
    assert reading("a.dcm", broken).kind == Kind.NO_SCAN


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_is_measured(reading, name):
    body, findings = SCANS[name]
    found = reading(name, body)
    assert (found.kind, {each: found.findings.get(each) for each in findings}) == (
        Kind.SCAN,
        findings,
    )


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_scan_is_said_to_be_one(reading, name):
    body, words = DAMAGED[name]
    found = reading(name, body)
    assert found.kind == Kind.SCAN_DAMAGED
    assert words in " ".join(found.sentences)


def test_a_scan_without_a_triangle_is_empty(reading):
    assert reading("upper.stl", bytes(84)).kind == Kind.SCAN_EMPTY


def test_a_scan_of_3shape_is_told_from_dicom(reading):
    found = reading("MAX__MUSTER UpperJawScan.dcm", scan.hps(JAW))
    assert (found.kind, found.findings["triangles"]) == (Kind.SCAN_3SHAPE, 52)
    assert found.findings["size_mm"] == MM
    assert "size_mm" not in reading("x.dcm", scan.hps(JAW, "CE")).findings


def test_a_zip_of_scans_is_no_cbct(reading):
    jaw = scan.binary_stl(JAW)
    export = {"77_shell_occlusion_u.stl": jaw, "77_shell_occlusion_l.stl": jaw}
    found = reading("OrthoCAD_Export_77.zip", packed.zipped(export))
    assert found.kind == Kind.SCANS
    assert found.findings["scanner"] == "iTero"
    assert (found.findings["upper"], found.findings["lower"]) == (1, 1)
    assert found.findings["bite"] == "oriented in occlusion"
    medit = {f"Roe-{name}.ply": scan.ply(JAW) for name in ("upperjaw", "lowerjaw", "situ")}
    found = reading("case.zip", packed.zipped(medit | {"Roe.dentalProject": b"{}"}))
    assert (found.findings["scanner"], found.findings["preop"]) == ("Medit", 1)


def test_names_in_old_charsets_are_no_trouble(reading):
    made = dicom.slices(3)
    names = {f"Mxller/{n}.dcm": dicom.written(one) for n, one in enumerate(made)}
    raw = {f"Mxller/{n}.dcm": f"Müller/{n}.dcm" for n in range(3)}
    assert reading("a.zip", packed.with_raw_names(packed.zipped(names), "cp437", raw)).findings[
        "volume_slices"
    ] == 3  # fmt: skip


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_a_photo_is_told_by_its_content(reading, format):
    found = reading("photo", photo(format))
    assert (found.kind, found.findings["size"]) == (Kind.PHOTO, [90, 60])


def test_how_a_photo_is_turned_and_what_it_gives_away_is_found(reading):
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "SampleCam"
    exif.get_ifd(0x8825)[1] = "N"
    found = reading("photo.jpg", photo("JPEG", exif=exif)).findings
    assert (found["stored"], found["shown"]) == ([90, 60], [60, 90])
    assert (found["orientation"], found["gps"], found["device"]) == (6, True, "SampleCam")


def test_the_pages_of_a_pdf_are_counted(reading):
    pages = b"<< /Type /Pages /Kids [1 0 R 2 0 R] /Count 2 >>"
    found = reading("x.pdf", b"%PDF-1.7\n" + pages + b"\n%%EOF")
    assert (found.kind, found.findings["pages"]) == (Kind.DOCUMENT, 2)
    assert reading("x.pdf", b"%PDF-1.7\n/Encrypt 3 0 R\n%%EOF").findings["encrypted"]


def test_a_folder_is_read_as_what_came_together(tmp_path):
    for name, body in (series() | {"SE1/Thumbs.db": b"\xd0\xcf"}).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    found = read(tmp_path)
    assert (found.kind, found.findings["volume_slices"]) == (Kind.CBCT, 12)


def test_a_file_that_would_fill_the_memory_kills_its_reader_alone(tmp_path):
    path = tmp_path / "bomb.dcm"
    path.write_bytes(dicom.deflated_bomb(limited.MAX_MEMORY))
    found = limited.read(path)
    assert found.kind == Kind.OTHER
    assert "could not be read" in found.sentences[0]


def test_a_reader_in_a_process_of_its_own_says_the_same(tmp_path):
    path = tmp_path / "upper.stl"
    path.write_bytes(scan.binary_stl(JAW))
    assert limited.read(path) == read(path)


WHOLE = {
    "a.dcm": dicom.written(dicom.enhanced(4)),
    "a.zip": packed.zipped(series(2)),
    "a.ply": scan.ply(JAW),
    "a.obj": scan.obj([(1, 2, 3)], CUBE),
    "a.jpg": photo("JPEG"),
    "a.7z": packed.seven_zipped({"x": struct.pack("<300H", *range(300))}),
}


@pytest.mark.parametrize("name", WHOLE)
def test_no_file_that_was_cut_off_breaks_its_reader(reading, name):
    for cut in range(0, len(WHOLE[name]), 41):
        assert reading(name, WHOLE[name][:cut]).kind in list(Kind)
