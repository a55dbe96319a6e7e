"""What differs between two revisions of the RX script, as people read it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format

from cases import teeth

NOTHING = "–"


@dataclass(frozen=True)
class Changes:
    """`fields` are triples of label, old and new text; `files` the names of those that came."""

    fields: list
    files: list

    def __bool__(self):
        return bool(self.fields or self.files)

    @property
    def lines(self):
        """A line for each: "Teeth: 3, 14 → 14"."""
        said = [f"{label}: {old} → {new}" for label, old, new in self.fields]
        return [*said, *(f"File added: {name}" for name in self.files)]


def changes(before: dict, after: dict) -> Changes:
    """Compare two snapshots of a case (`Prescription.snapshot`), the older one first."""
    # A practice may number its teeth in another way since.
    old, new = _shown({**before, "numbering": after["numbering"]}), _shown(after)
    fields = [
        (label, old.get(label, NOTHING), new.get(label, NOTHING))
        for label in {**new, **old}
        if old.get(label, NOTHING) != new.get(label, NOTHING)
    ]
    came = _names(after) - _names(before)
    return Changes(fields, sorted(came.elements()))


def _shown(rx):
    numbering = rx["numbering"]
    shown = {
        "Patient": rx["patient_name"],
        "Prescribing dentist": rx["dentist"]["name"],
        "Teeth": teeth.labels(rx["teeth"], numbering),
        **{
            f"Implant system, {teeth.label(code, numbering)}": system
            for code, system in rx["implants"].items()
        },
        **dict(rx["options"]),
        "Materials": rx["materials"],
        "Description": rx["description"],
        "Surgery date": _day(rx["surgery_date"]),
        "Ship date": _day(rx["ship_date"]),
        "Shipping address": rx["shipping_address"],
    }
    return {label: text for label, text in shown.items() if text}


def _day(text):
    return date_format(date.fromisoformat(text)) if text else ""


def _names(rx):
    return Counter(file["name"] for file in rx["enclosures"])
