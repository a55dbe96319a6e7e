"""Files, cases and names with a truth that is known as they are made: `make intake`.

Prints for each finding, and for each line of what a case needs, how often it was said rightly
(precision) and how often it was not overlooked (recall), and what reading a large CBCT takes. Ends
with 1 when a figure misses its goal. FILES, CASES, PAIRS and SEED are how many and which.
"""

import os
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cases import readiness
from cases.intake import limited, reader
from cases.intake.patients import DIFFERENT, SAME, compare
from cases.intake.reading import Kind
from tests.intake import dicom_files as dicom
from tests.intake import packed
from tests.intake import scan_files as scan
from tests.intake.samples import photo

GOAL = 0.99
MOST_DIFFERENT, LEAST_TOLD_APART = 0, 0.995
MOST_CPU_SECONDS, MOST_MEGABYTES = 3.0, 250
LARGE_SLICES, LARGE_SIDE = 512, 512

GIVEN = [
    "Ada", "Amelia", "Anna", "Beatriz", "Carlos", "Chloe", "Daniel", "Elena", "Emre", "Fatima",
    "Georg", "Hannah", "Ibrahim", "Ingrid", "James", "Joan", "John", "José", "Katarzyna",
    "Liam", "Lucía", "Mateo", "Nadia", "Noah", "Olga", "Oscar", "Peter", "Priya", "Quentin",
    "Rosa", "Samuel", "Sofía", "Tomás", "Ulrich", "Vera", "William", "Yara", "Zoë",
]  # fmt: skip
FAMILY = [
    "Abbott", "Ahmed", "Bauer", "Becker", "Castillo", "Chen", "Dubois", "Eriksson", "Fischer",
    "García", "Hansen", "Ivanova", "Jensen", "Kowalski", "Lindqvist", "Martínez", "Müller",
    "Nakamura", "Novák", "O’Brien", "Okafor", "Petrov", "Quinn", "Rossi", "Sánchez", "Schröder",
    "Silva", "Smith", "Tanaka", "Ueda", "Vargas", "Wagner", "Xu", "Şahin", "Zimmermann",
]  # fmt: skip
JAPANESE = [("Yamada^Tarou", "山田", "太郎"), ("Suzuki^Hanako", "鈴木", "花子")]
JAPANESE += [("Sato^Ken", "佐藤", "健"), ("Ito^Yuki", "伊藤", "雪")]


@dataclass
class Made:
    """A file: its name, its bytes, and what is true of it; what is None must not be said."""

    name: str
    body: bytes
    kind: Kind
    truth: dict = field(default_factory=dict)


NOT_SAID = dict.fromkeys(
    ["gaps", "missing", "duplicates", "lossy", "tilt_degrees", "patients", "births", "cut_off"]
)


