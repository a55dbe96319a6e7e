"""120 hostile files: a name under which each is uploaded, its bytes, and the size it claims.

Bombs are kept small here and large only when they are opened, which the portal never does.
"""

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache

COUNT = 120
SEED = 6
MEGA = 1024**2


@dataclass(frozen=True)
class Hostile:
    label: str
    name: str
    body: bytes
    # What an announcement says, where it differs from what comes.
    claims: int | None = None

    @property
    def size(self):
        return len(self.body) if self.claims is None else self.claims


def _zip(*entries, compress=zipfile.ZIP_DEFLATED):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compress) as archive:
        for name, body in entries:
            # With the clock of 1980, so that it comes out the same each time.
            entry = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            entry.compress_type = compress
            archive.writestr(entry, body)
    return written.getvalue()


def _tar(*entries, mode="w"):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=mode) as archive:
        for entry, body in entries:
            archive.addfile(entry, io.BytesIO(body))
    return written.getvalue()


def _tar_entry(name, kind=tarfile.REGTYPE, target="", size=0):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, target, size
    return entry


def _zip_link(name, target):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return _zip((entry, target))


def _flagged(archive, at, bits):
    """An archive with some bits set in the flags of each local and central header."""
    found = bytearray(archive)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = found.find(magic)
        while place >= 0:
            found[place + offset + at] |= bits
            place = found.find(magic, place + 4)
    return bytes(found)


@cache
def _bomb(megabytes=16):
    return _zip(("zeros.dcm", bytes(megabytes * MEGA)))


def _nested(depth):
    archive = _bomb()
    for level in range(depth):
        archive = _zip(*((f"{level}-{copy}.zip", archive) for copy in range(3)))
    return archive


def _overlapping():
    """Many entries of the directory that name the same bytes."""
    base = _zip(("a.dcm", bytes(MEGA)))
    start = base.index(b"PK\x01\x02")
    entry, end = base[start : base.index(b"PK\x05\x06")], base[base.index(b"PK\x05\x06") :]
    count = 1000
    counted = end[:8] + struct.pack("<HHI", count, count, len(entry) * count) + end[16:]
    return base[:start] + entry * count + counted


def _swallows_itself():
    """A stand-in for a quine: a stored entry that is the archive's own beginning."""
    inner = _zip(("again.zip", b""), compress=zipfile.ZIP_STORED)
    for _ in range(5):
        inner = _zip(("again.zip", inner), compress=zipfile.ZIP_STORED)
    return inner + inner


