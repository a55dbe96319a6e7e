"""What a reader found in a file, in values that JSON can hold and in sentences."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a file is, as its content says."""

    CBCT = "cbct"
    XRAY = "x-ray 2D, not a CBCT"
    IN_DICOM = "document inside DICOM, not a CBCT"
    DICOM = "dicom"
    SCAN = "surface scan"
    SCAN_3SHAPE = "surface scan (3Shape)"
    SCAN_EMPTY = "surface scan, empty"
    SCAN_DAMAGED = "surface scan, damaged"
    SCANS = "surface scans in a zip, not a CBCT"
    PHOTO = "photo"
    DOCUMENT = "document"
    LOCKED = "archive that cannot be read"
    NO_SCAN = "no scan"
    NOTHING = "nothing"
    LITTER = "litter"
    OTHER = "other"


@dataclass
class Reading:
    """What a file is (`kind`), what was found in it by name, and what to say of it.

    Lengths are in millimetres, dates as YYYYMMDD as DICOM writes them. A finding that could not be
    told is left out. `findings["patient"]` is a patient's name: never for logs or file names.
    """

    kind: Kind
    findings: dict = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)

    def say(self, sentence: str):
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def as_json(self):
        return {"kind": str(self.kind), "findings": self.findings, "sentences": self.sentences}


class Unreadable(Exception):
    """A file is damaged, locked or unknown; the text is a sentence for who sent it."""