class Maker:
    """Makes files by chance, each by what it writes into it."""

    def __init__(self, chance):
        self.chance = chance
        self._series = 0

    def a_file(self, number):
        make = KINDS[number % len(KINDS)]
        return make(self)

    def someone(self):
        return f"{self.chance.choice(FAMILY)}^{self.chance.choice(GIVEN)}".replace("’", "'")

    def said(self):
        """What stands in each header, and the findings that follow from it."""
        self._series += 1
        birth = f"{self.chance.randint(1940, 2015)}{self.chance.randint(1, 12):02}17"
        study = f"2026{self.chance.randint(1, 10):02}05"
        maker = self.chance.choice(["Planmeca", "Carestream", "Vatech", "J. Morita"])
        patient = self.someone()
        values = {
            "PatientName": patient, "PatientBirthDate": birth, "StudyDate": study,
            "Manufacturer": maker, "SeriesInstanceUID": f"1.2.3.{self._series}",
            "SpecificCharacterSet": "ISO_IR 192",
        }  # fmt: skip
        truth = {"patient": patient, "birth": birth, "study": study, "maker": maker}
        return values, truth | NOT_SAID | {"modality": "CT"}

    def volume(self, **more):
        """Slices as written files by name, and their truth."""
        values, truth = self.said()
        count, voxel = self.chance.randint(8, 30), self.chance.choice([0.1, 0.15, 0.25, 0.3, 0.45])
        options = {"count": count, "voxel": voxel} | more
        count = options["count"]
        made = dicom.slices(**options, **values)
        end = self.chance.choice(["", ".dcm", ".ima"])
        files = {f"CT/IM{n:04}{end}": dicom.written(one) for n, one in enumerate(made)}
        side = round(dicom.SIDE * options["voxel"], 4)
        truth |= {
            "volume_slices": count,
            "voxel_mm": [options["voxel"]] * 3,
            "fov_mm": [side, side, round(count * options["voxel"], 4)],
        }
        return files, truth

    def zipped(self, files, truth, name="ct.zip", **more):
        return Made(name, packed.zipped(files), Kind.CBCT, truth | more)

    def jaw(self):
        size = (
            self.chance.uniform(55, 75),
            self.chance.uniform(35, 60),
            self.chance.uniform(8, 20),
        )
        steps = self.chance.randint(10, 40)
        strip = scan.triangles(size, steps)
        axes = zip(*(point for one in strip for point in one), strict=True)
        truth = {"triangles": 2 * steps, "unit": "mm", "nan": None, "cut_off": None}
        return strip, truth | {"size_mm": [round(max(axis) - min(axis), 2) for axis in axes]}

    def arch_name(self):
        """The name of a scan as a scanner gives it, and the arch it says."""
        return self.chance.choice([
            ("UpperJawScan", "upper"), ("LowerJawScan", "lower"), ("BiteScan", "bite"),
            ("Roe-upperjaw", "upper"), ("Roe-lowerjaw", "lower"), ("Roe-situ", "pre-op"),
            ("11_shell_occlusion_u", "upper"), ("11_shell_occlusion_l", "lower"),
            ("Oberkiefer", "upper"), ("Unterkiefer", "lower"), ("mandibular scan", "lower"),
            ("maxillary", "upper"), ("ScanBody 36", "scan body"), ("export 7", None),
        ])  # fmt: skip


def whole(make):
    return make.zipped(*make.volume())


def in_tar(make):
    files, truth = make.volume()
    return Made("ct.tar.gz", packed.tarred(files), Kind.CBCT, truth)


def in_7z(make):
    files, truth = make.volume()
    return Made("ct.7z", packed.seven_zipped(files), Kind.CBCT, truth)


def zip_in_zip(make):
    files, truth = make.volume()
    return make.zipped({"of Monday/ct.zip": packed.zipped(files)}, truth)


def cd_with_viewer(make):
    files, truth = make.volume()
    about = {"PatientName": truth["patient"], "PatientBirthDate": truth["birth"]}
    scout = dicom.image(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], **about)
    files |= {"SC/0": dicom.written(scout), "Viewer.exe": b"MZ" + bytes(99), "AUTORUN.INF": b"[a]"}
    files["DICOMDIR"] = dicom.written(dicom.dataset(dicom.MEDIA_DIRECTORY, PatientName=None))
    return make.zipped(files, truth, scouts=1)


def gap(make):
    count = make.chance.randint(12, 30)
    at, more = make.chance.randint(2, count - 5), make.chance.randint(1, 2)
    files, truth = make.volume(count=count, skip=range(at, at + more))
    return make.zipped(files, truth, volume_slices=count - more, gaps=1, missing=more)


def twins(make):
    count = make.chance.randint(12, 30)
    twice = make.chance.sample(range(count), make.chance.randint(1, 3))
    files, truth = make.volume(count=count, twice=twice)
    return make.zipped(files, truth, duplicates=len(twice))


def numbered_wrongly(make):
    files, truth = make.volume(InstanceNumber=make.chance.choice([1, 0, 99]))
    names = list(files)
    make.chance.shuffle(names)
    shuffled = dict(zip(names, files.values(), strict=True))
    return make.zipped(shuffled, truth)


def uneven(make):
    """Slices of which every other one is a little off, as of a worn gantry: no gap."""
    values, truth = make.said()
    made = dicom.slices(16, voxel=0.3, **values)
    for number, one in enumerate(made):
        one.ImagePositionPatient = [-24, -24, round(number * 0.3 + 0.05 * (number % 2), 4)]
    files = {f"{n}": dicom.written(one) for n, one in enumerate(made)}
    return make.zipped(files, truth | {"volume_slices": 16})