def _archives():
    yield "zip_bomb", "cbct.zip", _bomb()
    yield "zip_bomb_nested", "cbct.zip", _nested(3)
    yield "zip_quine", "cbct.zip", _swallows_itself()
    yield "zip_overlap", "cbct.zip", _overlapping()
    yield "zip_many", "cbct.zip", _zip(*((f"{n}.dcm", b"") for n in range(5000)))
    yield "zip_encrypted", "cbct.zip", _flagged(_zip(("a.dcm", b"secret")), 0, 1)
    yield "zip_strongly_encrypted", "cbct.zip", _flagged(_zip(("a.dcm", b"x")), 0, 0x41)
    inner = _flagged(_zip(("a.dcm", b"secret")), 0, 1)
    yield "zip_encrypted_nested", "cbct.zip", _zip(("inner.zip", inner))
    yield "zip_up", "cbct.zip", _zip(("../../../../etc/cron.d/evil", b"x"))
    yield "zip_up_windows", "cbct.zip", _zip(("..\\..\\evil.dll", b"x"))
    yield "zip_absolute", "cbct.zip", _zip(("/etc/passwd", b"x"))
    yield "zip_symlink", "cbct.zip", _zip_link("scan.dcm", "/etc/passwd")
    yield "zip_symlink_folder", "cbct.zip", _zip_link("folder", "../../..")
    yield "zip_same_name", "cbct.zip", _zip_twice()
    yield "zip_html", "scan.zip", _zip(("index.html", b"<script>alert(1)</script>"))
    yield "zip_nul_name", "a.zip", _zip(("evil", b"x")).replace(b"evil", b"e\0il")
    yield "zip_long_name", "a.zip", _zip(("n" * 60_000, b"x"))
    yield "zip_reserved", "a.zip", _zip(("NUL", b"x"), ("CON.dcm", b"y"))
    yield "zip_empty", "a.zip", b"PK\x05\x06" + bytes(18)
    yield "zip_spanned", "a.zip", b"PK\x07\x08" + _zip(("a", b"x"))
    yield "zip_with_front", "a.zip", b"MZ" + bytes(510) + _zip(("a", b"x"))
    yield "zip_odd_method", "a.zip", _zip(("a", b"x")).replace(b"\x08\x00", b"\x63\x00")
    yield "zip_comment", "a.zip", _zip(("a", b"x"))[:-2] + b"\xff\xff" + b"PK\x05\x06" * 9000
    yield (
        "zip_64_sizes",
        "a.zip",
        _zip(("a", b"x" * 99)).replace(struct.pack("<I", 99), b"\xff" * 4),
    )
    yield "zip_crc", "a.zip", _zip(("a", b"x" * 50)).replace(b"x" * 9, b"y" * 9)
    yield "jar", "a.jar", _zip(("META-INF/MANIFEST.MF", b"Main-Class: Evil"))
    yield "docx_macro", "a.docx", _zip(("word/vbaProject.bin", b"\xd0\xcf\x11\xe0"))
    yield "docx_entities", "a.docx", _zip(("word/document.xml", _entities()))
    yield "xlsx_formula", "a.xlsx", _zip(("xl/sheet1.xml", b"<f>cmd|' /C calc'!A0</f>"))
    up = _tar_entry("../../evil", size=1)
    yield "tar_up", "a.tar", _tar((up, b"x"))
    yield "tar_absolute", "a.tar", _tar((_tar_entry("/etc/evil", size=1), b"x"))
    yield "tar_symlink", "a.tar", _tar((_tar_entry("a", tarfile.SYMTYPE, "/etc/passwd"), b""))
    yield "tar_hardlink", "a.tar", _tar((_tar_entry("a", tarfile.LNKTYPE, "../../a"), b""))
    yield "tar_device", "a.tar", _tar((_tar_entry("a", tarfile.CHRTYPE), b""))
    zeros = _tar_entry("zeros", size=16 * MEGA)
    packed = gzip.compress(_tar((zeros, bytes(16 * MEGA))), mtime=0)
    yield "tar_gz_bomb", "a.tar.gz", packed
    yield "tar_xz_bomb", "a.tar.xz", _tar((zeros, bytes(16 * MEGA)), mode="w:xz")
    yield "rar_head", "a.rar", b"Rar!\x1a\x07\x01\x00" + b"\xff" * 64
    yield "7z_head", "a.7z", b"7z\xbc\xaf\x27\x1c\x00\x04" + b"\xff" * 64


def _zip_twice():
    names = _zip(("one.dcm", b"first"), ("two.dcm", b"second"))
    return names.replace(b"two.dcm", b"one.dcm")


def _entities():
    lines = [b'<!ENTITY e0 "lol">']
    lines += [b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12)]
    return b"<!DOCTYPE x [" + b"".join(lines) + b"]><x>&e11;</x>"


def _pages():
    script = b"<script>alert(document.domain)</script>"
    yield "html_as_stl", "scan.stl", b"<!doctype html>" + script
    yield "html_as_jpg", "photo.jpg", b"<html>" + script
    yield "html_as_pdf", "a.pdf", script
    yield "html_as_itself", "a.html", script
    yield "html_utf16", "a.stl", ("<html>" + script.decode()).encode("utf-16")
    yield "html_utf7", "a.stl", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"
    yield "xhtml", "a.xhtml", b'<html xmlns="http://www.w3.org/1999/xhtml">' + script
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + script + b"</svg>"
    yield "svg_as_scan", "scan.stl", svg
    yield "svg_as_itself", "photo.svg", svg
    yield "svg_as_png", "photo.png", svg
    yield "svg_entities", "photo.svg", _entities() + svg
    yield "svgz_bomb", "photo.svgz", zlib.compress(b"<svg>" + b" " * 16 * MEGA)
    yield "htaccess", ".htaccess", b"AddType text/html .stl"
    yield "program", "scan.exe", b"MZ" + bytes(200) + b"PE\0\0"
    yield "signature_file", "scan.stl", b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$"
    yield "csv_formula", "a.csv", b"=cmd|' /C calc'!A0,@SUM(1)\n"


