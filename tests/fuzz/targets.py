"""What reads the bytes and texts of others, each as a function that must never fail.

A function takes the bytes that the fuzzer grew, and raises when a promise is broken.
"""

import base64
import contextlib
import json
import tempfile
import unicodedata
from pathlib import Path

from cases import carriers, filetypes, spreadsheet, teeth
from cases.files import tus
from cases.intake import heads, patients, reader
from portal.writing.text import plain_text
from tests.corpus import files, names, strings
from tests.intake import dicom_files as dicom
from tests.intake import scan_files as scan
from tests.intake.samples import CBCTS, JAW, NO_CBCTS, SCANS, photo

NAMES = [b"scan.stl", b"scan.dcm", b"DICOMDIR", b"cbct.zip", b"a.obj", b"a.ply", b"a.docx", b""]


def _text(data):
    return data.decode("utf-8", "surrogateescape")


def recognise(data):
    """The kind of a file: the first byte chooses its name, the next its size."""
    name = NAMES[data[0] % len(NAMES)].decode() if data else ""
    head = data[2:]
    size = len(head) if not data[1:2] or data[1] % 2 else int.from_bytes(data[1:5], "little")
    assert filetypes.kind_of(name, head, size) in filetypes.LABELS


def file_names(data):
    clean = filetypes.clean_name(_text(data))
    assert 0 < len(clean.encode()) <= filetypes.MAX_NAME_BYTES
    assert not set(clean) & set("/\\\0\r\n")
    kinds = {unicodedata.category(one) for one in clean if one not in "\u200c\u200d"}
    assert kinds.isdisjoint({"Cc", "Cf", "Cs"})
    assert clean == clean.strip()
    assert clean[-1] != "."
    assert filetypes.clean_name(clean) == clean


def metadata(data):
    head = data.decode("latin-1")
    for read in (tus.metadata, tus.checksum, tus.upload_length, tus.upload_offset):
        told = {"Upload-Metadata": head, "Upload-Checksum": head}
        told |= {"Upload-Length": head, "Upload-Offset": head}
        with contextlib.suppress(tus.Refused):
            read(told)


def teeth_typed(data):
    text = _text(data)
    for numbering in teeth.NUMBERINGS:
        with contextlib.suppress(teeth.UnknownTooth):
            codes = teeth.parse(text, numbering)
            shown = teeth.labels(codes, numbering)
            assert teeth.parse(shown, numbering) == codes


def texts(data):
    for lines in (False, True):
        clean = plain_text(_text(data), lines)
        assert plain_text(clean, lines) == clean
        assert {unicodedata.category(one) for one in clean if one != "\n"}.isdisjoint({"Cc", "Cs"})


def tracking_numbers(data):
    number = carriers.clean_number(_text(data))
    for carrier in ("ups", "fedex", "usps", "dhl", "other"):
        carriers.warning(carrier, number)
        carriers.tracking_url(carrier, number)


def dates(data):
    """Every kind of date, time and number that a form reads."""
    from django import forms

    fields = [forms.DateField(), forms.DateTimeField(), forms.TimeField(), forms.IntegerField()]
    for field in [
        *fields,
        forms.UUIDField(),
        forms.EmailField(),
        forms.URLField(assume_scheme="https"),
    ]:
        with contextlib.suppress(forms.ValidationError):
            field.clean(_text(data))


def cells(data):
    text = _text(data)
    assert spreadsheet.text_of(spreadsheet.cell(text)) == text


def may_be_kept(found):
    """What a reader found can be kept as JSON by PostgreSQL: no NaN, no NUL, no half a letter."""
    text = json.dumps(found.as_json(), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode()


def read_as(name):
    """A target that reads its bytes as a file of this name."""

    def read_file(data):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            may_be_kept(reader.read(Path(file.name), name))

    return read_file


def heads_of_a_browser(data):
    with contextlib.suppress(ValueError):
        may_be_kept(heads.reading_of(json.loads(data)))


def patients_compared(data):
    typed, _, scanned = _text(data).partition("\n")
    known = {patients.SAME, patients.PERHAPS, patients.DIFFERENT, patients.UNKNOWN}
    assert patients.compare(typed, scanned) in known


# Each reader of `cases.intake`, by a file that leads to it, and the samples it begins with.
READERS = {
    "dicom": ("a.dcm", [body for body, *_ in [*CBCTS.values(), *NO_CBCTS.values()]]),
    "archives": ("a.zip", [body for body, _ in CBCTS.values()]),
    "stl": ("a.stl", [body for name, (body, _) in SCANS.items() if "stl" in name.lower()]),
    "ply": ("a.ply", [body for name, (body, _) in SCANS.items() if "ply" in name]),
    "obj": ("a.obj", [body for name, (body, _) in SCANS.items() if "obj" in name]),
    "hps": ("b.dcm", [scan.hps(JAW), scan.hps(JAW, "CE")]),
    "pictures": ("a.jpg", [photo(kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF")]),
}
MESH = {"format": "STL", "count": 52, "declared": 52, "behind": 0, "nan": False, "box": [0.5] * 6}
ABOUT = {"name": "a.zip", "locked": 0, "unread": 0, "entries": 2}
SLICE = base64.b64encode(dicom.written(dicom.slices(1)[0])[:700]).decode()
HEADS = [
    ABOUT | {"container": "zip", "files": [], "dicom": [
        {"head": SLICE, "members": [["1", 900, "0\\0\\1"], ["2", 900, "0\\0\\2"]]},
    ]},
    ABOUT | {"container": "", "dicom": [], "files": [
        {"name": "upper.stl", "size": 2684, "head": "AAAA", "mesh": MESH},
    ]},
]  # fmt: skip
TARGETS = {
    one.__name__: one
    for one in (
        recognise, file_names, metadata, teeth_typed, texts, tracking_numbers, dates, cells,
        heads_of_a_browser, patients_compared,
    )
} | {f"read_{what}": read_as(name) for what, (name, _) in READERS.items()}  # fmt: skip


def seeds(name):
    """What of the corpora a target begins with."""
    if name.startswith("read_"):
        return READERS[name.removeprefix("read_")][1]
    if name == "heads_of_a_browser":
        return [json.dumps(one).encode() for one in HEADS]
    if name == "recognise":
        return [b"\0\1" + hostile.body for hostile in files.files()]
    texts = [*strings.strings(), *strings.dates(), *strings.numbers(), *names.names()]
    return [text.encode("utf-8", "surrogatepass") for text in [*texts, *names.METADATA]]
