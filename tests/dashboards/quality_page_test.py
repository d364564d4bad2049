"""Metrics beside FID: the axis, the columns and the page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboards.data import RunData
from dashboards.database import query
from dashboards.figures import FIGURES
from dashboards.knob_panels import dominated, front
from dashboards.quality.budgets import budget_tables
from dashboards.quality.curves import slope
from dashboards.quality.groups import groups
from dashboards.quality.neighbours import nearest
from dashboards.quality.orders import contradictions, order_of, untold
from dashboards.quality.page import content
from dashboards.quality.sample_differences import amplification
from dashboards.quality_axis import on_front
from dashboards.report import main
from dashboards.source import Source
from dashboards.summary_table import headings, table_rows

from quality_database import add_classes, add_curve, add_features, add_images, make_judged
from reading import with_data
from rows import change

PARTS = {"ranks", "budgets", "speeds", "sheets", "classes", "curves", "neighbours"}


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    return make_judged(tmp_path / "judged.db")


def by_name(data: RunData) -> dict:
    return {quality.name: quality for quality in data.qualities}


def orders(data: RunData) -> dict:
    (group,) = groups(data)
    return {name: order_of(group, data, quality) for name, quality in by_name(data).items()}


def parts(database: Path) -> dict:
    return with_data(database, lambda data: content(Source(data)))


def test_fid_stands_on_the_axis_unless_another_is_wanted(judged: Path) -> None:
    assert with_data(judged, lambda data: [data.quality.name, *by_name(data)]) == ["fid", "fid", "kid", "precision", "psnr"]
    change(judged, "DELETE FROM quality WHERE metric LIKE 'fid%'")
    assert with_data(judged, lambda data: data.quality.name) == "kid"
    change(judged, "DELETE FROM quality")
    assert with_data(judged, lambda data: FIGURES["speed_quality"].draw(data)) is None


def test_a_metric_that_is_not_there_is_refused(judged: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([str(judged), "-o", str(judged.parent / "r"), "--quality", "lpips"]) == 2
    assert capsys.readouterr().err == "diffbench report: --quality lpips: the run was judged by fid, kid, precision, psnr\n"


def test_the_front_is_the_views_where_fid_is_on_the_axis(judged: Path) -> None:
    def both(data: RunData) -> tuple[set, set]:
        return set(data.cells.loc[data.cells["on_pareto_front"], "cell"]), set(query(data.connection, "SELECT cell FROM pareto")["cell"])

    mine, views = with_data(judged, both)
    assert mine == views == {1, 2, 3}


def test_fronts_turn_over_where_higher_is_better(judged: Path) -> None:
    def on(data: RunData) -> list[str]:
        turned = data.judged_by(by_name(data)["precision"])
        return turned.cells.loc[turned.cells["on_pareto_front"], "method_label"].tolist()

    assert with_data(judged, on) == ["quick", "slow"]  # full is slower than both and below slow
    cells = pd.DataFrame({"milliseconds": [4.0, 8.0, 6.0], "quality": [0.5, 0.7, 0.4]})
    assert front(cells, -1)["quality"].tolist() == [0.5, 0.7]
    assert dominated(cells, 10.0, 0.3, -1) == ([4, 4, 8, 8, 10, 10, 4], [0.3, 0.5, 0.5, 0.7, 0.7, 0.3, 0.3])


@pytest.mark.parametrize("name, value", [("quality_n", 4096.0), ("quality_origin", "another network")])
def test_unequal_samples_or_origins_do_not_compete(judged: Path, name: str, value: object) -> None:
    def fronts(data: RunData) -> list[bool]:
        cells = data.cells.copy()
        cells.loc[cells["method_label"] == "twin", name] = value
        return on_front(cells, 1).tolist()

    assert with_data(judged, fronts) == [True, True, True, True]


@pytest.mark.parametrize("quality, axis", [("kid", "KID (lower is better)"), ("precision", "precision (higher is better)")])
def test_figures_have_the_chosen_metric(judged: Path, quality: str, axis: str) -> None:
    def draw(data: RunData):
        return FIGURES["speed_quality"].draw(data.judged_by(by_name(data)[quality]).for_plotly())

    figure = with_data(judged, draw)
    assert figure.layout.yaxis.title.text == axis
    full = next(trace for trace in figure.data if trace.name.startswith("full"))
    assert list(full.y) == [{"kid": 0.010, "precision": 0.60}[quality]]


def test_the_table_has_every_metric_and_its_difference(judged: Path) -> None:
    titles = with_data(judged, lambda data: [title for title, *_ in headings(data)])
    assert titles[titles.index("FID") : titles.index("N")] == ["FID", "FID − full", "KID", "KID − full", "precision", "precision − full", "PSNR"]
    rows = with_data(judged, lambda data: {row["cells"][0]["text"].striptags(): dict(zip(titles, row["cells"])) for row in table_rows(data)})
    assert rows["quick"]["KID − full"]["text"].striptags() == "+0.002 [+0.001, +0.003]" and rows["full"]["PSNR"]["text"] == "–"
    assert "n = 512, 95%, jackknife" in rows["quick"]["PSNR"]["hover"]
    change(judged, "UPDATE quality SET n = 64 WHERE metric = 'psnr' AND cell = 2")
    assert {"PSNR, N = 64", "PSNR, N = 512"} <= set(with_data(judged, lambda data: [title for title, *_ in headings(data)]))


def test_two_metrics_that_order_oppositely_are_named(judged: Path) -> None:
    found = with_data(judged, lambda data: contradictions([orders(data)[name] for name in ("fid", "kid")], {1: "full", 2: "quick", 3: "slow", 4: "twin"}))
    assert found == ["quick is better than slow by KID, but worse by FID.", "quick is better than twin by KID, but worse by FID."]


def test_only_paired_intervals_order(judged: Path) -> None:
    """FIDs whose own intervals lie apart, but not those of the differences: nothing is known."""
    change(judged, "UPDATE quality SET low = -1, high = 2 WHERE metric = 'fid_difference' AND cell = 2")
    assert with_data(judged, lambda data: contradictions([orders(data)[name] for name in ("fid", "kid")], {1: "full", 2: "quick", 3: "slow", 4: "twin"})) == []
    assert with_data(judged, lambda data: orders(data)["fid"].rank(2)) == (1, 4)


def test_ranks_are_ranges_where_intervals_do_not_tell(judged: Path) -> None:
    ranks = with_data(judged, lambda data: {name: [order.rank(cell) for cell in order.cells] for name, order in orders(data).items()})
    assert ranks["fid"] == [(1, 1), (4, 4), (2, 3), (2, 3)]
    assert ranks["precision"] == [(3, 3), (4, 4), (1, 2), (1, 2)]  # higher is better: full is behind slow and twin
    assert ranks["psnr"] == [(1, 1), (2, 3), (2, 3)]  # full has none


def test_values_without_interval_or_of_other_n_tell_nothing(judged: Path) -> None:
    change(judged, "UPDATE quality SET low = NULL, high = NULL WHERE metric = 'kid_difference' AND cell = 2")
    change(judged, "UPDATE quality SET n = 64 WHERE metric = 'fid_difference' AND cell = 2")
    ranks = with_data(judged, lambda data: [orders(data)[name].rank(2) for name in ("kid", "fid")])
    assert ranks == [(1, 4), (1, 4)]


def test_what_cannot_be_told_apart_is_said(judged: Path) -> None:
    words = with_data(judged, lambda data: untold(orders(data)["fid"], {1: "full", 2: "quick", 3: "slow", 4: "twin"}))
    assert words == "FID cannot tell apart 1 of 6 pairs: slow and twin. Which of them is better is not known, whatever their values."


def test_cells_judged_as_another_stand_once(judged: Path) -> None:
    change(judged, "UPDATE cell SET judged_as = 3 WHERE id = 4")
    assert with_data(judged, lambda data: groups(data)[0].cells["method_label"].tolist()) == ["full", "quick", "slow"]


def test_each_part_is_there_with_what_it_shows(judged: Path) -> None:
    shown = lambda: {name for name, part in parts(judged).items() if part}  # noqa: E731
    assert shown() == {"ranks", "budgets", "speeds"}
    for add, part in ((add_images, "sheets"), (add_classes, "classes"), (add_curve, "curves")):
        add(judged)
        assert part in shown()
    add_features(judged, "gone.npz")
    assert shown() == PARTS
    change(judged, "DELETE FROM cell")
    assert parts(judged) is None


def test_differences_are_amplified_by_one_factor(judged: Path) -> None:
    add_images(judged)
    (sheet,) = parts(judged)["sheets"]
    assert sheet["factor"] == 16 and sheet["seeds"] == [0, 1]  # 10 * 16 is a byte, 10 * 32 is not
    assert [strip["method"] for strip in sheet["strips"]] == ["full", "quick", "|quick − full| × 16"]
    assert [amplification(largest) for largest in (0, 7, 8, 255)] == [32, 32, 16, 1]


def test_classes_of_unequal_samples_are_left_out(judged: Path) -> None:
    add_classes(judged, 50)
    change(judged, "UPDATE quality_class SET n = 49 WHERE cell = 2 AND label = 7")
    (part,) = parts(judged)["classes"]
    assert part["words"] == "Shown are the 40 of 49 classes in which the methods lie furthest apart. Left out are 1 classes of which methods have unequal numbers of samples."
    assert all(len(trace.x) == 40 and "7" not in trace.x for trace in part["figure"].data)


def test_the_curve_ends_in_the_extrapolation(judged: Path) -> None:
    add_curve(judged)
    (part,) = parts(judged)["curves"]
    line, points, end = part["figure"].data
    assert list(line.y) == pytest.approx([4.0, 4.0 + 100 / 128]) and list(points.y) == pytest.approx([4 + 100 / n for n in (128, 256, 512)])
    assert list(end.y) == [4.0] and list(end.error_y.array) == pytest.approx([0.2])
    assert slope(np.array([10.0, 20.0]), np.array([2.0, 1.5]), 1.0) == pytest.approx(10.0)


def test_neighbours_need_the_reference(judged: Path) -> None:
    reference = judged.parent / "ref.npz"
    add_features(judged, "ref.npz")
    note = lambda: parts(judged)["neighbours"]["notes"]  # noqa: E731
    assert note() == ["The reference ref.npz is not there any more: the nearest training images are not known."]
    np.savez(reference, mu=np.zeros(2))
    assert "has no array `features`, only statistics" in note()[0]
    np.savez(reference, features=np.array([[0, 1], [3, 4], [9, 9], [1.5, 0]], np.float32))
    assert "has no images" in note()[0]
    (table,) = parts(judged)["neighbours"]["tables"]
    assert [(near["index"], near["distance"]) for near in table["rows"][0]["nearest"]] == [(0, "1"), (3, "1.5"), (1, "5")]
    change(judged, "UPDATE extractor SET reference_sha = 'of another'")
    assert "is another file than the one that the run was judged by" in note()[0]


def test_the_nearest_are_found_across_pieces() -> None:
    reference = np.arange(20000, dtype=np.float32)[:, None]
    indices, distances = nearest(np.array([[19999.0], [3.25]], np.float32), reference)
    assert indices.tolist() == [[19999, 19998, 19997], [3, 4, 2]] and distances[1].tolist() == [0.25, 0.75, 1.25]


def test_the_page_says_it_in_words(judged: Path) -> None:
    change(judged, "UPDATE cell SET method_label = '<quick>' WHERE id = 2")
    out = judged.parent / "report"
    assert main([str(judged), "-o", str(out)]) == 0
    page = re.sub(r"<script.*?</script>", "", (out / "quality.html").read_text(), flags=re.S)
    assert "&lt;quick&gt; is better than slow by KID, PSNR, but worse by FID, precision." in page and "⚠ FID cannot tell apart 1 of 6 pairs: slow and twin." in page


def test_who_is_on_the_front_within_the_full_networks_time(judged: Path) -> None:
    def front() -> list[tuple[str, int, list[str]]]:
        tables = with_data(judged, budget_tables)
        return [(row["budget"], row["within"], [of["method"] for of in row["front"]]) for table in tables for row in table["rows"]]

    budget = "full at 4 steps, 4 ms"
    assert front() == [(budget, 4, ["full, 4 steps"])]  # the others' differences to it lie above 0
    change(judged, "UPDATE quality SET low = -0.1, high = 0.1 WHERE metric = 'fid_difference' AND cell = 3")
    assert front() == [(budget, 4, ["full, 4 steps", "slow, 4 steps"])]  # not known to be worse; quick and twin are, than both
    change(judged, "UPDATE quality SET low = -1.0 WHERE metric = 'fid_difference' AND cell = 4")
    assert front() == [(budget, 4, ["full, 4 steps", "slow, 4 steps", "twin, 4 steps"])]
    change(judged, "UPDATE estimate SET value = value / 20, low = low / 20, high = high / 20 WHERE metric = 'throughput' AND cell = 3")
    assert front() == [(budget, 3, ["full, 4 steps", "twin, 4 steps"])]  # slow takes longer now
    change(judged, "UPDATE quality SET n = 7 WHERE metric LIKE 'fid%' AND cell = 2")
    assert front()[0][2] == ["full, 4 steps", "twin, 4 steps", "quick, 4 steps"]  # of unequal N nothing is known
