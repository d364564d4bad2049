"""Where to write beside each marker so that no label lies on a marker, a line or another label, or leaves the panel. What finds no
room beside its point stands above or below at the end of a thin line; what finds none there is left out: the page tells it on hover.

    places = place_labels([(0.50, 0.50), (0.52, 0.51)], ["0.04", "0.06"], [(300, 200), (400, 200)])    # one each; None: no room
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboards.plotly_text import length_shown

MARKER_RADIUS = 4.5
CHARACTER = (5.9, 12.0)  # width and height of a character at 10 points, with its air
LINE_AIR = 2.5  # beside a label, where the caps of intervals may stand
# x and y point right and up: shift of the label's centre in half widths and half heights
POSITIONS = {
    "top right": (1, 1), "bottom right": (1, -1), "top left": (-1, 1), "bottom left": (-1, -1),
    "middle right": (1, 0), "middle left": (-1, 0), "top center": (0, 1), "bottom center": (0, -1),
}
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True)
class Place:
    position: str  # of POSITIONS, as plotly names them: where the text stands beside its anchor
    lift: float = 0.0  # pixels of the anchor above its point


NEAR = [Place(position) for position in POSITIONS]
# at the end of a line: clear of a label beside the point, and of the next ones
FAR = [Place(position, lift) for distance in (20.0, 33.0, 46.0, 59.0) for lift in (distance, -distance) for position in ("middle right", "middle left")]


class _Panel:
    """What is taken in a panel of one size, in its pixels from the lower left corner."""

    def __init__(self, size: Point, points: list[Point], radii: list[float], lines: list[tuple[Point, Point]]) -> None:
        self.width, self.height = size
        self.points = [(x * self.width, y * self.height) for x, y in points]
        self.radii = radii
        self.markers = np.array([(x - r, y - r, x + r, y + r) for (x, y), r in zip(self.points, radii)]).reshape(-1, 4)
        self.lines = np.array([(a[0] * self.width, a[1] * self.height, b[0] * self.width, b[1] * self.height) for a, b in lines]).reshape(-1, 4)
        self.labels = np.empty((0, 4))

    def is_free(self, number: int, text: str, place: Place) -> bool:
        box, others = box_of(self.points[number], text, place, self.radii[number]), np.delete(self.markers, number, axis=0)
        x, y = self.points[number]
        if not (0 <= x <= self.width and 0 <= y <= self.height) or box[0] < 0 or box[1] < 0 or box[2] > self.width or box[3] > self.height:
            return False
        if _overlaps(box, others).any() or _overlaps(box, self.labels).any() or _crossed((box[0] - LINE_AIR, box[1], box[2] + LINE_AIR, box[3]), self.lines):
            return False
        leader = self.leader(number, place)
        apart = others[~_overlaps(self.markers[number], others)]  # a marker that lies on this one hides the way out anyhow
        return not len(leader) or not any(_crossed(tuple(of), leader) for of in (*apart, *self.labels))

    def take(self, number: int, text: str, place: Place) -> None:
        self.labels = np.vstack([self.labels, box_of(self.points[number], text, place, self.radii[number])])
        self.lines = np.vstack([self.lines, self.leader(number, place)])

    def leader(self, number: int, place: Place) -> np.ndarray:
        x, y = self.points[number]
        return np.array([(x, y, x, y + place.lift)] if place.lift else []).reshape(-1, 4)


def box_of(point: Point, text: str, place: Place, radius: float = MARKER_RADIUS) -> Box:
    """`point` in pixels."""
    half_width, half_height = length_shown(text) * CHARACTER[0] / 2, CHARACTER[1] / 2
    right, up = POSITIONS[place.position]
    x = point[0] + right * (half_width + radius)
    y = point[1] + place.lift + up * (half_height + radius * (0.4 if right else 1.0))
    return (x - half_width, y - half_height, x + half_width, y + half_height)


def place_labels(points: list[Point], texts: list[str], sizes: list[Point], lines: list[tuple[Point, Point]] = (),
                 radii: list[float] | None = None, candidates: list[Place] = (*NEAR, *FAR)) -> list[Place | None]:
    """Points and the ends of lines in shares of the panel, from its lower left corner; a place has room in a panel of each of
    the sizes, in pixels. Earlier points choose first."""
    panels = [_Panel(size, points, radii or [MARKER_RADIUS] * len(points), list(lines)) for size in sizes]
    places = []
    for number, text in enumerate(texts):
        place = next((place for place in candidates if all(panel.is_free(number, text, place) for panel in panels)), None) if text else None
        if place is not None:
            for panel in panels:
                panel.take(number, text, place)
        places.append(place)
    return places


def _overlaps(box: Box | np.ndarray, others: np.ndarray) -> np.ndarray:
    return (others[:, 0] < box[2]) & (box[0] < others[:, 2]) & (others[:, 1] < box[3]) & (box[1] < others[:, 3])


def _crossed(box: Box, lines: np.ndarray) -> bool:
    """Whether one of the lines runs through the box: the parts of it inside the box's width and its height have to meet."""
    low, high, start, way = np.array(box[:2]), np.array(box[2:]), lines[:, :2], lines[:, 2:] - lines[:, :2]
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(low - start) / way, (high - start) / way])
    stands, within = way == 0, (start > low) & (start < high)
    enters = np.where(stands, np.where(within, -np.inf, np.inf), ends.min(axis=0)).max(axis=1, initial=0.0)
    leaves = np.where(stands, np.where(within, np.inf, -np.inf), ends.max(axis=0)).min(axis=1, initial=1.0)
    return bool((enters < leaves).any())
