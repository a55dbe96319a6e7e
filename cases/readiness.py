"""What a case needs before it can start, and what of it is there.

The reasons are those that a lab gives for Missing CBCT/Models. `needs` thinks about a case and
what readers found in its files; who asks fetches them, see `cases.findings`. It warns, and never
forbids anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from cases import teeth as teeth_of
from cases.intake import patients
from cases.intake.names import BITE, LOWER, PREOP, SCAN_BODY, UPPER
from cases.intake.reading import Kind

FILES, IMPLANTS, SIGNATURE = "files", "implants", "signature"


@dataclass(frozen=True)
class Reason:
    """What is missing (`label`) and what the dentist can do about it (`help`, a sentence).

    `answer` says by what it is answered on the record: files, or a field of the form.
    """

    code: str
    label: str
    help: str
    answer: str = FILES


_REASONS = (
    Reason("no_cbct", "No CBCT", "Upload the CBCT: the DICOM files, or one ZIP of them."),
    Reason(
        "cbct_unreadable",
        "CBCT unreadable",
        "Export the CBCT again as uncompressed DICOM and upload all of its files, or one ZIP.",
    ),
    Reason(
        "wrong_field",
        "Wrong arch or field of view",
        "Upload a CBCT that shows the whole arch of the sites to be planned.",
    ),
    Reason(
        "patient_moved",
        "Patient moved",
        "The CBCT is blurred by movement. Take it again with the head held still and upload it.",
    ),
    Reason(
        "metal_scatter",
        "Metal scatter",
        "Metal hides the teeth in the CBCT. Write to us before taking another; "
        "a scan with markers may be needed.",
    ),
    Reason(
        "teeth_together",
        "Teeth together in the scan",
        "Take the CBCT again with the teeth apart, on cotton rolls or a bite piece, and upload it.",
    ),
    Reason(
        "no_arch_scan",
        "No scan of the arch",
        "Upload a surface scan (STL, PLY, OBJ or 3Shape) of the arch to be treated.",
    ),
    Reason("no_opposing", "No opposing arch", "Upload a surface scan of the opposing arch."),
    Reason("no_bite", "No bite", "Upload the bite scan, or both arches scanned in occlusion."),
    Reason(
        "dual_scan_incomplete",
        "Dual scan incomplete",
        "Upload both scans: the patient wearing the marked denture, and the denture alone, "
        "with the same 6 to 8 markers.",
    ),
    Reason(
        "no_implant_system",
        "Implant system not given",
        "Write maker, system, diameter and length of the implant for each tooth.",
        IMPLANTS,
    ),
    Reason(
        "unsigned",
        "Prescription unsigned",
        "Read the RX script, type the name of the prescribing dentist as signature and submit.",
        SIGNATURE,
    ),
    Reason(
        "cbct_too_coarse",
        "CBCT too coarse or compressed",
        "Export the CBCT at its full resolution, voxels of 0.3 mm or less, without compression, "
        "and upload it.",
    ),
    Reason(
        "wrong_patient",
        "Another patient's files",
        "Look whose files these are, and upload those of the patient of this case.",
    ),
    Reason("other", "Other", "Read the note from the lab, and write to us if it is not clear."),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _REASONS}


THERE, LOOK, MISSING, PENDING = "there", "look", "missing", "pending"
SURE, LIKELY = "sure", "likely"

_SCANS = {Kind.SCAN, Kind.SCAN_3SHAPE, Kind.SCANS}
_BROKEN_SCANS = {Kind.SCAN_EMPTY, Kind.SCAN_DAMAGED}
# What the readers of archives call the parts of a case.
_COUNTED = {UPPER: "upper", LOWER: "lower", BITE: "bite", SCAN_BODY: "scan_body", PREOP: "preop"}
_LEAST_DUAL = 2
_LEAST_SERIES = 3


@dataclass(frozen=True)
class Rules:
    """A lab's numbers. The defaults are what most labs publish.

    Voxels in mm: 0.3 recommended, 0.4 the limit (cranioplan.com/data-requirements).
    """

    voxel_recommended: float = 0.3
    voxel_limit: float = 0.4
    least_slices: int = 100
    study_months: int = 6


@dataclass(frozen=True)
class File:
    """A file and what was found in it; `kind` is a Kind, or "" while nobody has read it.

    `arch` is what its sender says it is. `also_in` names another case with the same bytes.
    """

    name: str
    size: int = 0
    kind: str = ""
    findings: dict = field(default_factory=dict)
    arch: str = ""
    also_in: str = ""
    is_from_browser: bool = False

    @property
    def arches(self):
        """The parts of a case that are in it, as far as anybody knows."""
        if self.arch:
            return {self.arch}
        if self.kind == Kind.SCANS:
            return {arch for arch, word in _COUNTED.items() if self.findings.get(word)}
        return {self.findings["arch"]} if self.findings.get("arch") else set()

    @property
    def is_scan(self):
        return self.kind in _SCANS or bool(self.findings.get("scans"))


@dataclass(frozen=True)
class Need:
    """A line of the list: THERE, MISSING, PENDING (a file is being read), or LOOK, a warning.

    `reason` is a code of REASONS or "", `certainty` SURE or LIKELY: the lab's reasons are chosen
    beforehand by what is SURE.
    """

    state: str
    label: str
    sentence: str = ""
    reason: str = ""
    certainty: str = SURE
    is_from_browser: bool = False

    @property
    def wants_file(self):
        return self.state in (MISSING, LOOK) and bool(self.reason)


def needs(
    files: Sequence[File],
    *,
    teeth: Iterable[str] = (),
    support: str = "",
    patient: str = "",
    today: date,
    rules: Rules = Rules(),
) -> list[Need]:
    """What is there of a case for these teeth (canonical codes), then what is to be looked at."""
    files = _with_series(files)
    arches = teeth_of.arches(teeth)
    there = [_cbct(files, rules)]
    if support == "mucosa":
        there.append(_dual_scan(files))
    else:
        there += _scans(files, arches)
    return [*there, *_warnings(files, patient, today, rules)]


def _with_series(files):
    """Slices of a CBCT that were sent one by one are one file here."""
    slices = [file for file in files if file.kind == Kind.CBCT and _slices(file.findings) == 1]
    if len(slices) < _LEAST_SERIES:
        return list(files)
    first, names = slices[0], {file.name for file in slices}
    found = {**first.findings, "volume_slices": len(names)}
    others = [file for file in files if file not in slices]
    return [*others, replace(first, name=f"{first.name} and {len(names) - 1} more", findings=found)]


def _other(arch):
    return LOWER if arch == UPPER else UPPER


def _is_pending(files):
    return any(not file.kind for file in files)


def _lacking(files, label, reason, sentence, certainty=SURE):
    """A line for what no file is known to be; it may be one that is not read yet."""
    if _is_pending(files):
        return Need(PENDING, label, "Not all files are read yet.")
    if any(file.findings.get("not_read") for file in files):
        certainty = LIKELY
    browser = any(file.is_from_browser for file in files)
    return Need(MISSING, label, sentence, reason, certainty, browser)


def _cbct(files, rules):
    found = [file for file in files if file.kind == Kind.CBCT]
    if found:
        return Need(
            THERE,
            "CBCT",
            "; ".join(map(_about_cbct, found)),
            is_from_browser=any(file.is_from_browser for file in found),
        )
    label = "CBCT"
    if locked := [file for file in files if file.kind == Kind.LOCKED]:
        text = f"“{locked[0].name}” cannot be opened. Please send it without a password."
        return Need(MISSING, label, text, "cbct_unreadable", LIKELY)
    if flat := [file for file in files if file.kind == Kind.XRAY]:
        text = f"“{flat[0].name}” is a flat x-ray picture. Please send the CBCT as well."
        return _lacking(files, label, "no_cbct", text)
    return _lacking(files, label, "no_cbct", REASONS["no_cbct"].help)


def _about_cbct(file):
    found = file.findings
    parts = []
    if count := _slices(found):
        parts.append(f"{count} slices")
    if voxel := found.get("voxel_mm"):
        parts.append(f"{_short(max(voxel))} mm")
    return ", ".join(parts) or f"“{file.name}”"


def _slices(found):
    count = found.get("volume_slices", 0)
    return max(count, default=0) if isinstance(count, list) else count


def _short(number):
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _dual_scan(files):
    volumes = sum(
        len(count) if isinstance(count := file.findings.get("volume_slices"), list) else 1
        for file in files
        if file.kind == Kind.CBCT
    )
    if volumes >= _LEAST_DUAL:
        text = "Two CBCTs. We look for the 6 to 8 markers in both."
        return Need(THERE, "Dual scan", text, certainty=LIKELY)
    help = REASONS["dual_scan_incomplete"].help
    return _lacking(files, "Dual scan", "dual_scan_incomplete", help)


def _scans(files, arches):
    """Lines for the scans of the arches that are treated, of those that oppose them, of the bite.

    Without teeth nobody knows yet which arch is which.
    """
    scans = [file for file in files if file.is_scan]
    told = {arch: [file for file in scans if arch in file.arches] for arch in _COUNTED}
    untold = [file for file in scans if not file.arches]
    treated = sorted(arches, reverse=True)
    lines = [_scan_of(arch, told, untold, files, "no_arch_scan") for arch in treated]
    if not arches:
        lines.append(_any_scan(scans, files))
    if len(arches) == 1:
        lines.append(_scan_of(_other(treated[0]), told, untold, files, "no_opposing"))
    lines.append(_bite(told, untold, scans, files))
    return lines


def _any_scan(scans, files):
    if scans:
        return Need(THERE, "Scan of the arch", f"“{scans[0].name}”", certainty=LIKELY)
    return _lacking(files, "Scan of the arch", "no_arch_scan", REASONS["no_arch_scan"].help)


def _scan_of(arch, told, untold, files, reason):
    is_opposing = reason == "no_opposing"
    label = f"{arch.capitalize()} scan" + (" (opposing)" if is_opposing else "")
    if found := told[arch]:
        return _there(label, found)
    if untold:
        text = f"Perhaps “{untold[0].name}”. Please say which arch it is."
        return Need(LOOK, label, text, reason, LIKELY, untold[0].is_from_browser)
    if broken := [file for file in files if file.kind in _BROKEN_SCANS]:
        text = f"“{broken[0].name}” is damaged or empty. Please export and send it again."
        return Need(MISSING, label, text, reason, SURE, broken[0].is_from_browser)
    if told[_other(arch)] and not is_opposing:
        text = (
            f"The guide is for the {arch} arch, and the scan that came is of the {_other(arch)}: "
            f"“{told[_other(arch)][0].name}”."
        )
        return Need(MISSING, label, text, reason, SURE, told[_other(arch)][0].is_from_browser)
    return _lacking(files, label, reason, f"Please upload a scan of the {arch} arch.")


def _there(label, found):
    text = f"“{found[0].name}”" + (f" and {len(found) - 1} more" if found[1:] else "")
    return Need(THERE, label, text, is_from_browser=any(file.is_from_browser for file in found))


def _bite(told, untold, scans, files):
    if told[BITE]:
        return _there("Bite", told[BITE])
    if any(file.findings.get("bite") for file in scans):
        return Need(THERE, "Bite", "Both arches were scanned in occlusion.", certainty=LIKELY)
    if len(untold) > 1:
        text = "Perhaps among the scans. Please say which one it is."
        return Need(LOOK, "Bite", text, "no_bite", LIKELY)
    return _lacking(files, "Bite", "no_bite", REASONS["no_bite"].help, LIKELY)


def _warnings(files, patient, today, rules):
    found = []
    for file in files:
        found += _of_patient(file, patient)
        if file.kind == Kind.CBCT:
            found += _of_cbct(file, today, rules)
        if file.also_in:
            text = f"“{file.name}” came with case {file.also_in} already."
            found.append(_look(file, "Sent before", text, certainty=LIKELY))
        if file.findings.get("not_read"):
            text = f"“{file.name}” could not be read. We look at it ourselves."
            found.append(_look(file, "Not read", text, certainty=LIKELY))
        if file.is_scan and file.findings.get("unit", "mm") != "mm":
            text = f"“{file.name}” was written in {file.findings['unit']}, not in millimetres."
            found.append(_look(file, "Unit", text, certainty=LIKELY))
    return found


def _look(file, label, sentence, reason="", certainty=SURE):
    return Need(LOOK, label, sentence, reason, certainty, file.is_from_browser)


def is_of_another(file: File, patient: str) -> bool:
    """Whether the name in a file is certainly not that of the patient (`patients.compare`)."""
    scanned = file.findings.get("patient", "")
    is_known = file.findings.get("charset") != "not declared"
    return patients.compare(patient, scanned, is_known) == patients.DIFFERENT


def of_another_patient(file: File, patient: str) -> str:
    """The sentence about such a file."""
    return f"“{file.name}” is of {_spoken(file.findings['patient'])}, and the case of {patient}."


def _of_patient(file, patient):
    found, name = file.findings, f"“{file.name}”"
    if is_of_another(file, patient):
        text = of_another_patient(file, patient)
        yield _look(file, "Another patient", text, "wrong_patient")
    if len(found.get("patients", ())) > 1:
        text = f"{name} holds scans of two patients. Please look which one belongs here."
        yield _look(file, "Two patients", text, "wrong_patient", LIKELY)
    if len(found.get("births", ())) > 1:
        text = f"{name} holds two studies of one name with two dates of birth."
        yield _look(file, "Two dates of birth", text, "wrong_patient", LIKELY)


def _spoken(scanned):
    """A name as DICOM has it, "Roe^Jane", as people say it."""
    family, _, rest = scanned.split("=")[0].partition("^")
    return " ".join(f"{rest} {family}".replace("^", " ").split())


def _of_cbct(file, today, rules):
    found, name = file.findings, f"“{file.name}”"
    voxel, count = max(found.get("voxel_mm") or [0]), _slices(found)
    if voxel > rules.voxel_limit:
        text = f"The voxels of {name} are {_short(voxel)} mm; {rules.voxel_limit} mm is the limit."
        yield _look(file, "Voxel", text, "cbct_too_coarse")
    elif voxel > rules.voxel_recommended:
        text = f"The voxels of {name} are {_short(voxel)} mm; {rules.voxel_recommended} is better."
        yield _look(file, "Voxel", text)
    if found.get("lossy"):
        text = f"{name} was compressed with a loss. Please export it without compression."
        yield _look(file, "Compression", text, "cbct_too_coarse")
    if 0 < count < rules.least_slices:
        text = f"{name} has {count} slices only. Please look whether all of them came."
        yield _look(file, "Slices", text, "cbct_unreadable", LIKELY)
    if missing := found.get("missing"):
        text = f"{missing} of the slices of {name} are missing. Please export the whole series."
        if missing == 1:
            text = f"A slice of {name} is missing. Please export the whole series."
        yield _look(file, "Slices", text, "cbct_unreadable")
    if found.get("cut_off"):
        text = f"{name} ended too early. Please export and send it again."
        yield _look(file, "Damaged", text, "cbct_unreadable")
    months = _months_ago(found.get("study", ""), today)
    if months > rules.study_months:
        text = f"{name} was taken {months} months ago. Is it still as the patient is?"
        yield _look(file, "Study", text, certainty=LIKELY)


def _months_ago(day, today):
    if not (len(day) == 8 and day.isascii() and day.isdigit()):
        return 0
    months = 12 * (today.year - int(day[:4])) + today.month - int(day[4:6])
    return months - (today.day < int(day[6:]))


def reasons_of(found: Iterable[Need]) -> list[str]:
    """Codes of REASONS that are sure, for the lab to begin with; each once."""
    sure = [need.reason for need in found if need.reason and need.certainty == SURE]
    return list(dict.fromkeys(sure))
