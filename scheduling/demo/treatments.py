"""What dentists ask for in the demo, written as they write it.

Teeth are Universal codes; `[14]` in a text is tooth 14 in the practice's own numbering.
"""

import re
from dataclasses import dataclass

from cases import teeth


@dataclass(frozen=True)
class Treatment:
    teeth: tuple[str, ...]
    text: str
    support: str = "tooth"
    guidance: str = "full"
    sleeve: str = "metal"
    anchor_pins: bool = False
    bone_reduction: bool = False

    @property
    def arch(self):
        return teeth.arch(self.teeth[0])

    def mirrored(self):
        """The same treatment on the other side of the mouth."""
        text = re.sub(r"\[(\w+)\]", lambda code: f"[{_mirror(code[1])}]", self.text)
        sites = teeth.sort_teeth(_mirror(code) for code in self.teeth)
        return Treatment(
            tuple(sites),
            text,
            self.support,
            self.guidance,
            self.sleeve,
            self.anchor_pins,
            self.bone_reduction,
        )

    def description(self, numbering):
        """The text with the teeth named in `numbering`."""
        sign = "#" if numbering == "universal" else ""
        return re.sub(r"\[(\w+)\]", lambda code: sign + teeth.label(code[1], numbering), self.text)


def _mirror(code):
    if code.isdigit():
        return str((17 if int(code) <= 16 else 49) - int(code))
    return chr((ord("A") + ord("J") if code <= "J" else ord("K") + ord("T")) - ord(code))


_T = Treatment

