"""What a browser read at the beginning of chosen files, as the readers of whole files say it.

A browser sends raw beginnings, and of slices where each lies (static/js/intake/look.js); what they
mean is decided here, by the same functions that read the whole file afterwards. What came from a
browser is never trusted with more than a line on the page of who sent it.
"""

import base64
import io
import math
from dataclasses import replace

import numpy as np

from cases.intake import dicom, invivo, reader, series, surfaces
from cases.intake.reading import Kind, Reading
from cases.intake.surfaces import Mesh

MOST_GROUPS = 600
MOST_SLICES = 20_000
MOST_PLACES = 50_000  # Of all frames of all slices.
MOST_FILES = 100
LONGEST_HEAD = 1 << 20
LONGEST_NAME = 1000
# It is unpacked as a whole when it is read, here outside the limits of a reader's process; what
# reads it in a browser gives none.
_DEFLATED = b"1.2.840.10008.1.2.1.99"


def reading_of(heads: dict) -> Reading:
    """What chosen files are that are sent as one.

    `heads`: `container` ("zip" or ""), `name`, `locked`, `unread` and `entries` (numbers of
    files), `dicom` (headers that slices share: `head` in base64 and `members`, each with its name,
    its size and its ImagePositionPatient) and `files` (others: `name`, `size`, `head` in base64,
    and of an STL its `mesh`). Raises ValueError for what says nothing or is no such thing.
    """
    try:
        name, container = _text(heads["name"]), heads["container"]
        headers = _headers(heads["dicom"])
        files = [_file(one) for one in heads["files"][:MOST_FILES]]
        if container == "":
            return _of_single(name, headers, files)
        return _of_archive(name, headers, files, heads)
    except (TypeError, KeyError, AttributeError, IndexError, OverflowError, *dicom.FAULTS) as fault:
        raise ValueError("These heads cannot be understood.") from fault


def _text(value):
    return str(value)[:LONGEST_NAME]


def _bytes(text):
    return base64.b64decode(text[: 2 * LONGEST_HEAD], validate=True)[:LONGEST_HEAD]


def _headers(groups):
    headers, places = [], 0
    for group in groups[:MOST_GROUPS]:
        head, members = _bytes(group["head"]), group["members"]
        stream = io.BytesIO(head)
        shared = None if _DEFLATED in head else dicom.read_header(stream)
        if shared is None:
            raise ValueError("no header")
        for name, size, position in members[: MOST_SLICES - len(headers)]:
            header = replace(shared, member=_text(name))
            header.positions = _positions(position) or shared.positions
            header.is_cut_off = dicom.is_cut_off(header, int(size) - stream.tell())
            headers.append(header)
            places += len(header.positions)
            if places > MOST_PLACES:
                raise ValueError("more frames than any volume has")
    return [header for header in headers if header.sop != reader.DIRECTORY]


def _positions(text):
    numbers = [float(number) for number in str(text).split("\\")] if text else []
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        return []
    return [tuple(numbers)]


def _file(said):
    """A chosen file that is no slice: its name, and what it is as far as its beginning shows."""
    name, head = _text(said["name"]), _bytes(said["head"])[: reader.HEAD]
    return name, head, _reading(name, head, int(said["size"]), said["mesh"])


def _reading(name, head, size, mesh):
    if size == 0:
        return reader.nothing()
    if reading := reader.by_head(head, name):
        return reading
    if reader.container_of(head) or dicom.looks_like_dicom(head) or reader.may_be_dicom(name, head):
        # The server opens it.
        return None
    if mesh:
        return surfaces.reading_of(_outline(mesh), name)
    if reader.pictures.is_picture(head):
        return Reading(Kind.PHOTO)
    if reader.pictures.is_pdf(head):
        return Reading(Kind.DOCUMENT, {"format": "pdf"})
    return invivo.read(head) or surfaces.by_head(head, name, size) or reader.unknown(name)


def _outline(mesh):
    corners = [[0.0] * 3] if mesh["box"] is None else np.array(mesh["box"], "f8").reshape(2, 3)
    with np.errstate(over="ignore"):
        points = np.array([*corners, *([[math.nan] * 3] if mesh["nan"] else [])], "f4")
    count = max(int(mesh["count"]), 0)
    is_cut_off = count < int(mesh["declared"])
    behind = max(int(mesh["behind"]), 0)
    return Mesh(
        points,
        None,
        count,
        count,
        "STL (text)" if mesh["format"] == "STL (text)" else "STL",
        is_cut_off=is_cut_off,
        bytes_behind=behind,
        is_outline=True,
    )


def _of_single(name, headers, files):
    if headers:
        return series.reading_of(headers[:1])
    [(_, _, reading)] = files
    if reading is None:
        raise ValueError("only the server can open it")
    return reading


def _of_archive(name, headers, files, heads):
    count = int(heads["locked"])
    if count and not headers and not files:
        return reader.locked(count)
    found = reader.Found()
    found.entries = int(heads["entries"])
    found.headers = headers
    is_whole = not int(heads["unread"]) and len(heads["files"]) == len(files)
    for member, head, reading in files:
        is_whole = is_whole and reading is not None
        _sort(found, member, head, reading)
    # What was not read could be the scan that seems to be missing.
    if not is_whole and not found.headers:
        raise ValueError("only the server can open all of it")
    reading = reader.gathered(found, "zip", name)
    if not all("triangles" in scan.findings for _, scan in found.scans):
        reading.findings.pop("triangles", None)
    return reading


_SCANS = {Kind.SCAN, Kind.SCAN_3SHAPE, Kind.SCAN_EMPTY, Kind.SCAN_DAMAGED}


def _sort(found, name, head, reading):
    last = name.replace("\\", "/").rpartition("/")[2]
    if reading and reading.kind in _SCANS:
        found.scans.append((last, reading))
    elif reader.pictures.is_picture(head):
        found.pictures.append(last)
    else:
        found.also.append(last)
