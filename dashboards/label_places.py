"""Where to write beside each marker so that no label covers a marker or another label. What finds no room is left out:
the page still tells it on hover.

    places = place_labels([(50, 50), (52, 51)], ["0.04", "0.06"], 100, 100)    # one place each; None: no room
"""

from __future__ import annotations

from dashboards.plotly_text import length_shown

MARKER_RADIUS = 4.5
CHARACTER = (5.6, 11.0)  # width and height of a character at 10 points, with its air
# by how readers expect them; x and y point right and up: shift of the label's centre in half widths and half heights
PLACES = {
    "top right": (1, 1), "bottom right": (1, -1), "top left": (-1, 1), "bottom left": (-1, -1),
    "middle right": (1, 0), "middle left": (-1, 0), "top center": (0, 1), "bottom center": (0, -1),
}
Box = tuple[float, float, float, float]  # left, bottom, right, top


def box_of(point: tuple[float, float], text: str, place: str) -> Box:
    half_width, half_height = length_shown(text) * CHARACTER[0] / 2, CHARACTER[1] / 2
    right, up = PLACES[place]
    x = point[0] + right * (half_width + MARKER_RADIUS)
    y = point[1] + up * (half_height + MARKER_RADIUS * (0.4 if right else 1.0))
    return (x - half_width, y - half_height, x + half_width, y + half_height)


def place_labels(points: list[tuple[float, float]], texts: list[str], width: float, height: float) -> list[str | None]:
    """Points in pixels of a panel of this size, from its lower left corner. Earlier points choose first."""
    taken = [(x - MARKER_RADIUS, y - MARKER_RADIUS, x + MARKER_RADIUS, y + MARKER_RADIUS) for x, y in points]
    places = []
    for number, (point, text) in enumerate(zip(points, texts)):
        others = [box for i, box in enumerate(taken) if i != number]
        free = (place for place in PLACES if _inside(box := box_of(point, text, place), width, height)
                and not any(_overlap(box, other) for other in others))
        place = next(free, None) if text else None
        if place is not None:
            taken.append(box_of(point, text, place))
        places.append(place)
    return places


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _inside(box: Box, width: float, height: float) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
