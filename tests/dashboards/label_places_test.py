"""Labels lie on no marker, line or other label, and stay in their panel."""

from __future__ import annotations

import pytest

from dashboards.label_places import FAR, NEAR, Place, box_of, place_labels

SIZE = (510.0, 100.0)


def in_pixels(point: tuple[float, float]) -> tuple[float, float]:
    return point[0] * SIZE[0], point[1] * SIZE[1]


def shares(*points: tuple[float, float]) -> list[tuple[float, float]]:
    return [(x / SIZE[0], y / SIZE[1]) for x, y in points]


def test_labels_cover_neither_markers_nor_each_other() -> None:
    points = shares((50, 50), (53, 52), (56, 50), (500, 50))
    texts = ["0.04", "0.06", "0.09", "at the edge of the panel"]
    places = place_labels(points, texts, [SIZE])
    boxes = [box_of(in_pixels(point), text, place) for point, text, place in zip(points, texts, places)]
    assert places[3].position.endswith("left")
    assert all(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for i, a in enumerate(boxes) for b in boxes[:i])
    markers = [(x - 4.5, y - 4.5, x + 4.5, y + 4.5) for x, y in map(in_pixels, points)]
    assert all(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a in boxes for b in markers)
    assert place_labels([(0.5, 0.5)] * 20, ["label"] * 20, [(100.0, 100.0)]).count(None) > 0  # no room is no label


@pytest.mark.parametrize("ends, position", [
    ([], "top right"), ([((250, 50), (510, 100))], "bottom right"),  # a line that rises to the right
    ([((250, 50), (510, 100)), ((250, 50), (510, 0))], "top left"), ([((0, 50), (510, 50))], "top right"),  # along an interval is beside it
    ([((262, 0), (262, 100))], "top left"), ([((300, 0), (300, 100))], "top right"),  # across the label, and behind its end
])
def test_labels_lie_on_no_line(ends: list, position: str) -> None:
    assert place_labels(shares((250, 50)), ["label"], [SIZE], [tuple(shares(*line)) for line in ends]) == [Place(position)]


def test_what_finds_no_room_stands_at_the_end_of_a_line() -> None:
    around = [tuple(shares((250 - dx, 50 - dy), (250 + dx, 50 + dy))) for dx, dy in ((40, 9), (40, -9), (9, 14), (-9, 14))]
    (place,) = place_labels(shares((250, 50)), ["label"], [SIZE], around)
    assert place in FAR and abs(place.lift) >= 20
    assert place_labels(shares((250, 50)), ["label"], [SIZE], around, candidates=NEAR) == [None]
    above = shares((250, 50), (250, 66), (250, 34))  # the line would cross other points
    assert place_labels(above, ["label", "", ""], [SIZE], around)[0] is None


def test_no_label_crosses_the_line_to_another() -> None:
    around = [tuple(shares((250 - dx, 20 - dy), (250 + dx, 20 + dy))) for dx, dy in ((40, 9), (40, -9), (9, 14), (-9, 14))]
    first, second = place_labels(shares((250, 20), (228, 34)), ["label", "other"], [SIZE], around)
    assert first.lift > 0 and second == Place("top left")  # else it would lie across x = 250, as it does alone:
    assert place_labels(shares((228, 34)), ["other"], [SIZE], around) == [Place("top right")]


def test_a_place_has_room_in_every_size_of_the_panel() -> None:
    points, texts = [(0.5, 0.5), (0.62, 0.55)], ["a long label", "b"]
    assert place_labels(points, texts, [(900.0, 300.0)])[0].position == "top right"
    assert place_labels(points, texts, [(900.0, 300.0), (300.0, 300.0)])[0].position != "top right"


def test_large_markers_keep_labels_off() -> None:
    (small, _), (large, _) = (place_labels(shares((250, 50), (275, 58)), ["label", ""], [SIZE], radii=[4.5, radius]) for radius in (1.0, 20.0))
    assert small.position.endswith("right") and large.position.endswith("left")


def test_points_outside_have_no_label() -> None:
    assert place_labels([(1.2, 0.5), (0.5, -0.01)], ["far", "below"], [SIZE]) == [None, None]
