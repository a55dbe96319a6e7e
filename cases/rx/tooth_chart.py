"""Where each tooth is drawn: pure geometry, the same for the RX script and the form.

Two horseshoes as the dentist sees the patient: the patient's right is on the left, the upper jaw
above the lower. Primary teeth lie in smaller horseshoes inside. Crowns are drawn from above, with
widths and depths after Wheeler's averages in mm; lower incisors are a little wider than in life,
so that a finger can hit them and two numbers do not touch.
"""

from bisect import bisect
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import cos, dist, hypot, pi, sin

from cases import teeth

WIDTH = 424
HEIGHT = 502
VIEW_BOX = f"0 0 {WIDTH} {HEIGHT}"

Point = tuple[float, float]
Line = tuple[Point, ...]

STEPS = 400  # straight pieces a horseshoe is measured in
CROWN_SHARE = 0.96  # of its place; the rest is the line between neighbours
EXTRA_SIZE = 7  # mm, a supernumerary tooth
RING_HEIGHT = 19
LABEL_SIZES = {"universal": 15, "fdi": 15, "palmer": 12.5}  # fonts that keep labels apart
RING_BASE = 9
RING_PER_CHARACTER = 7

# Points of half a turn in units of half the crown's width (x, mesial is +) and half its depth
# (y, towards the cheek or lip is +).
OUTLINES = {
    "incisor": (
        (0.93, 0.42), (0.6, 0.82), (0, 0.96), (-0.62, 0.8), (-0.93, 0.36),
        (-0.72, -0.3), (-0.36, -0.84), (0, -0.96), (0.36, -0.84), (0.72, -0.3),
    ),
    "canine": (
        (0.9, 0.08), (0.58, 0.66), (0, 1), (-0.6, 0.62), (-0.92, 0),
        (-0.58, -0.62), (0, -0.96), (0.56, -0.62),
    ),
    "premolar": (
        (0.88, 0.22), (0.7, 0.74), (0, 1), (-0.72, 0.74), (-0.9, 0.2),
        (-0.8, -0.36), (-0.56, -0.86), (0, -1), (0.54, -0.86), (0.78, -0.36),
    ),
    "molar": (
        (0.93, 0.1), (0.88, 0.68), (0.46, 0.99), (0, 0.86), (-0.46, 0.97), (-0.87, 0.64),
        (-0.95, 0.04), (-0.88, -0.62), (-0.48, -0.96), (0, -0.87), (0.46, -0.98), (0.87, -0.64),
    ),
    "supernumerary": tuple((cos(turn * pi / 4), sin(turn * pi / 4)) for turn in range(8)),
}  # fmt: skip

# The edge, ridge or grooves that tell the crowns apart, as open lines in the same units.
DETAILS = {
    "incisor": (((0.62, 0.4), (0, 0.54), (-0.62, 0.37)),),
    "canine": (((0.56, 0.06), (0, 0.44), (-0.56, 0.02)),),
    "premolar": (((0.5, 0.16), (0.26, -0.06), (-0.26, -0.06), (-0.5, 0.16)),),
    "molar": (
        ((0.58, 0.14), (0.24, -0.04), (-0.2, 0.02), (-0.58, -0.1)),
        ((0.24, -0.04), (0.04, 0.56)),
        ((-0.2, 0.02), (-0.04, -0.56)),
    ),
    "supernumerary": (),
}


@dataclass(frozen=True)
class Crown:
    """A tooth seen from above: width along the arch and depth across it, in mm."""

    form: str
    width: float
    depth: float


