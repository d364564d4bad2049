"""The figures about solvers, on a sweep whose numbers can be checked by hand (sweep_database.py)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dashboards.data import RunData
from dashboards.figures import blocks_over_t, saving_by_solver, solver_quality, throughput_latency
from dashboards.predicted_blocks import PlannedDepth, planned_depths
from dashboards.report import main

from reading import with_data
from rows import change
from sweep_database import TIMES, make_sweep

FIGURES = [solver_quality, saving_by_solver]


def drawn_numbers(figure, method: str, row: str) -> dict[str, list[float]]:
    """Dashes and dots of one method in the subplot whose y axis is `row`."""
    traces = [t for t in figure.data if t.legendgroup == method and t.yaxis == row]
    return {"promised": list(traces[0].y), "measured": list(traces[1].y)}


def test_quality_has_a_panel_per_solver_and_a_line_per_method(sweep_database: Path) -> None:
    figure = with_data(sweep_database, solver_quality.draw)
    assert [a.text for a in figure.layout.annotations[:2]] == ["ddim<br>trailing", "unipc<br>logsnr"]
    lines = [t for t in figure.data if t.mode == "lines+markers"]
    assert [t.name for t in lines] == ["bins", "duo", "full"] * 2  # the baseline on top
    assert len({t.line.color for t in lines}) == 3 and [t.marker.symbol for t in lines] == ["circle"] * 3 + ["square"] * 3
    assert [t.name for t in figure.data if t.showlegend] == ["full, other solvers", "bins", "duo", "full"]
    full_ddim = lines[2]
    assert list(full_ddim.x) == [8.0, 16.0]  # 2 and 4 evaluations of 4 blocks, 1 ms each
    assert list(full_ddim.y) == [41.0, 24.0]
    assert list(full_ddim.error_y.array) == [1.0, 1.0]
    others = [t for t in figure.data if t.mode == "lines"]
    assert [(t.xaxis, list(t.y)) for t in others] == [("x", list(lines[5].y)), ("x2", list(full_ddim.y))]
    assert "ms" in figure.layout.xaxis.title.text and "N = 512" in figure.layout.yaxis.title.text


def test_saving_shows_promise_and_measurement_of_both_kinds(sweep_database: Path) -> None:
    figure = with_data(sweep_database, saving_by_solver.draw)
    assert [a.text for a in figure.layout.annotations if a.text] == ["ddim<br>trailing", "unipc<br>logsnr"]
    speed = drawn_numbers(figure, "bins", "y")
    assert speed["promised"] == pytest.approx([8 / 6, 16 / 12]) and speed["measured"] == pytest.approx([8 / 6, 16 / 12])
    # unipc evaluates later in the trajectory: the same schedules save less of 4 evaluations
    assert drawn_numbers(figure, "bins", "y4") == {"promised": [0.75, 0.875], "measured": [0.75, 0.875]}
    assert drawn_numbers(figure, "duo", "y4") == {"promised": [0.625, 0.8125], "measured": [0.625, 0.8125]}
    dotted = sorted({t.y[0] for t in figure.data if t.mode == "lines" and t.y[0] is not None})
    assert dotted == pytest.approx([0.75, 0.775])  # S over all t: (4 + 2) / 2 / 4, and 0.7 + 0.3 / 4


def test_one_disturbed_cell_does_not_flatten_the_others(sweep_database: Path) -> None:
    change(sweep_database, "UPDATE estimate SET high = 67 WHERE metric = 'speedup' AND cell IN (2, 3)")
    figure = with_data(sweep_database, saving_by_solver.draw)
    assert max(t.error_y.array[0] for t in figure.data if t.error_y.array is not None) > 10
    assert figure.layout.yaxis.range[1] < 3


def test_a_network_that_does_not_follow_its_schedule_is_seen(sweep_database: Path) -> None:
    change(sweep_database, "UPDATE estimate SET value = 1 WHERE metric = 'blocks_ratio' AND cell IN (SELECT id FROM cell WHERE method_label = 'bins')")
    bins = drawn_numbers(with_data(sweep_database, saving_by_solver.draw), "bins", "y4")
    assert bins == {"promised": [0.75, 0.875], "measured": [1.0, 1.0]}


def test_an_adaptive_method_is_measured_without_a_prediction(sweep_database: Path) -> None:
    change(sweep_database, "DELETE FROM planned_depth WHERE cell IN (SELECT id FROM cell WHERE method_label = 'bins')")
    figure = with_data(sweep_database, saving_by_solver.draw)
    bins = drawn_numbers(figure, "bins", "y4")
    assert np.isnan(bins["promised"]).all() and bins["measured"] == [0.75, 0.875]
    assert not any(t.mode == "lines" and t.line.color == figure.data[0].marker.line.color for t in figure.data)


def test_grids_and_parameters_of_one_solver_are_lines_of_their_own(sweep_database: Path) -> None:
    change(sweep_database, "UPDATE cell SET solver = 'ddim', given_solver_params = '{\"eta\":0.5}' WHERE solver = 'unipc'")
    figure = with_data(sweep_database, solver_quality.draw)
    assert [a.text for a in figure.layout.annotations[:2]] == ["ddim<br>trailing", "ddim eta=0.5<br>logsnr"]


@pytest.mark.parametrize("change_to", [
    "DELETE FROM cell WHERE steps = 4",  # no line without a second step count
    "UPDATE cell SET status = 'failed', reason = 'no' WHERE steps = 4",
    "DELETE FROM cell",
])
def test_nothing_is_drawn_without_a_sweep(sweep_database: Path, change_to: str) -> None:
    change(sweep_database, change_to)

    def nothing(data: RunData) -> None:
        for module in FIGURES:
            assert module.draw(data) is None and module.draw_paper(data) is None, module.__name__

    with_data(sweep_database, nothing)


def test_quality_needs_a_fid_and_saving_does_not(sweep_database: Path) -> None:
    change(sweep_database, "DELETE FROM quality")
    assert with_data(sweep_database, solver_quality.draw) is None
    assert with_data(sweep_database, saving_by_solver.draw) is not None


def test_the_report_shows_both_with_definitions(sweep_database: Path) -> None:
    out = sweep_database.parent / "report"
    assert main([str(sweep_database), "-o", str(out)]) == 0
    page = (out / "report.html").read_text()
    for module in FIGURES:
        name = module.__name__.rpartition(".")[2]
        assert f"<h2>{module.TITLE}</h2>" in page and f'id="{name}"' in page
        assert {(out / "figures" / f"{name}.{kind}").exists() for kind in ("svg", "pdf")} == {True}
    assert re.search(r"how much faster \[ratio\]", page) and "mean of S(t) over the times of the grid" in page


def test_many_solvers_wrap_instead_of_overlapping(tmp_path: Path) -> None:
    many = {(f"solver_{i}", "trailing"): TIMES["ddim", "trailing"] for i in range(6)}
    database = make_sweep(tmp_path / "many.db", many)
    blocks = with_data(database, blocks_over_t.draw)
    assert [a.text.partition("<br>")[0] for a in blocks.layout.annotations] == [f"solver_{i}" for i in range(6)]
    assert len({a.y for a in blocks.layout.annotations}) == 2  # five in a row
    saving = with_data(database, saving_by_solver.draw)
    assert len({round(a.y, 6) for a in saving.layout.annotations if a.text}) == 2
    throughput = with_data(database, throughput_latency.draw)
    assert list(throughput.data[0].x[1][:2]) == ["2", "4"]  # step counts under their solver, not 12 long labels
    assert throughput.layout.yaxis.domain[0] > throughput.layout.yaxis2.domain[1]  # one plot below the other


def test_the_planned_depth_is_what_the_program_wrote(sweep_database: Path) -> None:
    # the heavy schedule of the zoo's network: nothing in the parameters says so but its name
    change(sweep_database, "UPDATE cell SET method_params = '{\"schedule\":\"heavy\"}', given_params = '{\"schedule\":\"heavy\"}' WHERE method_label = 'bins'")
    change(sweep_database, "UPDATE planned_depth SET blocks = blocks - 1 WHERE cell IN (SELECT id FROM cell WHERE method_label = 'bins')")
    bins = drawn_numbers(with_data(sweep_database, saving_by_solver.draw), "bins", "y4")
    assert bins == {"promised": [0.5, 0.625], "measured": [0.75, 0.875]}  # 3 and 1 of 4 blocks
    depth = with_data(sweep_database, planned_depths)[2]
    assert (list(depth.from_t), list(depth.blocks)) == ([0, 500], [3, 1])


def test_a_bin_starts_at_its_edge_and_the_last_ends_with_the_model() -> None:
    depth = PlannedDepth(np.array([0.0, 0.7]), np.array([0.7, 1.0]), np.array([13.0, 3.0]))
    assert list(depth.at(np.array([0.0, 0.699, 0.7, 1.0]))) == [13, 13, 3, 3]
    assert depth.over_all_times() == pytest.approx(0.7 * 13 + 0.3 * 3)
    assert np.isnan(depth.at(np.array([-0.1, 1.001]))).all()  # nothing was planned there
    gap = PlannedDepth(np.array([0.0, 0.7]), np.array([0.5, 1.0]), np.array([13.0, 3.0]))
    assert np.isnan(gap.at(np.array([0.6]))).all() and gap.over_all_times() == pytest.approx((0.5 * 13 + 0.3 * 3) / 0.8)
