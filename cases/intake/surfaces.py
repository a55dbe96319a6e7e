"""Surface scans: STL (binary and text), PLY, OBJ and 3Shape's HPS, as points and triangles.

Open edges are normal: a scan ends at the gum. Files carry no unit, so it is taken from the size of
a jaw; sizes are in mm after that.
"""

import base64
import re
from dataclasses import dataclass

import numpy as np

from cases.intake.names import arch_of, scanner_of
from cases.intake.reading import Kind, Reading, Unreadable

MAX_TEXT = 1 << 30
_VERTEX = re.compile(rb"^\s*vertex\s+(\S+)\s+(\S+)\s+(\S+)", re.I | re.M)
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("points", "<f4", (3, 3)), ("word", "<u2")])
# The longest side of a jaw, of a quadrant and of a scan body, as written in these units.
_UNITS = (("metres", 0.0005, 0.2, 1000.0), ("micrometres", 5_000, 300_000, 0.001))

CUT_OFF = "This scan ends too early: the file was cut off. Please export and send it again."
NOTHING_IN_IT = "This scan is empty: there is no triangle in it. Please export it again."
NOT_NUMBERS = (
    "Some points of this scan are no numbers: the file is damaged. Please export it again."
)


@dataclass
class Mesh:
    """Points of a scan and its triangles, as rows of three indices of `points`.

    Of an STL the points of each triangle follow each other, and `triangles` is None.
    """

    points: np.ndarray
    triangles: np.ndarray | None
    count: int
    faces: int
    format: str
    has_colour: bool = False
    is_cut_off: bool = False
    bytes_behind: int = 0
    endian: str = ""
    texture: str = ""
    # The points are only the corners of its box.
    is_outline: bool = False


def read(data: memoryview | bytes, name: str) -> Reading:
    """What a scan is, from all its bytes. Raises Unreadable for what is no scan of a known kind."""
    if reading := _read_hps(bytes(data[:2048]), data):
        return reading
    return reading_of(mesh_of(data), name)


def by_head(head: bytes, name: str, size: int) -> Reading | None:
    """Of a scan of so many bytes of which only the first are here: what these say of it."""
    if _HPS_HEAD.search(head[:2048]):
        return _of_hps(head)
    if head.startswith((b"ply\n", b"ply\r")):
        return _of_ply_head(head, name)
    head = head[:1024]
    formats = {"STL": _is_binary_stl(head, size), "STL (text)": _is_text_stl(head)}
    formats["OBJ"] = is_obj(head)
    format = next((format for format, is_it in formats.items() if is_it), None)
    return _begun(name, format) if format else None


def _of_ply_head(head, name):
    try:
        format, elements, texture = _ply_elements(_ply_head(head)[0])
    except Unreadable:
        return _begun(name, "PLY")
    has_colour = _has_colour(elements.get("vertex", (0, []))[1])
    return _begun(name, "PLY", _ENDIANS.get(format, "little"), has_colour, texture)


def _begun(name, format, endian="", has_colour=False, texture=""):
    """What a scan says of itself at its beginning, and its name."""
    reading = Reading(Kind.SCAN, {"format": format})
    found = reading.findings
    if endian:
        found["endian"] = endian
    if has_colour:
        found["colour"] = True
    if texture:
        found["texture"] = texture
        reading.say(f"Its colours are in another file, {texture}, that may not be here.")
    found |= _named(name)
    return reading


def _named(name):
    found = {"scanner": scanner_of(name), "arch": arch_of(name)}
    return {what: value for what, value in found.items() if value}


def mesh_of(data) -> Mesh:
    """The mesh in these bytes. Raises Unreadable."""
    head = bytes(data[:1024])
    if head.startswith((b"ply\n", b"ply\r")):
        return _ply(data)
    if _is_binary_stl(head, len(data)):
        return _binary_stl(data)
    if _is_text_stl(head):
        return _text_stl(data)
    if is_obj(head):
        return _obj(data)
    raise Unreadable("This is not a surface scan that can be read.")