def _two_things():
    """Polyglots: one thing by its beginning, another one by its end."""
    page = b"<html><script>alert(1)</script>"
    picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
    yield "jpg_zip", "photo.jpg", picture + bytes(50) + _zip(("evil.html", page))
    yield "gif_html", "photo.gif", b"GIF89a/*" + bytes(20) + b"*/=1;" + page
    yield "png_html", "photo.png", b"\x89PNG\r\n\x1a\n" + bytes(20) + page
    yield "pdf_html", "a.pdf", b"<html><!-- %PDF-1.7 -->" + page
    yield "pdf_late", "a.pdf", bytes(1019) + b"%PDF-1.7"
    yield "pdf_too_late", "a.pdf", bytes(1020) + b"%PDF-1.7"
    yield "dicom_zip", "scan.dcm", b"PK\x03\x04" + bytes(124) + b"DICM" + _zip(("a", page))
    yield "dicom_html", "scan.dcm", page.ljust(128) + b"DICM" + bytes(50)
    yield "dicom_program", "scan.dcm", b"MZ".ljust(128, b"\0") + b"DICM" + bytes(50)
    yield "stl_html", "scan.stl", page.ljust(80) + struct.pack("<I", 1) + bytes(50)
    yield "heic_html", "photo.heic", b"\0\0\0\x18ftypheic" + page


def _scans():
    yield "stl_false_count", "scan.stl", bytes(80) + struct.pack("<I", 2**32 - 1) + bytes(50)
    yield "stl_no_triangle", "scan.stl", bytes(84)
    yield "stl_one_short", "scan.stl", bytes(80) + struct.pack("<I", 3) + bytes(149)
    yield "stl_one_long", "scan.stl", bytes(80) + struct.pack("<I", 3) + bytes(151)
    numbers = struct.pack("<12f", *[float("nan"), float("inf"), -0.0, 1e38] * 3)
    yield "stl_nan", "scan.stl", bytes(80) + struct.pack("<I", 1) + numbers + bytes(2)
    yield "stl_solid_binary", "scan.stl", b"solid".ljust(80) + struct.pack("<I", 1) + bytes(50)
    yield "stl_text_open", "scan.stl", b"solid x\nfacet normal 0 0 0\nouter loop\n"
    yield "stl_text_one_line", "scan.stl", b"solid " + b"x" * MEGA
    yield "stl_spaces", "scan.stl", b" " * 5000 + b"solid"
    yield "ply_absurd", "scan.ply", b"ply\nformat ascii 1.0\nelement vertex 99999999999999\n"
    yield "ply_negative", "scan.ply", b"ply\nformat binary_little_endian 1.0\nelement face -1\n"
    yield "ply_endless_head", "scan.ply", b"ply\n" + b"comment x\n" * 20_000
    lists = b"property list uint uint i\n" * 9
    yield "ply_list", "scan.ply", b"ply\nelement face 1\n" + lists + b"end_header\n" + b"\xff" * 64
    yield "obj_index", "scan.obj", b"v 0 0 0\nf 1 -99999999 9999999999999999999\n"
    yield "obj_include", "scan.obj", b"mtllib ../../../../etc/passwd\n"
    yield "obj_one_line", "scan.obj", b"v " + b"1 " * MEGA
    yield "obj_blank", "scan.obj", b"\n" * MEGA
    yield "obj_controls", "scan.obj", b"\x0b\x0c\x1c\x1d\x1e\x85\n \t\n" * 400


def _item(group, element, kind, length, body=b""):
    tag = struct.pack("<HH", group, element) + kind
    long = kind in {b"SQ", b"OB", b"OW", b"UN", b"UT"}
    return tag + (struct.pack("<HI", 0, length) if long else struct.pack("<H", length)) + body


