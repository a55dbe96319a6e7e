"""The door: reads a file, or a folder of files that came together, and says what it is."""

import io
import mmap
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cases import filetypes
from cases.intake import archives, dicom, invivo, pictures, series, surfaces
from cases.intake.names import BITE, LOWER, PREOP, SCAN_BODY, UPPER, arch_of, is_litter, scanner_of
from cases.intake.reading import Kind, Reading, Unreadable

HEAD = 4096
IN_MEMORY = 16 << 20
# Of a scan in an archive no more is unpacked.
MAX_SCAN = 2 << 30

_PAGE_MARKS = (b"<!doctype html", b"<html", b"<head>", b"<body", b"<title>", b"<script", b"<style")
_ARCHIVES = {
    "zip": b"PK\x03\x04", "empty zip": b"PK\x05\x06", "rar": b"Rar!\x1a\x07",
    "7z": b"7z\xbc\xaf\x27\x1c", "gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0",
}  # fmt: skip
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe")
# Orders and projects of scanner programs, which nothing but these programs read.
PROJECTS = {"3oxz", "3ox", "dentalproject", "dxd", "constructioninfo", "dentalcad", "mdtc", "3ml"}
_DICOM_NAMES = {"dcm", "dicom", "dic", "ima", "img", ""}
DIRECTORY = "1.2.840.10008.1.3.10"  # PS3.4 A: Media Storage Directory


def read(path: Path, name: str = "") -> Reading:
    """What is in the file at `path`, which was sent under `name`; of a folder, what is in all.

    Raises OSError where the path cannot be opened, and nothing for what is in it.
    """
    path = Path(path)
    name = name or path.name
    if path.is_dir():
        return _read_folder(path)
    if is_litter(name):
        return Reading(Kind.LITTER, {"ignore": True})
    if path.stat().st_size == 0:
        return nothing()
    with path.open("rb") as file:
        try:
            return _read(file, name)
        except Unreadable as problem:
            return Reading(Kind.OTHER, {}, [str(problem)])


def nothing() -> Reading:
    """Of a file without a byte."""
    sentence = "This file is empty. Perhaps it was not downloaded from a cloud yet."
    return Reading(Kind.NOTHING, {"bytes": 0}, [sentence])


def _read(file, name):
    head = file.read(HEAD)
    file.seek(0)
    if reading := by_head(head, name):
        return reading
    if container := container_of(head):
        return _read_archive(file, name, container)
    return _read_single(file, name, head) or unknown(name)


def by_head(head: bytes, name: str) -> Reading | None:
    """What the first HEAD bytes of a file show that is neither scan, picture nor archive."""
    extension = _extension(name)
    if _is_page(head):
        return Reading(Kind.NO_SCAN, {"really": "HTML page"}, ["This is a web page, not a scan."])
    if head.startswith(_PROGRAMS):
        return Reading(Kind.NO_SCAN, {"really": "program"}, ["This is a program, not a scan."])
    if extension in filetypes.OFFICE_NAMES:
        return Reading(Kind.DOCUMENT, {"format": extension})
    if extension in PROJECTS:
        sentence = "This is a project of a scanner program, which only that program reads."
        return Reading(Kind.OTHER, {"project_file": True}, [sentence])
    return None


def _size(file):
    size = file.seek(0, 2)
    file.seek(0)
    return size


def unknown(name: str) -> Reading:
    """Of a file that nobody recognised."""
    reading = Reading(Kind.OTHER)
    if _extension(name) in _DICOM_NAMES | {"stl", "ply", "obj"} - {""}:
        reading.kind = Kind.NO_SCAN
        reading.say("This is no scan that can be read, whatever its name says.")
    return reading


def _read_single(file, name, head):
    """Reading of what is neither archive nor page, or None."""
    if dicom.looks_like_dicom(head) or may_be_dicom(name, head):
        header = dicom.read_header(file, name, _size(file))
        file.seek(0)
        if header and header.sop == DIRECTORY:
            sentence = "This is the list of contents of a CD, without its pictures."
            return Reading(Kind.DICOM, {"dicomdir": True}, [sentence])
        if header:
            return series.reading_of([header])
    if pictures.is_picture(head):
        return pictures.read_picture(file)
    if pictures.is_pdf(head):
        with _bytes_of(file) as data:
            return pictures.read_pdf(bytes(data[:IN_MEMORY]))
    whole_head = file.read(invivo.LONGEST_HEAD)
    file.seek(0)
    return invivo.read(whole_head) or _read_surface(file, name)


def may_be_dicom(name, head):
    return _extension(name) in _DICOM_NAMES and head[:2] in (b"\x02\0", b"\x08\0", b"\0\x08")


def _read_surface(file, name):
    with _bytes_of(file) as data:
        try:
            return surfaces.read(data, name)
        except Unreadable:
            return None


@contextmanager
def _bytes_of(file):
    """All bytes of a file or of a stream, without holding large ones in memory."""
    with tempfile.TemporaryFile() as copy:
        source = file
        if not isinstance(file, io.BufferedReader):
            source = copy
            while block := file.read(1 << 20):
                copy.write(block)
                if copy.tell() > MAX_SCAN:
                    raise Unreadable("This scan is larger than any that can be read.")
            copy.flush()
        if source.seek(0, 2) == 0:
            yield b""
            return
        with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                yield view
            finally:
                view.release()


