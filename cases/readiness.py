"""Why a case cannot start: the reasons a lab gives for Missing CBCT/Models."""

from dataclasses import dataclass

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
    Reason("other", "Other", "Read the note from the lab, and write to us if it is not clear."),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _REASONS}