def _dicom():
    head = bytes(128) + b"DICM"
    endless = 0xFFFFFFFF
    opens = _item(0x0040, 0x0100, b"SQ", endless) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    yield "dicom_nested", "scan.dcm", head + opens * 20_000
    yield "dicom_never_ends", "scan.dcm", head + opens
    yield "dicom_false_length", "scan.dcm", head + _item(0x10, 0x10, b"PN", 65535, b"Roe")
    yield "dicom_4_gb", "scan.dcm", head + _item(0x7FE0, 0x10, b"OW", endless - 1, b"x")
    yield "dicom_no_meta", "scan.dcm", head
    yield "dicom_odd_kind", "scan.dcm", head + _item(8, 5, b"\0\0", 9, b"x")
    yield "dicom_deflated", "scan.dcm", head + zlib.compress(bytes(8 * MEGA))
    yield "dicom_no_preamble", "scan.dcm", b"\x08\x00\x05\x00CS\xff\xff"
    yield "dicom_big_endian", "scan.dcm", b"\x00\x08\x00\x05CS\x00\x0a"
    yield "dicom_text", "scan.dcm", b"this is text"
    files = _item(0x0004, 0x1500, b"CS", 22, b"..\\..\\..\\ETC\\PASSWD   ")
    yield "dicomdir", "DICOMDIR", head + files * 100
    yield "3shape", "scan.dcm", b"<?xml version='1.0'?><HPS version='1.1'>" + _entities()


def _documents():
    script = b"<< /S /JavaScript /JS (app.alert(1)) >>"
    yield "pdf_script", "a.pdf", b"%PDF-1.7\n1 0 obj << /OpenAction " + script + b" >> endobj"
    yield "pdf_launch", "a.pdf", b"%PDF-1.7\n1 0 obj << /S /Launch /F (cmd.exe) >> endobj"
    loop = b"1 0 obj << /Kids [1 0 R] /Parent 1 0 R >> endobj"
    yield "pdf_loop", "a.pdf", b"%PDF-1.7\n" + loop
    yield "pdf_filters", "a.pdf", b"%PDF-1.7\n<< /Filter [" + b"/FlateDecode " * 500 + b"] >>"
    exif = b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"<script>alert(1)</script>"
    yield "jpg_exif", "a.jpg", b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    yield "jpg_large", "a.jpg", b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03"
    size = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    yield "png_large", "a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + b"\x08\x06\0\0\0"
    yield "png_bomb_text", "a.png", b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(8 * MEGA))
    yield "heic_stub", "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    yield "heic_false_size", "a.heic", b"\xff\xff\xff\xffftypheic" + bytes(8)


def _truncated():
    whole = {
        "zip": ("a.zip", b"PK\x03\x04"), "stl": ("a.stl", bytes(84)), "png": ("a.png", b"\x89PNG"),
        "heic": ("a.heic", b"\0\0\0\x18ftyp"), "dicom": ("a.dcm", bytes(128) + b"DIC"),
        "pdf": ("a.pdf", b"%PDF"), "ply": ("a.ply", b"ply"),
    }  # fmt: skip
    for kind, (name, body) in whole.items():
        yield f"short_{kind}", name, body[: len(body) - 1] or b"P"
    yield "one_byte", "a.stl", b"\0"
    yield "nothing", "a.stl", b""


def files(seed: int = SEED) -> list[Hostile]:
    """The 120 files; the last ones are any bytes under any name."""
    kinds = (_archives, _pages, _two_things, _scans, _dicom, _documents, _truncated)
    found = [Hostile(*made) for kind in kinds for made in kind()]
    # A text STL of a gigabyte is announced, and ten bytes come.
    found.append(Hostile("stl_text_gigabyte", "scan.stl", b"solid huge", 1024**3))
    found.append(Hostile("stl_2_32", "scan.stl", bytes(80) + b"\xff" * 4, 84 + 50 * (2**32 - 1)))
    dice = random.Random(seed)
    endings = ["stl", "dcm", "zip", "obj", "ply", "pdf", "heic", "inv", ""]
    for number in range(COUNT - len(found)):
        body = dice.randbytes(dice.randint(1, 5000))
        found.append(Hostile(f"any_{number}", f"any.{dice.choice(endings)}", body))
    return found