def _is_page(head):
    # Also behind a comment or an XML head, and in UTF-16.
    beginning = head[:1024].replace(b"\0", b"").lower()
    return any(mark in beginning for mark in _PAGE_MARKS)


def container_of(head):
    if head[257:262] == b"ustar":
        return "tar"
    return next((name for name, magic in _ARCHIVES.items() if head.startswith(magic)), None)


def _extension(name):
    return PurePosixPath(name.replace("\\", "/")).suffix[1:].strip().lower()


class Found:
    """What the files of an archive or a folder are, gathered one by one."""

    def __init__(self):
        self.headers, self.scans, self.also, self.pictures = [], [], [], []
        self.entries = self.nested = self.unread = 0

    def take(self, member, depth):
        self.entries += 1
        if is_litter(member.name):
            return
        try:
            self._take(member, depth)
        except (Unreadable, *dicom.FAULTS):
            self.unread += 1

    def _take(self, member, depth):
        head = member.stream.read(HEAD)
        member.stream.seek(0)
        name = PurePosixPath(member.name.replace("\\", "/")).name
        if depth == 0 and container_of(head) and _extension(name) not in filetypes.OFFICE_NAMES:
            self._take_nested(member)
        elif dicom.looks_like_dicom(head) or may_be_dicom(name, head):
            self._take_dicom(member, name)
        elif pictures.is_picture(head):
            self.pictures.append(name)
        elif _extension(name) in PROJECTS or head.startswith(_PROGRAMS):
            self.also.append(name)
        elif scan := _read_surface(member.stream, name):
            self.scans.append((name, scan))
        else:
            self.also.append(name)

    def _take_nested(self, member):
        self.nested += 1
        with tempfile.TemporaryFile() as copy:
            while block := member.stream.read(1 << 20):
                copy.write(block)
            for inner in archives.Members(copy):
                self.take(inner, 1)

    def _take_dicom(self, member, name):
        header = dicom.read_header(member.stream, member.name, member.size)
        if header is None or header.sop == DIRECTORY:
            self.also.append(name)
        else:
            self.headers.append(header)


def _read_folder(folder):
    found = Found()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                name = path.relative_to(folder).as_posix()
                found.take(archives.Member(name, path.stat().st_size, stream), 0)
    return gathered(found, "folder", folder.name)


def _read_archive(file, name, container):
    found, members = Found(), archives.Members(file)
    try:
        for member in members:
            found.take(member, 0)
    except Unreadable as problem:
        if members.locked:
            return locked(members.locked)
        return Reading(Kind.LOCKED, {"damaged": True}, [str(problem)])
    if members.locked and not found.entries:
        return locked(members.locked)
    reading = gathered(found, container, name)
    for sentence in members.noticed:
        reading.say(sentence)
    return reading


def locked(count: int) -> Reading:
    """Of an archive in which a password keeps so many files closed."""
    return Reading(Kind.LOCKED, {"encrypted": True, "entries": count}, [archives.PROTECTED])


def gathered(found: Found, container: str, name: str) -> Reading:
    """What an archive or a folder is, by what was found in it."""
    if found.headers:
        reading = series.reading_of(found.headers)
        if not any(_extension(header.member) for header in found.headers):
            reading.findings["no_extension"] = True
    elif found.scans:
        reading = _of_scans(found, name)
    elif found.pictures:
        reading = Reading(Kind.PHOTO, {"pictures": len(found.pictures)})
    else:
        reading = Reading(Kind.OTHER)
        reading.say("There is no CBCT and no scan in this archive.")
    reading.findings |= {"container": container, "entries": found.entries}
    for what in ("nested", "unread"):
        if count := getattr(found, what):
            reading.findings[what] = count
    if found.also:
        reading.findings["also"] = found.also[:50]
    if found.headers and found.scans:
        reading.findings["scans"] = len(found.scans)
    return reading


def _of_scans(found, name):
    reading = Reading(Kind.SCANS)
    names = [name for name, _ in found.scans]
    everything = [name, *names, *found.also]
    if scanner := next(filter(None, map(scanner_of, everything)), None):
        reading.findings["scanner"] = scanner
    arches = Counter(filter(None, map(arch_of, names)))
    words = {UPPER: "upper", LOWER: "lower", BITE: "bite", PREOP: "preop", SCAN_BODY: "scan_body"}
    reading.findings |= {words[arch]: count for arch, count in arches.items()}
    if any("_shell_occlusion_" in each.lower() for each in names):
        reading.findings["bite"] = "oriented in occlusion"
    scans = [scan for _, scan in found.scans]
    reading.findings["triangles"] = [scan.findings.get("triangles", 0) for scan in scans]
    if size := scans[0].findings.get("size_mm"):
        reading.findings["size_mm"] = size
    if any(scan.findings.get("colour") for scan in scans):
        reading.findings["colour"] = True
    if project := next((each for each in found.also if _extension(each) in PROJECTS), None):
        reading.findings["project_file"] = project
    parts = ", ".join(f"{count} {arch}" for arch, count in sorted(arches.items()))
    reading.say(f"Surface scans: {parts or len(scans)}. There is no CBCT among them.")
    for scan in scans:
        for sentence in scan.sentences[1:]:
            reading.say(sentence)
    return reading
