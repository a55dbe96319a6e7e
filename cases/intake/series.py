"""From the headers of DICOM files to what was scanned: volume, scouts, slices, gaps, patients.

Slices are ordered by their position along the normal of their plane (PS3.3 C.7.6.2.1.1), never by
InstanceNumber or by name, which programs that export them get wrong.
"""

import itertools
import math
from collections import Counter, defaultdict
from statistics import median

from cases.intake.reading import Kind, Reading

# PS3.4 B.5, by what they are for.
_CT = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}
_FLAT = "1.2.840.10008.5.1.4.1.1.1."  # CR, DX, intra-oral
_FLAT_MODALITIES = {"PX", "IO", "DX", "CR", "RG", "XC"}
_INSIDE = {
    "1.2.840.10008.5.1.4.1.1.104.1": "PDF",
    "1.2.840.10008.5.1.4.1.1.104.2": "CDA document",
    "1.2.840.10008.5.1.4.1.1.104.3": "STL",
    "1.2.840.10008.5.1.4.1.1.104.4": "OBJ",
    "1.2.840.10008.5.1.4.1.1.104.5": "MTL",
}
_NO_IMAGES = {
    "SR": "a structured report",
    "RTPLAN": "a radiotherapy plan",
    "RTDOSE": "a radiotherapy dose",
    "RTSTRUCT": "a radiotherapy structure set",
    "PR": "a presentation state",
    "KO": "a key object selection",
}
# A plane or two of another direction beside a volume is a scout view.
MOST_SCOUTS = 3
LEAST_VOLUME = 2
_SAME = 0.01  # mm between two slices that are one
_GAP = 1.5  # times the usual step


class Series:
    """Slices of one direction and size in one series. Raises nothing for what they lack."""

    def __init__(self, headers):
        self.headers = headers
        self.first = headers[0]

    @property
    def count(self):
        """Slices, each frame one."""
        return sum(header.frames for header in self.headers)

    @property
    def is_scout(self):
        marks = f"{self.first.image_type} {self.first.description.upper()}"
        return "LOCALIZER" in marks or "SCOUT" in marks

    def places(self):
        """Where each slice lies along the normal, in mm, sorted; [] where that is not said."""
        positions = [place for header in self.headers for place in header.positions]
        if len(positions) != self.count or len(self.first.orientation) != 6:
            return []
        normal = _cross(self.first.orientation[:3], self.first.orientation[3:])
        return sorted(_dot(place, normal) for place in positions)

    def tilt(self):
        """By how many degrees the stack leans against the normal: that of a tilted gantry."""
        positions = [place for header in self.headers for place in header.positions]
        if len(positions) < 2 or len(self.first.orientation) != 6:
            return 0.0
        normal = _cross(self.first.orientation[:3], self.first.orientation[3:])
        ends = sorted(positions, key=lambda place: _dot(place, normal))
        along = [b - a for a, b in zip(ends[0], ends[-1], strict=True)]
        length, height = math.hypot(*along), abs(_dot(along, normal))
        return math.degrees(math.acos(min(1, height / length))) if length else 0.0


def _cross(a, b):
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def series_of(headers) -> list[Series]:
    """The headers of images, by series, direction and size; the largest first."""
    groups = defaultdict(list)
    for header in headers:
        direction = tuple(round(part, 2) + 0.0 for part in header.orientation)
        groups[header.series, direction, header.rows, header.columns].append(header)
    return sorted(map(Series, groups.values()), key=lambda series: -series.count)


def reading_of(headers) -> Reading:
    """What the headers of all DICOM files that came together say."""
    images = [header for header in headers if header.rows and header.columns]
    if not images:
        return _without_images(headers)
    volumes, scouts, flat, others = _sorted(series_of(images))
    if volumes:
        reading = _of_volumes(volumes, scouts)
    else:
        series = (flat or scouts or others)[0]
        reading = _of_flat() if flat or scouts else _of_other(series)
    _identify(reading, images)
    return reading


def _sorted(found):
    volumes, scouts, flat, others = [], [], [], []
    for series in found:
        if _is_flat(series):
            flat.append(series)
        elif series.is_scout:
            scouts.append(series)
        elif series.first.modality == "CT" or series.first.sop in _CT:
            volumes.append(series)
        else:
            others.append(series)
    # A few slices across a volume that was found beside them.
    if volumes and volumes[0].count > MOST_SCOUTS:
        scouts += [series for series in volumes if series.count <= MOST_SCOUTS]
        volumes = [series for series in volumes if series.count > MOST_SCOUTS]
    return volumes, scouts, flat, others


def _is_flat(series):
    first = series.first
    if f"{first.sop}.".startswith(_FLAT):
        return True
    if first.modality in _FLAT_MODALITIES:
        return True
    # i-CAT marks its panoramic pictures CT.
    is_panoramic = "PANORAMIC" in first.image_type or first.model.upper().endswith("DX")
    return is_panoramic and series.count == 1


def _of_volumes(volumes, scouts):
    reading = Reading(Kind.CBCT)
    found = reading.findings
    counts = []
    for series in volumes:
        counts.append(_measure(series, reading, is_first=series is volumes[0]))
    found["volume_slices"] = counts[0] if len(counts) == 1 else counts
    found["series"] = len(volumes) + len(scouts)
    found["scouts"] = sum(series.count for series in scouts)
    _describe(reading, volumes[0])
    return reading