def _is_binary_stl(head, size):
    """By its size, or where text cannot be: a name in the head may begin with "solid"."""
    if size < 84:
        return False
    count = int.from_bytes(head[80:84], "little")
    if size == 84 + 50 * count:
        return True
    return not _is_text_stl(head) and 0 < count < 1 << 26 and b"\0" in head and size > 84


def _is_text_stl(head):
    return head.lstrip()[:5].lower() == b"solid" and b"\0" not in head


def is_obj(head: bytes) -> bool:
    words = {b"v", b"vn", b"vt", b"f", b"o", b"g", b"s", b"mtllib", b"usemtl"}
    lines = [line.split(maxsplit=1) for line in head.splitlines()]
    found = {line[0] for line in lines if line}
    return b"\0" not in head and b"v" in found and bool(found & words)


def _binary_stl(data):
    count = int.from_bytes(bytes(data[80:84]), "little")
    there = min(count, (len(data) - 84) // 50)
    rows = np.frombuffer(data, _TRIANGLE, there, 84)
    head = bytes(data[:80])
    # VisCAM and SolidView set the top bit of the word, Magics names COLOR= in the head.
    has_colour = b"COLOR=" in head or bool(there and (rows["word"] & 0x8000).any())
    behind = len(data) - 84 - 50 * count
    return Mesh(
        rows["points"].reshape(-1, 3),
        None,
        there,
        there,
        "STL",
        has_colour=has_colour,
        is_cut_off=there < count,
        bytes_behind=max(behind, 0),
    )


def _text_stl(data):
    text = bytes(data[:MAX_TEXT])
    points = _numbers(_VERTEX.findall(text))
    count = len(points) // 3
    is_whole = re.search(rb"endsolid", text[-4096:], re.I) and len(points) % 3 == 0
    return Mesh(points[: 3 * count], None, count, count, "STL (text)", is_cut_off=not is_whole)


def _numbers(rows):
    """Rows of words as numbers; a word that is none becomes NaN."""
    try:
        return np.array(rows, dtype="S32").astype("f8").reshape(-1, 3).astype("f4")
    except ValueError:
        return np.array([[_number(word) for word in row] for row in rows], "f4").reshape(-1, 3)


def _number(word):
    try:
        return float(word)
    except ValueError:
        return float("nan")


_PLY_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2",
    "ushort": "u2", "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
_COLOURS = {"red", "r", "diffuse_red"}
_ENDIANS = {"ascii": "", "binary_big_endian": "big"}


def _ply(data):
    head, start = _ply_head(data)
    format, elements, texture = _ply_elements(head)
    vertices, faces = elements.get("vertex"), elements.get("face")
    if vertices is None or next(iter(elements)) != "vertex":
        raise Unreadable("This PLY file has no points.")
    if format == "ascii":
        points, polygons, is_cut = _ply_text(bytes(data[start:MAX_TEXT]), vertices, faces)
    else:
        order = ">" if format == "binary_big_endian" else "<"
        points, polygons, is_cut = _ply_binary(data, start, order, vertices, faces)
    return Mesh(
        points,
        _fanned(polygons),
        sum(max(len(polygon) - 2, 0) for polygon in polygons)
        if isinstance(polygons, list)
        else len(polygons),
        len(polygons),
        "PLY",
        has_colour=_has_colour(vertices[1]),
        is_cut_off=is_cut,
        endian=_ENDIANS.get(format, "little"),
        texture=texture,
    )


def _has_colour(properties):
    return bool(_COLOURS & {name for name, _ in properties})


def _ply_head(data):
    head = bytes(data[: 1 << 16])
    found = re.search(rb"end_header[ \t]*(\r\n|\r|\n)", head)
    if not found:
        raise Unreadable(CUT_OFF)
    return head[: found.start()].decode("latin-1"), found.end()


def _ply_elements(head):
    """The format, and of each element how many and which properties: a type, or two of a list."""
    format, elements, texture, current = "", {}, "", None
    for line in head.splitlines():
        match line.split():
            case ["format", named, *_]:
                format = named
            case ["comment", word, *rest] if word.lower() == "texturefile":
                texture = " ".join(rest)
            case ["element", name, count]:
                current = []
                elements[name] = (_counted(count), current)
            case ["property", "list", counts, kind, name] if current is not None:
                current.append((name, (_ply_type(counts), _ply_type(kind))))
            case ["property", kind, name] if current is not None:
                current.append((name, _ply_type(kind)))
    if format not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise Unreadable("This PLY file has an unknown format.")
    return format, elements, texture


def _counted(text):
    if not text.isdecimal() or len(text) > 10:
        raise Unreadable("This PLY file says a wrong number of points.")
    return int(text)


def _ply_type(name):
    if name not in _PLY_TYPES:
        raise Unreadable("This PLY file has values of an unknown kind.")
    return _PLY_TYPES[name]


def _ply_binary(data, start, order, vertices, faces):
    count, properties = vertices
    if any(isinstance(kind, tuple) for _, kind in properties):
        raise Unreadable("This PLY file has points of an unknown kind.")
    row = np.dtype([(name, order + kind) for name, kind in properties])
    there = min(count, (len(data) - start) // row.itemsize)
    rows = np.frombuffer(data, row, there, start)
    points = _xyz(rows, row)
    if there < count or not faces:
        return points, [], there < count
    polygons, is_cut = _ply_faces(data, start + there * row.itemsize, order, faces)
    return points, polygons, is_cut


def _xyz(rows, row):
    if not {"x", "y", "z"} <= set(row.names):
        raise Unreadable("This PLY file has no points.")
    return np.stack([rows[axis].astype("f4") for axis in "xyz"], axis=-1)


def _ply_faces(data, start, order, faces):
    """Triangles as an array where all are, otherwise polygons of any size as a list."""
    count, properties = faces
    fast = _all_triangles(data, start, order, count, properties)
    if fast is not None:
        return fast, False
    polygons, at = [], start
    for _ in range(count):
        polygon = None
        for name, kind in properties:
            values, at = _ply_value(data, at, order, kind)
            if values is None:
                return polygons, True
            if name in ("vertex_indices", "vertex_index"):
                polygon = values
        if polygon is not None:
            polygons.append(polygon)
    return polygons, False


def _all_triangles(data, start, order, count, properties):
    fields = []
    for name, kind in properties:
        if not isinstance(kind, tuple):
            fields.append((name, order + kind))
        elif name in ("vertex_indices", "vertex_index"):
            fields += [("n", order + kind[0]), ("corners", order + kind[1], 3)]
        else:
            return None
    row = np.dtype(fields)
    if "n" not in row.names or len(data) - start < count * row.itemsize:
        return None
    rows = np.frombuffer(data, row, count, start)
    return rows["corners"].astype("i8") if (rows["n"] == 3).all() else None


def _ply_value(data, at, order, kind):
    if not isinstance(kind, tuple):
        size = np.dtype(kind).itemsize
        return (None, at) if at + size > len(data) else ((), at + size)
    counts, values = np.dtype(order + kind[0]), np.dtype(order + kind[1])
    if at + counts.itemsize > len(data):
        return None, at
    n = int(np.frombuffer(data, counts, 1, at)[0])
    at += counts.itemsize
    if n < 0 or at + n * values.itemsize > len(data):
        return None, at
    return np.frombuffer(data, values, n, at).astype("i8").tolist(), at + n * values.itemsize


def _ply_text(text, vertices, faces):
    lines = [line.split() for line in text.splitlines() if line.strip()]
    count, properties = vertices
    names = [name for name, _ in properties]
    if not {"x", "y", "z"} <= set(names):
        raise Unreadable("This PLY file has no points.")
    axes = [names.index(axis) for axis in "xyz"]
    rows = [[line[axis] if axis < len(line) else b"nan" for axis in axes] for line in lines[:count]]
    wanted = faces[0] if faces else 0
    polygons = [
        [int(index) for index in line[1 : 1 + int(line[0])]]
        for line in lines[count : count + wanted]
        if all(word.lstrip(b"-").isdigit() for word in line[: 1 + _small(line[0])])
    ]
    is_cut = len(rows) < count or len(lines) - count < wanted
    return _numbers(rows), polygons, is_cut


def _small(word):
    return int(word) if word.isdigit() and len(word) < 4 else 0


def _obj(data):
    """Faces of any number of corners, and colours behind the points as scanners write them."""
    points, polygons, has_colour = [], [], False
    for line in bytes(data[:MAX_TEXT]).splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == b"v":
            points.append((words + [b"nan"] * 3)[1:4])
            has_colour = has_colour or len(words) >= 7
        elif words[0] == b"f":
            polygons.append([_obj_index(word, len(points)) for word in words[1:]])
    return Mesh(
        _numbers(points),
        _fanned(polygons),
        sum(max(len(polygon) - 2, 0) for polygon in polygons),
        len(polygons),
        "OBJ",
        has_colour=has_colour,
    )


def _obj_index(word, count):
    """From 1, or from the end where negative."""
    text = word.split(b"/")[0]
    if not text.lstrip(b"-").isdigit() or len(text) > 10:
        return -1
    number = int(text)
    return count + number if number < 0 else number - 1


def _fanned(polygons):
    """Polygons as triangles around their first corner."""
    if isinstance(polygons, np.ndarray):
        return polygons
    fans = [
        (polygon[0], polygon[n], polygon[n + 1])
        for polygon in polygons
        for n in range(1, len(polygon) - 1)
    ]
    return np.array(fans, "i8").reshape(-1, 3)


def reading_of(mesh: Mesh, name: str) -> Reading:
    """What a mesh is that was sent under this name; of an outline, not how it hangs together."""
    reading = _begun(name, mesh.format, mesh.endian, mesh.has_colour, mesh.texture)
    reading.findings["triangles"] = mesh.count
    if mesh.faces != mesh.count:
        reading.findings["faces"] = mesh.faces
    if not mesh.count:
        reading.kind = Kind.SCAN_EMPTY
        reading.say(NOTHING_IN_IT)
        return reading
    _look_for_damage(mesh, reading)
    _measure(mesh, reading)
    return reading


def _look_for_damage(mesh, reading):
    finite = np.isfinite(mesh.points).all(axis=1)
    if not finite.all():
        reading.kind = Kind.SCAN_DAMAGED
        reading.findings["nan"] = True
        reading.say(NOT_NUMBERS)
    if mesh.is_cut_off:
        reading.kind = Kind.SCAN_DAMAGED
        reading.findings["cut_off"] = True
        reading.say(CUT_OFF)
    if mesh.bytes_behind:
        reading.findings["bytes_behind"] = mesh.bytes_behind
    if _names_wrong_points(mesh):
        reading.kind = Kind.SCAN_DAMAGED
        reading.findings["wrong_points"] = True
        reading.say("Some triangles of this scan name points that are not in it.")


def _names_wrong_points(mesh):
    named = mesh.triangles
    if named is None or not len(named):
        return False
    return bool(named.min() < 0 or named.max() >= len(mesh.points))


def _measure(mesh, reading):
    points = mesh.points[np.isfinite(mesh.points).all(axis=1)]
    if not len(points):
        return
    found = reading.findings
    size = (points.max(axis=0).astype("f8") - points.min(axis=0)).tolist()
    unit, factor = unit_of(max(size))
    found["unit"] = unit
    if factor != 1:
        found["size_as_written"] = [round(side, 4) for side in size]
        reading.say(f"This scan was written in {unit}; it is taken for a jaw in millimetres.")
    found["size_mm"] = [round(side * factor, 4) for side in size]
    if found.get("wrong_points"):
        return
    if not mesh.is_outline:
        shells, open_edges = shells_of(mesh)
        found["shells"] = shells
        found["open_edges"] = open_edges > 0
    reading.sentences.insert(0, _described(found))


def _described(found):
    part = {"upper": "Upper scan", "lower": "Lower scan", "bite": "Bite scan"}.get(
        found.get("arch"), "Surface scan"
    )
    size = " × ".join(f"{side:.0f}" for side in found["size_mm"])
    return f"{part}, {found['triangles']:,} triangles, {size} mm."


def unit_of(longest: float) -> tuple[str, float]:
    """The unit in which a jaw, or a part of one, is so long, and the factor to millimetres."""
    for unit, least, most, factor in _UNITS:
        if least <= longest < most:
            return unit, factor
    return "mm", 1.0


def shells_of(mesh: Mesh) -> tuple[int, int]:
    """How many parts hang together by their corners, and how many edges belong to one triangle."""
    points = np.ascontiguousarray(mesh.points.astype("f4") + 0.0)
    keys = points.view([("", "f4")] * 3).reshape(-1)
    _, welded = np.unique(keys, return_inverse=True)
    corners = welded.reshape(-1, 3) if mesh.triangles is None else welded[mesh.triangles]
    corners = corners.astype("i8")
    return _parts(corners), _open_edges(corners)


def _open_edges(corners):
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]))
    edges = edges[edges[:, 0] != edges[:, 1]]
    keys = edges[:, 0] * (int(corners.max()) + 1) + edges[:, 1]
    _, counts = np.unique(keys, return_counts=True)
    return int((counts == 1).sum())