def tilted(make):
    files, truth = make.volume(orientation=[1, 0, 0, 0, 0.9848, -0.1736])
    for name in ("voxel_mm", "fov_mm"):
        del truth[name]
    return make.zipped(files, truth, tilt_degrees=10.0)


def two_patients(make):
    (one, truth), (other, theirs) = make.volume(count=12), make.volume(count=9)
    while theirs["patient"] == truth["patient"]:
        other, theirs = make.volume(count=9)
    files = {**{f"A/{n}": b for n, b in one.items()}, **{f"B/{n}": b for n, b in other.items()}}
    kept = {name: truth[name] for name in ("modality", "gaps", "duplicates", "lossy", "cut_off")}
    patients = [truth["patient"], theirs["patient"]]
    return make.zipped(files, kept, patients=patients, volume_slices=[12, 9])


def two_births(make):
    values, truth = make.said()
    other = {"SeriesInstanceUID": "1.2.9", "PatientBirthDate": "19310101"}
    made = [*dicom.slices(9, **values), *dicom.slices(8, **values | other)]
    files = {f"{n}": dicom.written(one) for n, one in enumerate(made)}
    births = [truth.pop("birth"), "19310101"]
    return make.zipped(files, truth, births=births, volume_slices=[9, 8])


def multi_frame(make):
    values, truth = make.said()
    count, falls = make.chance.randint(6, 40), make.chance.random() < 0.5
    body = dicom.written(dicom.enhanced(count, 0.4, falls, **values))
    return Made("ct.dcm", body, Kind.CBCT, truth | {"volume_slices": count, "voxel_mm": [0.4] * 3})


SYNTAXES = {
    "1.2.840.10008.1.2": ("Implicit LE", None),
    "1.2.840.10008.1.2.1": ("Explicit LE", None),
    dicom.DEFLATED: ("Deflated Explicit LE", None),
    dicom.RLE: ("RLE Lossless", None),
    dicom.JPEG_BASELINE: ("JPEG Baseline", True),
    "1.2.840.10008.1.2.4.70": ("JPEG Lossless SV1", None),
    "1.2.840.10008.1.2.4.90": ("JPEG 2000 Lossless", None),
}


def one_slice(make):
    values, truth = make.said()
    uid = make.chance.choice(list(SYNTAXES))
    syntax, lossy = SYNTAXES[uid]
    body = dicom.written(dicom.slices(1, **values)[0], uid, has_preamble=make.chance.random() < 0.7)
    truth |= {"volume_slices": 1, "syntax": syntax, "lossy": lossy}
    return Made(make.chance.choice(["IM0001", "a.dcm", "b.ima"]), body, Kind.CBCT, truth)


def without_meta(make):
    values, truth = make.said()
    uid, syntax = make.chance.choice(
        [("1.2.840.10008.1.2", "Implicit LE"), ("1.2.840.10008.1.2.1", "Explicit LE")]
    )
    body = dicom.written(dicom.slices(1, **values)[0], uid, has_meta=False)
    return Made("old.dcm", body, Kind.CBCT, truth | {"volume_slices": 1, "syntax": syntax})


def cut_slice(make):
    values, truth = make.said()
    body = dicom.written(dicom.slices(1, **values)[0])[:-100]
    return Made("cut.dcm", body, Kind.CBCT, truth | {"volume_slices": 1, "cut_off": 1})


def japanese(make):
    spoken, family, given = make.chance.choice(JAPANESE)
    name = f"{spoken}={family}^{given}"
    values, truth = make.said()
    values |= {"SpecificCharacterSet": ["", "ISO 2022 IR 87"], "PatientName": name}
    body = dicom.written(dicom.slices(1, **values)[0])
    return Made("jp.dcm", body, Kind.CBCT, truth | {"patient": name, "volume_slices": 1})


def undeclared(make):
    values, truth = make.said()
    values |= {"SpecificCharacterSet": "", "PatientName": "MXXller^JXrg"}
    body = dicom.written(dicom.slices(1, **values)[0])
    body = body.replace(b"MXXller^JXrg", "Müßler^Jörg".encode("latin-1").ljust(12))
    truth |= {"patient": "Müßler^Jörg", "charset": "not declared", "volume_slices": 1}
    return Made("latin.dcm", body, Kind.CBCT, truth)


