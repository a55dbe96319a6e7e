"""Hostile files: a name under which each is uploaded, its bytes, and the size that it claims.

The portal looks at the beginning and the size of a file and opens none, so bombs are small here.
"""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from typing import NamedTuple

from portal.health import virus_probes

MEGA = 1024**2
SCRIPT = b"<script>alert(document.domain)</script>"
PAGE = b"<html>" + SCRIPT
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
ENTITIES = b"<!DOCTYPE x [<!ENTITY e0 'lol'>%b]><x>&e11;</x>" % b"".join(
    b"<!ENTITY e%d '%b'>" % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12)
)


class Hostile(NamedTuple):
    name: str
    body: bytes
    # What an announcement says, where it differs from what comes.
    claims: int | None = None

    @property
    def size(self):
        return len(self.body) if self.claims is None else self.claims


def zipped(name, body):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return written.getvalue()


def _tar(name, kind=tarfile.REGTYPE, target="", body=b""):
    written, entry = io.BytesIO(), tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, target, len(body)
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(body))
    return written.getvalue()


def _link():
    entry = zipfile.ZipInfo("scan.dcm")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return zipped(entry, "/etc/passwd")


BOMB = zipped("zeros.dcm", bytes(16 * MEGA))
ARCHIVES = [
    ("cbct.zip", BOMB), ("cbct.zip", zipped("inner.zip", BOMB)), ("cbct.zip", _link()),
    ("cbct.zip", virus_probes.encrypted()),
    ("cbct.zip", zipped("../../../../etc/cron.d/evil", b"x")), ("a.zip", zipped("n" * 60_000, b"")),
    ("a.zip", zipped("M\u00fcller/1.dcm", b"x").replace("\u00fc".encode(), b"\x81")),
    ("a.zip", zipped("a", b"x" * 99).replace(struct.pack("<I", 99), b"\xff" * 4)),  # zip64
    ("scan.zip", zipped("index.html", PAGE)), ("a.zip", b"PK\5\6" + bytes(18)),
    ("a.zip", b"MZ" + bytes(510) + zipped("a", b"x")), ("a.jar", zipped("META-INF/x", b"Main")),
    ("a.docx", zipped("word/document.xml", ENTITIES)), ("a.tar", _tar("../../evil", body=b"x")),
    ("a.tar", _tar("a", tarfile.SYMTYPE, "/etc/passwd")), ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4\xff"),
    ("a.tar.gz", gzip.compress(_tar("zeros", body=bytes(16 * MEGA)))), ("a.rar", b"Rar!\x1a\7\1\0"),
]  # fmt: skip
PAGES = [
    ("scan.stl", b"<!doctype html>" + SCRIPT), ("photo.jpg", PAGE), ("scan.dcm", PAGE),
    ("a.html", PAGE), ("a.stl", PAGE.decode().encode("utf-16")), ("photo.svg", SVG),
    ("a.xhtml", b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT), ("scan.stl", SVG),
    ("photo.svg", ENTITIES + SVG), ("photo.svgz", zlib.compress(b"<svg>" + b" " * 16 * MEGA)),
    (".htaccess", b"AddType text/html .stl"), ("scan.exe", b"MZ" + bytes(200) + b"PE\0\0"),
    ("a.csv", b"=cmd|' /C calc'!A0,@SUM(1)\n"), ("desktop.ini", b"[.ShellClassInfo]\r\n"),
]  # fmt: skip
# One thing by its beginning, another one by its end or its name.
TWO_THINGS = [
    ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + zipped("evil.html", PAGE)),
    ("photo.gif", b"GIF89a/*" + bytes(20) + b"*/=1;" + PAGE),
    ("a.pdf", b"<html><!-- %PDF-1.7 -->" + PAGE), ("a.pdf", bytes(1019) + b"%PDF-1.7"),
    ("a.pdf", bytes(1020) + b"%PDF-1.7"), ("scan.dcm", PAGE.ljust(128) + b"DICM" + bytes(50)),
    ("scan.dcm", b"PK\3\4" + bytes(124) + b"DICM" + zipped("a", PAGE)),
    ("scan.stl", PAGE.ljust(80) + struct.pack("<I", 1) + bytes(50)),
    ("photo.jpg", bytes(80) + struct.pack("<I", 1) + bytes(50)),
]  # fmt: skip
_NUMBERS = struct.pack("<12f", *[float("nan"), float("inf"), -0.0, 1e38] * 3)
SCANS = [
    ("scan.stl", bytes(80) + struct.pack("<I", 2**32 - 1) + bytes(50)), ("scan.stl", bytes(84)),
    ("scan.stl", bytes(80) + struct.pack("<I", 3) + bytes(149)),
    ("scan.stl", bytes(80) + struct.pack("<I", 1) + _NUMBERS + bytes(2)),
    ("scan.stl", b"solid".ljust(80) + struct.pack("<I", 1) + bytes(50)),
    ("scan.stl", b"SOLID x\nFACET NORMAL 0 0 0\n"), ("scan.stl", b"solid " + b"x" * MEGA),
    ("scan.ply", b"ply\nformat ascii 1.0\nelement vertex 99999999999999\n"),
    ("scan.ply", b"ply\nformat binary_big_endian 1.0\n" + b"comment x\n" * 20_000),
    ("scan.obj", b"mtllib ../../etc/passwd\nv 0 0 0\nf 1 -99999999 9999999999999999999\n"),
    ("scan.obj", b"v " + b"1 " * MEGA), ("scan.obj", b"\n" * MEGA),
    ("scan.obj", b"\x0b\x0c\x1c\x1d\x1e\x85\n \t\n" * 400),
]  # fmt: skip
_HEAD = bytes(128) + b"DICM"
_NESTED = b"\x40\0\0\1SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
DICOM = [
    ("scan.dcm", _HEAD), ("scan.dcm", _HEAD + _NESTED * 20_000), ("scan.dcm", b"this is text"),
    ("scan.dcm", _HEAD + struct.pack("<HH", 0x10, 0x10) + b"PN\xff\xffRoe"),
    ("scan.dcm", _HEAD + zlib.compress(bytes(8 * MEGA))), ("scan.ima", b"\x08\0\x05\0CS\xff\xff"),
    ("scan.dcm", b"\0\x08\0\x05CS\0\x0a"), ("DICOMDIR", _HEAD + b"..\\..\\ETC\\PASSWD" * 100),
    ("scan.dcm", b"<?xml version='1.0'?><HPS version='1.1'>" + ENTITIES),
]  # fmt: skip
DOCUMENTS = [
    ("a.pdf", b"%PDF-1.7\n<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"),
    ("a.pdf", b"%PDF-1.7\n1 0 obj << /Kids [1 0 R] /Parent 1 0 R >> endobj"),
    ("a.jpg", b"\xff\xd8\xff\xe1\0\x40Exif\0\0MM\0*\xff\xff\xff\xff" + SCRIPT),
    ("a.jpg", b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\3"),
    ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\6\0\0\0"),
    ("a.heic", b"\xff\xff\xff\xffftypheic" + bytes(8)), ("a.avif", b"\0\0\0\x18ftypavif" + PAGE),
    ("a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8X" + PAGE), ("a.bmp", b"BM\xff\xff\xff\xff"),
]  # fmt: skip
# What each kind is recognised by, but for its last byte.
CUT = [
    ("a.zip", b"PK\3"), ("a.stl", bytes(83)), ("a.png", b"\x89PN"), ("a.heic", b"\0\0\0\x18fty"),
    ("a.dcm", bytes(128) + b"DIC"), ("a.pdf", b"%PD"), ("a.ply", b"pl"), ("a.stl", b"\0"),
    ("a.stl", b""),
]  # fmt: skip
CLAIMING = [("scan.stl", b"solid huge", 1024**3), ("scan.stl", bytes(80) + b"\xff" * 4, 2 * 10**11)]


def files() -> list[Hostile]:
    """All files."""
    kinds = (ARCHIVES, PAGES, TWO_THINGS, SCANS, DICOM, DOCUMENTS, CUT, CLAIMING)
    return [Hostile(*made) for kind in kinds for made in kind]