def _parts(corners):
    """Connected components: each point takes the smallest number that it can reach."""
    label = np.arange(int(corners.max()) + 1)
    while True:
        least = label[corners].min(axis=1)
        new = label.copy()
        for column in range(3):
            np.minimum.at(new, corners[:, column], least)
        new = new[new]
        if (new == label).all():
            break
        label = new
    return len(np.unique(label[np.unique(corners)]))


_HPS_HEAD = re.compile(rb"<HPS\b|<Packed_geometry\b")
_SCHEMA = re.compile(rb"<Schema>\s*(\w+)\s*</Schema>")
_COUNT = {
    "vertices": re.compile(rb"<Vertices\b[^>]*\bvertex_count=\"(\d+)\""),
    "triangles": re.compile(rb"<Facets\b[^>]*\bfacet_count=\"(\d+)\""),
}
_POINTS = re.compile(rb"<Vertices\b[^>]*>([A-Za-z0-9+/=\s]*)</Vertices>")


def _read_hps(head, data):
    """3Shape's packed scan: numbers from its XML; points where they are not encrypted."""
    if not _HPS_HEAD.search(head):
        return None
    text = bytes(data[:MAX_TEXT])
    reading = _of_hps(text)
    points = _hps_points(text)
    if len(points):
        size = points.max(axis=0).astype("f8") - points.min(axis=0)
        reading.findings["size_mm"] = [round(float(side), 4) for side in size]
    if not reading.findings.get("triangles"):
        reading.kind = Kind.SCAN_DAMAGED
        reading.say(CUT_OFF)
    return reading


def _of_hps(text):
    """What as much of its XML as is here says: a schema, and how many points and triangles."""
    reading = Reading(Kind.SCAN_3SHAPE)
    found = reading.findings
    schema = _SCHEMA.search(text)
    found["format"] = f"HPS, schema {schema[1].decode()}" if schema else "HPS"
    for name, pattern in _COUNT.items():
        if number := pattern.search(text):
            found[name] = int(number[1])
    if schema and schema[1] == b"CE":
        found["encrypted"] = True
    if found.get("triangles"):
        reading.say(f"3Shape scan, {found['triangles']:,} triangles.")
    return reading


def _hps_points(text):
    """Its points, unless they are encrypted."""
    schema, found = _SCHEMA.search(text), _POINTS.search(text)
    if not found or not schema or schema[1] != b"CA":
        return np.empty((0, 3))
    try:
        raw = base64.b64decode(found[1])
    except ValueError:
        return np.empty((0, 3))
    points = np.frombuffer(raw[: len(raw) // 12 * 12], "<f4").reshape(-1, 3)
    return points[np.isfinite(points).all(axis=1)]
