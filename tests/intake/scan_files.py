"""Surface scans as scanners write them: half a ring of triangles, of the size of a jaw."""

import base64
import itertools
import math
import struct

STEPS = 26  # two triangles each
JAW = (73.0, 53.0, 12.0)


def triangles(size=JAW, steps=STEPS):
    """A strip along half an ellipse, as tuples of three points, in mm."""
    width, depth, height = size
    ring = [
        (width / 2 * math.cos(angle), depth * math.sin(angle))
        for angle in (math.pi * step / steps for step in range(steps + 1))
    ]
    strip = []
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        low, high = ((x1, y1, 0.0), (x2, y2, 0.0)), ((x1, y1, height), (x2, y2, height))
        strip += [(low[0], low[1], high[0]), (low[1], high[1], high[0])]
    return strip


def scaled(strip, factor):
    return [tuple(tuple(part * factor for part in point) for point in one) for one in strip]


def moved(strip, by):
    return [tuple((x + by, y, z) for x, y, z in one) for one in strip]


def binary_stl(strip, head=b"", word=0, count=None, behind=b""):
    rows = b"".join(
        struct.pack("<12fH", 0, 0, 1, *(part for point in one for part in point), word)
        for one in strip
    )
    return head.ljust(80, b"\0")[:80] + struct.pack("<I", count or len(strip)) + rows + behind


def text_stl(strip, word="solid", line_end="\n"):
    lines = [f"{word} jaw"]
    for one in strip:
        lines += ["facet normal 0 0 1", "outer loop"]
        lines += [f"vertex {x:e} {y:e} {z:e}" for x, y, z in one]
        lines += ["endloop", "endfacet"]
    text = line_end.join([*lines, f"end{word} jaw", ""])
    return (text.upper() if word.isupper() else text).encode()


def _indexed(strip):
    points = list(dict.fromkeys(point for one in strip for point in one))
    number = {point: index for index, point in enumerate(points)}
    return points, [[number[point] for point in one] for one in strip]


def ply(strip, format="binary_little_endian", has_colour=False, comment="", line_end="\n"):
    points, faces = _indexed(strip)
    colours = [f"property uchar {name}" for name in ("red", "green", "blue")] if has_colour else []
    head = [
        "ply",
        f"format {format} 1.0",
        *([f"comment {comment}"] if comment else []),
        f"element vertex {len(points)}",
        *(f"property float {axis}" for axis in "xyz"),
        *colours,
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    ]
    return line_end.join(head).encode() + _ply_body(points, faces, format, has_colour)


def _ply_body(points, faces, format, has_colour):
    colour = (200, 150, 150) if has_colour else ()
    if format == "ascii":
        rows = [*((*point, *colour) for point in points), *((len(face), *face) for face in faces)]
        return "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()
    order = ">" if format == "binary_big_endian" else "<"
    body = b"".join(struct.pack(f"{order}3f{len(colour)}B", *each, *colour) for each in points)
    return body + b"".join(struct.pack(f"{order}B{len(f)}i", len(f), *f) for f in faces)


def obj(faces, points, has_colour=False):
    colour = " 0.8 0.6 0.6" if has_colour else ""
    lines = [f"v {x} {y} {z}{colour}" for x, y, z in points]
    return "\n".join([*lines, *("f " + " ".join(map(str, face)) for face in faces), ""]).encode()


def hps(strip, schema="CA"):
    """3Shape's own, without the triangles' order, that nothing here reads."""
    points, faces = _indexed(strip)
    raw = b"".join(struct.pack("<3f", *point) for point in points)
    return (
        f'<HPS version="1.1"><Packed_geometry><Schema>{schema}</Schema><Binary_data>'
        f'<{schema} version="1.0"><Facets facet_count="{len(faces)}" '
        f'base64_encoded_bytes="0"></Facets><Vertices vertex_count="{len(points)}" '
        f'base64_encoded_bytes="{len(raw)}">{base64.b64encode(raw).decode()}</Vertices>'
        f"</{schema}></Binary_data></Packed_geometry></HPS>"
    ).encode()