def flat(make):
    values, truth = make.said()
    sop, modality = make.chance.choice(
        [(dicom.DX, "PX"), (dicom.DX, "DX"), (dicom.INTRAORAL, "IO")]
    )
    body = dicom.written(dicom.image(sop, modality, **values))
    return Made("pan.dcm", body, Kind.XRAY, truth | {"modality": modality, "volume_slices": None})


def inside_dicom(make):
    values, truth = make.said()
    sop, what = make.chance.choice([(dicom.PDF_INSIDE, "PDF"), (dicom.STL_INSIDE, "STL")])
    body = dicom.written(dicom.dataset(sop, "DOC", **values))
    return Made("x.dcm", body, Kind.IN_DICOM, truth | {"modality": "DOC", "inside": what})


def no_image(make):
    values, truth = make.said()
    sop, modality = make.chance.choice([(dicom.REPORT, "SR"), (dicom.PLAN, "RTPLAN")])
    body = dicom.written(dicom.dataset(sop, modality, **values))
    return Made("r.dcm", body, Kind.DICOM, truth | {"modality": modality, "volume_slices": None})


def directory_alone(make):
    body = dicom.written(dicom.dataset(dicom.MEDIA_DIRECTORY))
    return Made("DICOMDIR", body, Kind.DICOM, {"dicomdir": True, "volume_slices": None})


def invivo(make):
    _, truth = make.said()
    count, voxel = make.chance.randint(100, 600), make.chance.choice([0.2, 0.25, 0.4])
    about = [truth[name] for name in ("patient", "birth", "study", "maker")]
    body = dicom.invivo(*about, (400, 400, count), voxel)
    fov = [round(400 * voxel, 4)] * 2 + [round(count * voxel, 4)]
    truth |= {"volume_slices": count, "voxel_mm": [voxel] * 3, "fov_mm": fov}
    return Made("case.inv", body, Kind.CBCT, truth | {"format": "Anatomage .inv"})


def stl(make):
    (strip, truth), (name, arch) = make.jaw(), make.arch_name()
    head = make.chance.choice([b"", b"solid made by a scanner", b"\0\1"])
    return Made(f"{name}.stl", scan.binary_stl(strip, head), Kind.SCAN, truth | {"arch": arch})


def text_stl(make):
    (strip, truth), (name, arch) = make.jaw(), make.arch_name()
    body = scan.text_stl(
        strip, make.chance.choice(["solid", "SOLID"]), make.chance.choice(["\n", "\r\n"])
    )
    return Made(f"{name}.stl", body, Kind.SCAN, truth | {"arch": arch})


def other_unit(make):
    strip, truth = make.jaw()
    unit, factor = make.chance.choice([("metres", 0.001), ("micrometres", 1000.0)])
    body = scan.binary_stl(scan.scaled(strip, factor))
    return Made("unit.stl", body, Kind.SCAN, truth | {"unit": unit})


def ply(make):
    (strip, truth), (name, arch) = make.jaw(), make.arch_name()
    format = make.chance.choice(["ascii", "binary_little_endian", "binary_big_endian"])
    colour = make.chance.random() < 0.5
    body = scan.ply(strip, format, has_colour=colour)
    return Made(f"{name}.ply", body, Kind.SCAN, truth | {"arch": arch, "colour": colour or None})


def obj(make):
    corners = [(0, 0, 0), (60, 0, 0), (60, 50, 0), (0, 50, 0), (30, 70, 9)]
    faces = make.chance.choice([[(1, 2, 3)], [(1, 2, 3, 4)], [(1, 2, 3, 5, 4), (1, 2, 3)]])
    count = sum(len(face) - 2 for face in faces)
    return Made("a.obj", scan.obj(faces, corners), Kind.SCAN, {"triangles": count, "unit": "mm"})


def trios(make):
    strip, truth = make.jaw()
    schema = make.chance.choice(["CA", "CE"])
    truth = {"triangles": truth["triangles"], "encrypted": (schema == "CE") or None}
    return Made("MAX UpperJawScan.dcm", scan.hps(strip, schema), Kind.SCAN_3SHAPE, truth)


