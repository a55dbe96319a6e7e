"""Tell what an uploaded file is from its first bytes, and make its name safe to keep.

Content decides; the name only where the content cannot. `head` is the beginning of the file,
at least 1024 bytes of it where it has as many.
"""

from portal.writing.text import plain_text

CBCT = "cbct"
CBCT_ARCHIVE = "cbct_archive"
XRAY = "xray"
SURFACE_SCAN = "surface_scan"
PHOTO = "photo"
DOCUMENT = "document"
ARCHIVE = "archive"
OTHER = "other"

LABELS = {
    CBCT: "CBCT",
    CBCT_ARCHIVE: "CBCT archive",
    XRAY: "X-ray picture",
    SURFACE_SCAN: "Surface scan",
    PHOTO: "Photo",
    DOCUMENT: "Document",
    ARCHIVE: "Archive",
    OTHER: "Other file",
}

MAX_NAME_BYTES = 255
MAX_FOLDER = 255  # characters
UNNAMED = "unnamed"

_MAX_EXTENSION_BYTES = 32
_DICOM_NAMES = {"dcm", "dicom", "dic", "ima"}
_MAKER_CBCT_NAMES = {"inv"}  # Anatomage InVivo; read by its maker's viewer only
_ARCHIVE_MAGIC = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_ARCHIVE_NAMES = {"", "zip", "rar", "7z"}
OFFICE_NAMES = {"docx", "xlsx", "pptx", "odt", "ods", "odp"}
_PHOTO_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OBJ_WORDS = {b"v", b"vn", b"vt", b"f", b"o", b"g", b"s", b"mtllib", b"usemtl"}


_PROGRAM_NAMES = {
    "exe", "msi", "com", "bat", "cmd", "scr", "dll", "ps1", "vbs", "js", "jar", "app",
    "apk", "sh", "pif", "hta", "wsf", "cab", "sys", "ocx", "dmg", "pkg",
}  # fmt: skip
_SHORTCUT_NAMES = {"lnk", "url", "webloc", "desktop"}
_PAGE_NAMES = {"html", "htm", "mht", "mhtml", "xhtml", "php", "aspx"}
# What a file is not when its name ends so and its content is not known.
_NAMED = {
    **dict.fromkeys(("dcm", "dicom", "stl", "ply", "obj"), "no scan"),
    **dict.fromkeys(("zip", "rar", "7z", "pdf"), "misnamed"),
}
# Programs of Windows and Linux, and answers of a server that was asked for a scan.
_NO_SCAN_MAGIC = (b"MZ", b"\x7fELF", b"{")
_PAGE_MARKS = (
    b"<!doctype html", b"<html", b"<head>", b"<body", b"<title>", b"<meta ", b"<script", b"<style",
)  # fmt: skip


def why_unread(name: str, kind: str) -> str:
    """Why no lab reads a file, or "" when one may.

    By its name a "program", a "shortcut" or a "page"; by its kind, where that is known, "no scan"
    or "misnamed".
    """
    extension = _extension(name)
    for why, names in (
        ("program", _PROGRAM_NAMES), ("shortcut", _SHORTCUT_NAMES), ("page", _PAGE_NAMES),
    ):  # fmt: skip
        if extension in names:
            return why
    return _NAMED.get(extension, "") if kind == OTHER else ""


def label(kind: str) -> str:
    """The words shown for a kind. Raises KeyError for an unknown one."""
    return LABELS[kind]


def kind_of(name: str, head: bytes, size: int) -> str:
    """Return the kind of a file of `size` bytes that begins with `head` (see the module).

    A .dcm without DICOM inside is a 3Shape scan. Never raises: what is not recognised is OTHER.
    """
    if size == 0 or not head or _is_web_page(head):
        return OTHER
    extension = _extension(name)
    return (
        _by_magic(extension, head)
        or _surface_scan(extension, head, size)
        or _by_name(name, extension, head)
        or OTHER
    )


def _extension(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    return extension.strip().lower() if dot else ""


def _is_web_page(head: bytes) -> bool:
    # Also behind a comment or an XML head, and in UTF-16.
    beginning = head[:1024].replace(b"\0", b"").lower()
    return any(mark in beginning for mark in _PAGE_MARKS)


def _by_magic(extension: str, head: bytes) -> str | None:
    if head[128:132] == b"DICM":
        return CBCT
    if head.startswith(_PHOTO_MAGIC) or (head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS):
        return PHOTO
    if b"%PDF-" in head[:1024]:  # ISO 32000-1, implementation note: anywhere in the first 1024
        return DOCUMENT
    if head.startswith(_ARCHIVE_MAGIC):
        return _packed(extension)
    return None


def _packed(extension: str) -> str:
    if extension in OFFICE_NAMES:
        return DOCUMENT
    if extension in _MAKER_CBCT_NAMES:
        return CBCT
    return CBCT_ARCHIVE if extension in _ARCHIVE_NAMES else OTHER


def _surface_scan(extension: str, head: bytes, size: int) -> str | None:
    found = (
        _is_binary_stl(extension, head, size)
        or (extension == "stl" and head.lstrip()[:5].lower() == b"solid")
        or head.startswith((b"ply\n", b"ply\r"))
        or (extension == "obj" and _is_obj(head))
    )
    return SURFACE_SCAN if found else None


def _is_binary_stl(extension: str, head: bytes, size: int) -> bool:
    if len(head) < 84:
        return False
    triangles = int.from_bytes(head[80:84], "little")
    # 84 zero bytes fit the rule too: without a triangle only the name can make it a scan.
    return size == 84 + 50 * triangles and (triangles > 0 or extension == "stl")


def _is_obj(head: bytes) -> bool:
    # A compiler's .obj is binary; a scan's is text with a known word at the start of a line.
    return b"\0" not in head and any(
        line.split(maxsplit=1)[0] in _OBJ_WORDS for line in head.splitlines() if line.strip()
    )


def _by_name(name: str, extension: str, head: bytes) -> str | None:
    if extension in _DICOM_NAMES and _starts_like_dicom(head):
        return CBCT
    if name.upper() == "DICOMDIR" or extension in _MAKER_CBCT_NAMES:
        return CBCT
    is_scan = extension == "dcm" and not head.startswith(_NO_SCAN_MAGIC)
    return SURFACE_SCAN if is_scan else None


def _starts_like_dicom(head: bytes) -> bool:
    # Some writers leave out the preamble: group 0002 or 0008 comes first, little endian.
    return head.startswith((b"\x02\x00\x00\x00", b"\x08\x00"))


def clean_name(raw: str) -> str:
    """Return a file name without folders, control and direction marks, in at most 255 bytes.

    The extension survives shortening. What leaves nothing ("..", "   ") is called "unnamed".
    """
    name = _ended(plain_text(raw).replace("\\", "/").rpartition("/")[2])
    return _shortened(name) if name else UNNAMED


def clean_folder(raw: str) -> str:
    """The folders in which a file lay, parted by "/" and clean as names are; the last ones fit."""
    parts = raw.replace("\\", "/").split("/")
    folders = [clean_name(part) for part in parts if part.strip(" .")]
    while len("/".join(folders)) > MAX_FOLDER:
        folders.pop(0)
    return "/".join(folders)


def _ended(name):
    """Clean, without what Windows drops at the end, dots and spaces, and joiners left there."""
    while (ended := plain_text(name.rstrip(" ."))) != name:
        name = ended
    return name


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    room = MAX_NAME_BYTES - len((dot + extension).encode())
    return _ended(stem.encode()[:room].decode(errors="ignore")) + dot + extension