def _measure(series, reading, is_first):
    """Fill in what the places of slices say of the largest volume; the number of slices."""
    places = series.places()
    slices, gaps, twins, step = _steps(places) if places else (series.count, [], 0, None)
    if not is_first:
        return slices
    found, first = reading.findings, series.first
    step = step or first.between or first.thickness
    missing = sum(count for _, count in gaps)
    found["files"] = len(series.headers)
    if twins:
        found["duplicates"] = twins
        reading.say(f"{_plural(twins, 'slice')} of the CBCT came twice; that does no harm.")
    if gaps:
        found |= {"gaps": len(gaps), "missing": missing, "gap_after_mm": _rounded(gaps[0][0])}
        reading.say(
            f"{_plural(missing, 'slice')} of the CBCT {'is' if missing == 1 else 'are'} missing, "
            f"the first after {_rounded(gaps[0][0])} mm. Please export the whole series again."
        )
    if first.spacing and step:
        row, column = first.spacing
        found["voxel_mm"] = [_rounded(column), _rounded(row), _rounded(step)]
        size = (first.columns * column, first.rows * row, (slices + missing) * step)
        found["fov_mm"] = [_rounded(side) for side in size]
    if (tilt := series.tilt()) > 1:
        found["tilt_degrees"] = round(tilt, 1)
        reading.say("The slices lean against their own direction: a tilted gantry.")
    return slices


def _steps(places):
    """Slices without twins, gaps as (place before, slices missing), twins, and the usual step."""
    apart = [places[0]]
    for place in places[1:]:
        if place - apart[-1] > _SAME:
            apart.append(place)
    steps = [after - before for before, after in itertools.pairwise(apart)]
    usual = median(steps) if steps else None
    gaps = [
        (before, round(step / usual) - 1)
        for before, step in zip(apart, steps, strict=False)
        if step > _GAP * usual
    ]
    return len(apart), gaps, len(places) - len(apart), usual


def _rounded(number):
    return round(number, 4) + 0.0


def _describe(reading, series):
    found = reading.findings
    text = f"CBCT, {_plural(_total(found['volume_slices']), 'slice')}"
    if voxel := found.get("voxel_mm"):
        text += f", voxels of {' × '.join(f'{side:g}' for side in _unless_equal(voxel))} mm"
        text += f", field of view {' × '.join(f'{side:.0f}' for side in found['fov_mm'])} mm"
    reading.sentences.insert(0, text + ".")


def _unless_equal(sides):
    return sides[:1] if max(sides) - min(sides) < 0.005 else sides


def _total(count):
    return sum(count) if isinstance(count, list) else count


def _of_flat():
    reading = Reading(Kind.XRAY)
    reading.say("This is a flat x-ray picture, not a CBCT. Please send the CBCT as well.")
    return reading


def _of_other(series):
    first = series.first
    reading = Reading(Kind.DICOM, {"frames": series.count, "rows": first.rows})
    reading.say(f"This is DICOM of another kind ({first.sop_name or first.modality}), not a CBCT.")
    return reading


def _without_images(headers):
    first = headers[0]
    if what := _INSIDE.get(first.sop):
        reading = Reading(Kind.IN_DICOM, {"inside": what})
        reading.say(f"This DICOM file holds a document ({what}), not a CBCT.")
    else:
        reading = Reading(Kind.DICOM, {"frames": 1, "rows": 0})
        what = _NO_IMAGES.get(first.modality, "no images")
        reading.say(f"This DICOM file holds {what}, and is not a CBCT.")
    _identify(reading, headers)
    return reading


def _identify(reading, headers):
    """Whose it is, when and by what it was taken, and how it is packed; as most files say."""
    found = reading.findings
    for name in ("modality", "maker", "model", "syntax", "birth"):
        if value := _most(headers, name):
            found[name] = value
    if sop := _most(headers, "sop_name"):
        found["sop"] = sop
    if date := _most(headers, "study_date"):
        found["study"] = date
    patients = list(dict.fromkeys(header.patient for header in headers if header.patient))
    if patients:
        found["patient"] = patients[0]
    if not all(header.is_charset_known for header in headers):
        found["charset"] = "not declared"
    if len(patients) > 1:
        found["patients"] = patients
        reading.say("There are two patients in one archive. Please look which one belongs here.")
    births = list(dict.fromkeys(header.birth for header in headers if header.birth))
    if len(patients) == 1 and len(births) > 1:
        found["births"] = births
        reading.say("Two studies of one name have two dates of birth.")
    if cut := sum(header.is_cut_off for header in headers):
        found["cut_off"] = cut
        reading.say(f"{_plural(cut, 'file')} ended too early. Please export and send them again.")
    if any(header.is_lossy for header in headers):
        found["lossy"] = True
        reading.say(
            "The pictures were compressed with a loss. Please export them without compression."
        )


def _most(headers, name):
    values = Counter(value for header in headers if (value := getattr(header, name)))
    return values.most_common(1)[0][0] if values else None


def _plural(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
