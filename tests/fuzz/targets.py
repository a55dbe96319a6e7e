"""What reads the bytes and texts of others, each as a function that must never fail.

A function takes the bytes that the fuzzer grew, and raises when a promise is broken.
"""

import contextlib
import unicodedata

from cases import carriers, filetypes, spreadsheet, teeth
from cases.files import tus
from portal.writing.text import plain_text
from tests.corpus import files, names, strings

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


TARGETS = {
    one.__name__: one
    for one in (
        recognise, file_names, metadata, teeth_typed, texts, tracking_numbers, dates, cells,
    )
}  # fmt: skip


def seeds(name):
    """What of the corpora a target begins with."""
    if name == "recognise":
        return [b"\0\1" + hostile.body for hostile in files.files()]
    texts = [*strings.strings(), *strings.dates(), *strings.numbers(), *names.names()]
    return [text.encode("utf-8", "surrogatepass") for text in [*texts, *names.METADATA]]