# From the midline outwards.
CROWNS = {
    ("upper", "permanent"): (
        Crown("incisor", 8.7, 7.2), Crown("incisor", 7, 6.6), Crown("canine", 7.8, 8.2),
        Crown("premolar", 7.2, 9.2), Crown("premolar", 7, 9), Crown("molar", 10.2, 11),
        Crown("molar", 9.6, 10.8), Crown("molar", 8.6, 9.8),
    ),
    ("lower", "permanent"): (
        Crown("incisor", 6.8, 6.4), Crown("incisor", 6.9, 6.6), Crown("canine", 7.3, 8),
        Crown("premolar", 7.2, 8), Crown("premolar", 7.4, 8.4), Crown("molar", 11, 10.4),
        Crown("molar", 10.4, 10.2), Crown("molar", 9.4, 9.4),
    ),
    ("upper", "primary"): (
        Crown("incisor", 6.6, 5.4), Crown("incisor", 5.8, 5), Crown("canine", 6.6, 6.2),
        Crown("molar", 7.2, 7.6), Crown("molar", 8.4, 8.6),
    ),
    ("lower", "primary"): (
        Crown("incisor", 5.6, 5), Crown("incisor", 5.8, 5), Crown("canine", 6.4, 6),
        Crown("molar", 7.8, 7.2), Crown("molar", 9, 8.2),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Horseshoe:
    """Half an ellipse with its opening towards the other jaw, in units of the view box."""

    half_width: float
    height: float
    opening: float
    label_gap: float

    def point(self, turn: float, direction: int) -> Point:
        """The point at `turn` (0 patient's right end … pi left end); direction -1 up, 1 down."""
        return (
            WIDTH / 2 - self.half_width * cos(turn),
            HEIGHT / 2 + direction * (self.opening + self.height * sin(turn)),
        )


HORSESHOES = {
    "permanent": Horseshoe(half_width=150, height=182, opening=22, label_gap=4),
    "primary": Horseshoe(half_width=80, height=96, opening=30, label_gap=2),
}
DIRECTIONS = {"upper": -1, "lower": 1}


@dataclass(frozen=True)
class Spot:
    """A crown's place: its middle, the unit vectors to mesial and outwards, units for a mm."""

    x: float
    y: float
    mesial: Point
    outward: Point
    scale: float

    def at(self, along: float, out: float) -> Point:
        """The point `along` units to mesial and `out` units outwards of the middle."""
        return (
            self.x + along * self.mesial[0] + out * self.outward[0],
            self.y + along * self.mesial[1] + out * self.outward[1],
        )


def chart(selected: Collection[str], numbering: str) -> list[dict]:
    """Return a shape for each tooth, row by row as in `teeth.CHART_ROWS`.

    `selected` holds canonical codes, `numbering` is one of `teeth.NUMBERINGS`. The 52 teeth come
    always; a supernumerary one only when selected, inside of the tooth it is counted by. A shape
    is a dict: code, label, name, arch ("upper", "lower"), dentition ("permanent", "primary"),
    selected, cx and cy (middle of the crown), d (outline) and detail (edge or grooves) as SVG
    paths, x and y (middle of the label), ring (x, y, width, height, rx of a pill round the label).
    Lengths are in units of VIEW_BOX. Raises UnknownTooth for a code that is no tooth.
    """
    extras = {code for code in selected if code in teeth.SUPERNUMERARY}
    for code in selected:
        teeth.name(code)
    shapes = []
    for row, codes in teeth.CHART_ROWS.items():
        arch, dentition = row.split("_")
        for code, crown, spot in zip(codes, *_places(arch, dentition), strict=True):
            place = {"arch": arch, "dentition": dentition}
            shape = _shape(code, numbering, crown, spot, HORSESHOES[dentition].label_gap)
            shapes.append(shape | place | {"selected": code in selected})
            extra = f"{code}S" if dentition == "primary" else str(int(code) + 50)
            if extra in extras:
                shape = _shape(extra, numbering, *_beside(crown, spot), None)
                shapes.append(shape | place | {"selected": True})
    return shapes


def _places(arch: str, dentition: str) -> tuple[list[Crown], list[Spot]]:
    """Crowns and spots of one row from the patient's right to the left, touching each other."""
    half = CROWNS[arch, dentition]
    crowns = [*reversed(half), *half]
    horseshoe, direction = HORSESHOES[dentition], DIRECTIONS[arch]
    points = [horseshoe.point(step * pi / STEPS, direction) for step in range(STEPS + 1)]
    lengths = [0, *accumulate(dist(a, b) for a, b in pairwise(points))]
    scale = lengths[-1] / sum(crown.width for crown in crowns)
    ends = [scale * end for end in accumulate(crown.width for crown in crowns)]
    spots = []
    for index, (crown, end) in enumerate(zip(crowns, ends, strict=True)):
        step = min(bisect(lengths, end - crown.width * scale / 2), STEPS)
        (x0, y0), (x1, y1) = points[step - 1], points[step]
        length = dist(points[step - 1], points[step])
        tangent = ((x1 - x0) / length, (y1 - y0) / length)
        outward = (-direction * tangent[1], direction * tangent[0])
        side = 1 if index < len(half) else -1
        mesial = (side * tangent[0], side * tangent[1])
        spots.append(Spot((x0 + x1) / 2, (y0 + y1) / 2, mesial, outward, scale))
    return crowns, spots


def _beside(crown: Crown, spot: Spot) -> tuple[Crown, Spot]:
    """A small round crown on the inner side, where there is room for its number in it."""
    x, y = spot.at(0, -crown.depth / 2 * spot.scale - EXTRA_SIZE / 2 * spot.scale - 1)
    return Crown("supernumerary", EXTRA_SIZE, EXTRA_SIZE), replace(spot, x=x, y=y)


def _shape(code: str, numbering: str, crown: Crown, spot: Spot, gap: float | None) -> dict:
    """The shape of `chart`; its label stands `gap` outside of the crown, or in it for None."""
    label = teeth.label(code, numbering)
    width = max(RING_HEIGHT, RING_BASE + RING_PER_CHARACTER * len(label))
    half_width = crown.width / 2 * spot.scale * CROWN_SHARE
    half_depth = crown.depth / 2 * spot.scale
    reach = hypot(width / 2 * spot.outward[0], RING_HEIGHT / 2 * spot.outward[1])
    mark = spot.at(0, 0 if gap is None else half_depth + gap + reach)

    def placed(line: Line) -> list[Point]:
        return [spot.at(x * half_width, y * half_depth) for x, y in line]

    return {
        "code": code,
        "label": label,
        "name": teeth.name(code),
        "cx": round(spot.x, 1),
        "cy": round(spot.y, 1),
        "d": _closed(placed(OUTLINES[crown.form])),
        "detail": " ".join(_open(placed(line)) for line in DETAILS[crown.form]),
        "x": round(mark[0], 1),
        "y": round(mark[1], 1),
        "ring": {
            "x": round(mark[0] - width / 2, 1),
            "y": round(mark[1] - RING_HEIGHT / 2, 1),
            "width": round(width, 1),
            "height": RING_HEIGHT,
            "rx": RING_HEIGHT / 2,
        },
    }


def _closed(points: list[Point]) -> str:
    """A smooth closed path through the points (Catmull-Rom as cubic Béziers)."""
    count = len(points)
    path = [f"M{_written(points[0])}"]
    for index in range(count):
        before, start, end, after = (points[(index + step) % count] for step in (-1, 0, 1, 2))
        path.append(_curve(before, start, end, after))
    return "".join(path) + "Z"


def _open(points: list[Point]) -> str:
    """A smooth open path through the points."""
    padded = [points[0], *points, points[-1]]
    curves = (_curve(*padded[index : index + 4]) for index in range(len(points) - 1))
    return f"M{_written(points[0])}" + "".join(curves)


def _curve(before: Point, start: Point, end: Point, after: Point) -> str:
    first = tuple(s + (e - b) / 6 for b, s, e in zip(before, start, end, strict=True))
    second = tuple(e - (a - s) / 6 for s, e, a in zip(start, end, after, strict=True))
    return f"C{_written(first)} {_written(second)} {_written(end)}"


def _written(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