def scanner_zip(make):
    strip, _ = make.jaw()
    scanner, upper, lower = make.chance.choice([
        ("iTero", "77_shell_occlusion_u.stl", "77_shell_occlusion_l.stl"),
        ("3Shape", "UpperJawScan.stl", "LowerJawScan.stl"),
        ("Medit", "Roe-upperjaw.stl", "Roe-lowerjaw.stl"),
    ])  # fmt: skip
    body = packed.zipped({name: scan.binary_stl(strip) for name in (upper, lower)})
    return Made("export.zip", body, Kind.SCANS, {"scanner": scanner, "upper": 1, "lower": 1})


def damaged_scan(make):
    strip, _ = make.jaw()
    if make.chance.random() < 0.5:
        body = scan.binary_stl(strip)[: -make.chance.randint(1, 200)]
        return Made("cut.stl", body, Kind.SCAN_DAMAGED, {"cut_off": True})
    body = scan.binary_stl([((float("nan"), 0, 0), *strip[0][1:]), *strip[1:]])
    return Made("nan.stl", body, Kind.SCAN_DAMAGED, {"nan": True, "cut_off": None})


def empty_scan(make):
    return Made("none.stl", scan.binary_stl([]), Kind.SCAN_EMPTY, {"triangles": 0})


def picture(make):
    format = make.chance.choice(["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
    return Made("smile", photo(format), Kind.PHOTO, {"format": format, "size": [90, 60]})


def document(make):
    body = b"%PDF-1.4\n1 0 obj<</Type/Page>>endobj\n2 0 obj<</Type/Page>>endobj\n%%EOF"
    return Made("referral.pdf", body, Kind.DOCUMENT)


def locked(make):
    files, _ = make.volume()
    body = packed.locked(packed.zipped(files))
    return Made("locked.zip", body, Kind.LOCKED, {"encrypted": True, "entries": len(files)})


def cut_zip(make):
    files, _ = make.volume()
    return Made("cut.zip", packed.zipped(files)[:-150], Kind.LOCKED, {"damaged": True})


def no_scan(make):
    name, body, really = make.chance.choice([
        ("scan.dcm", b"<!DOCTYPE html><html>", "HTML page"), ("ct.zip", b"<body>", "HTML page"),
        ("viewer.exe", b"MZ" + bytes(99), "program"), ("a.dcm", b"\x7fELF" + bytes(99), "program"),
    ])  # fmt: skip
    return Made(name, body, Kind.NO_SCAN, {"really": really})


def nothing(make):
    return Made(make.chance.choice(["a.stl", "b.dcm", "c.zip"]), b"", Kind.NOTHING, {"bytes": 0})


def litter(make):
    name = make.chance.choice([".DS_Store", "Thumbs.db", "._IM1.dcm", "__MACOSX/a.dcm", "CT.lnk"])
    return Made(name, b"\0\5\x16\7", Kind.LITTER)


# CBCTs come first and most often, as they do in life.
KINDS = [
    whole, cd_with_viewer, gap, twins, numbered_wrongly, uneven, tilted, two_patients, two_births,
    in_tar, in_7z, zip_in_zip, multi_frame, one_slice, without_meta, cut_slice, japanese,
    undeclared, flat, inside_dicom, no_image, directory_alone, invivo, stl, text_stl, other_unit,
    ply, obj, trios, scanner_zip, damaged_scan, empty_scan, picture, document, locked, cut_zip,
    no_scan, nothing, litter, whole, gap, stl, stl, ply,
]  # fmt: skip


class Score:
    """Of each thing that may be said: how often it was right, wrong, and overlooked."""

    def __init__(self):
        self.right, self.wrong, self.overlooked = Counter(), Counter(), Counter()
        self.notes = []

    def count(self, what, truth, said, about):
        if truth == said:
            self.right[what] += truth is not None
            return
        self.wrong[what] += said is not None
        self.overlooked[what] += truth is not None
        self.notes.append(f"{about}: {what} is {truth!r} and was said to be {said!r}")

    def lines(self):
        for what in sorted({*self.right, *self.wrong, *self.overlooked}):
            right = self.right[what]
            said, there = right + self.wrong[what], right + self.overlooked[what]
            yield what, right / said if said else 1, right / there if there else 1, there

    def holds(self):
        return all(min(precision, recall) >= GOAL for _, precision, recall, _ in self.lines())

    def print(self, title):
        print(f"{title:24} precision  recall  of")
        for what, precision, recall, there in self.lines():
            print(f"  {what:22} {precision:9.2%} {recall:7.2%} {there:4}")
        for note in self.notes[:20]:
            print(f"  WRONG {note}")


def read_files(made):
    """The score of files that were made, and what each was found to be."""
    score, found = Score(), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "staged")
        for number, one in enumerate(made):
            path.write_bytes(one.body)
            reading = reader.read(path, one.name)
            found.append(reading)
            about = f"{number} {one.name}"
            score.count("kind", one.kind, reading.kind, about)
            for what, truth in one.truth.items():
                score.count(what, truth, _near(reading.findings.get(what), truth), about)
    return score, found


def _near(said, truth):
    """What was said, or the truth where it is measured and within a thousandth of it."""
    if _is_measured(truth) and _is_measured(said) and len(said) == len(truth):
        near = all(abs(a - b) <= 0.001 + 0.0005 * b for a, b in zip(said, truth, strict=True))
        return truth if near else said
    return said


def _is_measured(value):
    return isinstance(value, list) and value and all(isinstance(one, float) for one in value)


def case_of(chance):
    """Files of a case by its parts, and the reasons that it must be asked for."""
    arch, opposing = chance.choice([("upper", "lower"), ("lower", "upper")])
    maker = Maker(chance)
    files, missing = [], set()
    ours = _person(chance)
    body, truth = _case_cbct(maker, chance, ours)
    if body is None:
        missing.add("no_cbct")
    else:
        files.append(body)
        missing |= truth
    for part, reason in ((arch, "no_arch_scan"), (opposing, "no_opposing")):
        if chance.random() < 0.75:
            strip, _ = maker.jaw()
            files.append(Made(f"{part} jaw.stl", scan.binary_stl(strip), Kind.SCAN))
        else:
            missing.add(reason)
    teeth = {"upper": ["8", "9"], "lower": ["24", "25"]}[arch]
    return files, {"teeth": teeth, "patient": " ".join(ours)}, missing


def _case_cbct(maker, chance, ours):
    what = chance.choice(["whole", "whole", "none", "other patient", "coarse", "gap", "lossy"])
    if what == "none":
        return None, set()
    given, family = ours
    theirs = f"{family}^{given}"
    if what == "other patient":
        theirs = "Fernandopulle^Bartholomeu"
    values = {"PatientName": theirs, "SpecificCharacterSet": "ISO_IR 192"}
    voxel = 0.6 if what == "coarse" else 0.25
    skip = [50, 51] if what == "gap" else ()
    made = dicom.slices(110, voxel=voxel, skip=skip, **values)
    syntax = dicom.JPEG_BASELINE if what == "lossy" else "1.2.840.10008.1.2.1"
    body = packed.zipped({f"{n}": dicom.written(one, syntax) for n, one in enumerate(made)})
    reasons = {
        "other patient": {"wrong_patient"}, "coarse": {"cbct_too_coarse"},
        "gap": {"cbct_unreadable"}, "lossy": {"cbct_too_coarse"},
    }  # fmt: skip
    return Made("ct.zip", body, Kind.CBCT), reasons.get(what, set())


SURE = ["no_cbct", "no_arch_scan", "no_opposing", "wrong_patient", "cbct_too_coarse"]
SURE += ["cbct_unreadable"]


def read_cases(chance, count):
    score = Score()
    for number in range(count):
        made, said, missing = case_of(chance)
        _, found = read_files(made)
        files = [
            readiness.File(one.name, len(one.body), str(reading.kind), reading.findings)
            for one, reading in zip(made, found, strict=True)
        ]
        needs = readiness.needs(files, today=date(2026, 11, 30), **said)
        reasons = readiness.reasons_of(needs)
        for reason in SURE:
            truth, was_said = reason in missing or None, reason in reasons or None
            score.count(reason, truth, was_said, f"case {number} {[one.name for one in made]}")
    return score


def _person(chance):
    return chance.choice(GIVEN), chance.choice(FAMILY)


def _plain(text):
    """As programs without accents write a name."""
    table = str.maketrans("áéíóúñüöäßçåøłıëćń’", "aeiounuoasaaolieecn'"[:19])
    return text.translate(table)


def ways_of_writing(given, family, chance):
    """One person as typed, and as a machine has them."""
    typed = chance.choice([f"{given} {family}", f"{family}, {given}", f"Dr. {given} {family}"])
    middle = chance.choice(["", "", "^Maria", "^J"])
    scanned = chance.choice([
        f"{family}^{given}", f"{family.upper()}^{given.upper()}", f"{family}^{given}^^^",
        f"{family}^{given}{middle}", f"{_plain(family)}^{_plain(given)}", f"{given}^{family}",
        f"{family}^{given[0]}", f"{family}-Lindholm^{given}", f"{family} {given}",
        f"{_twisted(family)}^{given}",
    ])  # fmt: skip
    return typed, scanned


def _twisted(family):
    """With a letter too many, as somebody heard it."""
    return family if len(family) < 6 else f"{family[:4]}{family[3]}{family[4:]}"


NEAR = [("John", "Joan"), ("Anna", "Hana"), ("Noah", "Nora"), ("Rosa", "Rose"), ("Vera", "Vero")]


def others(chance):
    """Two persons: of one family, of one given name, or with nothing in common."""
    family, other = chance.sample(FAMILY, 2)
    given, another = chance.sample(GIVEN, 2)
    near, like = chance.choice(NEAR)
    return chance.choice([
        (f"{given} {family}", f"{family}^{another}"), (f"{given} {family}", f"{other}^{another}"),
        (f"{near} {family}", f"{family}^{like}"), (f"{given} {family}", f"{other}^{given}"),
    ])  # fmt: skip


def compare_names(chance, count):
    """How many of so many pairs of one person were called different, and of others told apart."""
    mistaken, told_apart = [], 0
    for _ in range(count // 2):
        pair = ways_of_writing(*_person(chance), chance)
        if compare(*pair) == DIFFERENT:
            mistaken.append(pair)
        pair = others(chance)
        told_apart += compare(*pair) != SAME
        if compare(*pair) == SAME:
            mistaken.append(("SAME", *pair))
    called_different = sum(len(pair) == 2 for pair in mistaken)
    return called_different, told_apart / (count // 2), mistaken


def read_large(folder):
    """CPU seconds and megabytes that a child takes to read the zip of a CBCT of usual size."""
    path = Path(folder, "large.zip")
    made = dicom.slices(LARGE_SLICES, voxel=0.3, rows=LARGE_SIDE, columns=LARGE_SIDE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, one in enumerate(made):
            archive.writestr(f"CT/IM{number:04}", dicom.written(one))
    del made
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    reading = limited.read(path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    slices = reading.findings.get("volume_slices")
    print(
        f"{slices} slices in a zip: {cpu:.2f} s of CPU, {after.ru_maxrss / 1024:.0f} MB, "
        f"{time.monotonic() - began:.2f} s"
    )
    is_light = cpu <= MOST_CPU_SECONDS and after.ru_maxrss / 1024 <= MOST_MEGABYTES
    return is_light and slices == LARGE_SLICES


def main() -> int:
    files, cases, pairs, seed = (
        int(os.environ.get(name, default))
        for name, default in (("FILES", 500), ("CASES", 150), ("PAIRS", 2000), ("SEED", 13))
    )
    with tempfile.TemporaryDirectory() as folder:
        holds = [read_large(folder)]
    chance = random.Random(seed)
    maker = Maker(chance)
    score, _ = read_files([maker.a_file(number) for number in range(files)])
    score.print(f"{files} files")
    needs = read_cases(chance, cases)
    needs.print(f"{cases} cases")
    different, told_apart, mistaken = compare_names(chance, pairs)
    print(f"{pairs} pairs of names: {different} × different, though one person;")
    print(f"  {told_apart:.2%} of other persons not the same")
    for pair in mistaken[:20]:
        print(f"  WRONG {pair}")
    holds += [score.holds(), needs.holds()]
    holds += [different <= MOST_DIFFERENT, told_apart >= LEAST_TOLD_APART]
    print("held" if all(holds) else "MISSED")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