TREATMENTS = [
    _T(("19",), "Single implant [19], fully guided. Healed site, 9 months post extraction."),
    _T(("14",), "Immediate placement [14] with socket graft. Please angle towards the palatal "
       "root and stay 2 mm from the sinus floor. Screw-retained crown planned."),
    _T(("8",), "Immediate [8], high smile line. Patient fractured the tooth at hockey practice. "
       "Place 3-4 mm below the planned gingival margin, screw access through the cingulum. "
       "Provisional will be made from the wax-up, please keep the guide open to the facial so "
       "that I can see the bone."),
    _T(("30", "31"), "Two implants [30] and [31], separate crowns. IAN looks close at [31], "
       "please keep 2 mm away and tell me if a shorter implant is better.", sleeve="none"),
    _T(("7", "10"), "Congenitally missing laterals [7] and [10], ortho is finished. Narrow "
       "implants. Space between the roots is tight (5.8 mm), please check at both levels.",
       guidance="partial"),
    _T(("4", "7", "10", "13"), "All-on-4 upper, existing full denture duplicated for the dual scan "
       "(7 gutta-percha markers). Tilt [4] and [13] along the anterior sinus wall. Stackable "
       "guide if possible: bone reduction first, then osteotomy. Denture teeth positions are "
       "final and the patient likes them.\n\nMultiunit abutments 30° posterior and 17° or "
       "straight anterior. Please plan for a conversion the same day. I would like to see at "
       "least 18 mm from crest to incisal edge; the reduction plane should follow the smile "
       "line, not the ridge.", support="bone", anchor_pins=True, bone_reduction=True),
    _T(("22", "27"), "Lower overdenture, two implants [22] and [27], locators. Parallel, please.",
       support="mucosa", anchor_pins=True),
    _T(("3",), "[3] implant with crestal sinus lift, residual bone about 6 mm. Pilot guide only, I "
       "finish with osteotomes.", guidance="pilot"),
    _T(("12", "13", "14"), "Three implants [12] [13] [14], splinted crowns. Opposing is natural "
       "dentition. Sinus graft was done seven months ago, see the CBCT report."),
    _T(("18", "19"), "Free-end saddle [18] [19]. Last standing tooth is the second premolar and a "
       "bit mobile, so extend the support around the arch to the other side.", sleeve="none"),
    _T(("9",), "[9] failed root canal, extraction and immediate implant. Thin facial plate.\n"
       "Bone graft and temporary on the day. Shade and photos are attached."),
    _T(("5",), "Premolar [5]. Full guide, no sleeve. Thanks!", sleeve="none"),
    _T(("23", "26"), "Lower anterior bridge on two narrow implants [23] and [26]. Ridge is thin, "
       "about 5 mm. Please show me whether reducing 2 mm would give enough width; otherwise I "
       "graft first.", bone_reduction=True),
    _T(("19", "30"), "First molars on both sides, [19] and [30], one guide if it fits. Mouth "
       "opening is 34 mm, short drills only."),
    _T(("2", "3", "4"), "Edentulous span [2] to [4]. Patient takes alendronate (oral, 2 years), "
       "cleared by the physician. I was thinking of an implant at each site. Call me if the sinus "
       "asks for two and a bridge.", guidance="partial"),
    _T(("A",), "Retained primary molar [A], no successor. Extraction and immediate implant. The "
       "root is short on the film, so there should be enough bone.", guidance="pilot"),
    _T(("20", "21", "28", "29"), "Full lower on four implants [20] [21] [28] [29]: removable "
       "bar. Dual scan protocol, patient was biting on cotton rolls. Mental foramina are marked "
       "on the CBCT by the radiologist.", support="mucosa", anchor_pins=True),
    _T(("6",), "[6] canine, transplanted years ago and now ankylosed. Decoronated. Implant through "
       "the remaining root is fine with me if you think it is possible, otherwise slightly "
       "palatal."),
    _T(("29",), "single implant 2nd premolar [29], mental foramen!! 3 mm safety please"),
    _T(("8", "9"), "Two centrals [8] and [9] after trauma, grafted in January, healed well. "
       "Symmetry counts more than anything. Provisional bridge in place, scan is with and without "
       "it. Please send screenshots before the planning session."),
    _T(("31",), "Second molar [31], limited access. Please use the lateral-insertion sleeve.",
       guidance="partial"),
    _T(("3", "14"), "Bilateral first molars [3] and [14]. 8 mm implants to avoid sinus lifts."),
    _T(("10",), "Replace the failing Maryland bridge at [10]. Deep bite, there is not much room "
       "for the abutment."),
    _T(("24", "25"), "Periodontal loss of [24] and [25], extracted three months ago. One implant "
       "in the midline or two narrow ones? I would like your opinion at the planning session. "
       "Support on the remaining teeth, they are stable since the treatment.", sleeve="none"),
]  # fmt: skip

# Makers and systems, with a size for a narrow, a regular and a wide site.
SYSTEMS = [
    ("Straumann BLX", "3.5 × 12 mm", "4.0 × 10 mm", "5.0 × 10 mm"),
    ("Nobel Biocare NobelActive", "3.0 × 13 mm", "4.3 × 11.5 mm", "5.0 × 10 mm"),
    ("Astra Tech EV", "3.6 × 11 mm", "4.2 × 11 mm", "4.8 × 9 mm"),
    ("BioHorizons Tapered Internal", "3.0 × 12 mm", "3.8 × 10.5 mm", "4.6 × 9 mm"),
    ("Hiossen ET III", "3.5 × 11.5 mm", "4.0 × 10 mm", "5.0 × 8.5 mm"),
    ("Neodent Helix GM", "3.5 × 13 mm", "3.75 × 11.5 mm", "5.0 × 10 mm"),
    ("MegaGen AnyRidge", "3.5 × 11.5 mm", "4.0 × 10 mm", "5.5 × 8.5 mm"),
]


def implants(treatment, system):
    """A dict of each site's code and the implant of `system`, one of SYSTEMS, that fits it."""
    maker, narrow, regular, wide = system
    size = {"incisor": narrow, "molar": wide}
    return {
        code: f"{maker} {size.get(teeth.name(code).rpartition(' ')[2], regular)}"
        for code in treatment.teeth
    }
