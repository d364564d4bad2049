"""The figures about methods and their knobs, on numbers that can be checked by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from dashboards.data import RunData
from dashboards.families import Knob, member
from dashboards.figures import exit_heat_map, method_sweep, where_saving_goes
from dashboards.knob_panels import dominated, front
from dashboards.report import main

from reading import with_data
from rows import change


def lines_of(figure, axis: str) -> dict:
    return {t.name: t for t in figure.data if t.xaxis == axis and t.mode == "lines+markers"}


def test_families_come_from_columns_and_not_from_labels() -> None:
    knobs = {"uncertainty_exit": Knob("threshold"), "duodiff": Knob("switch_t", "t≥{}"), "static_schedule": Knob("schedule"),
             "risk_controlled": Knob("calibration"), "block_cache": Knob("interval", "every {}")}
    defaults = {"duodiff": {"switch_t": 700.0, "shallow_method": "full"}, "static_schedule": {"schedule": "demo", "depths": []},
                "block_cache": {"interval": 2, "keep": "deep"}, "risk_controlled": {"calibration": ""}}

    def of(method: str, given: dict, model: str = "net", blocks: int = 13) -> tuple:
        m = member(method, knobs.get(method), given, defaults.get(method, {}) | given, model, "net", blocks, False)
        return m.family, m.knob, m.value, m.text

    assert of("uncertainty_exit", {"threshold": 0.04}) == ("uncertainty exit", "threshold", 0.04, "0.04")
    assert of("uncertainty_exit", {"threshold": 0.06, "granularity": "batch_mean"})[0] == "uncertainty exit (granularity batch mean)"
    assert of("uncertainty_exit", {"threshold": 0.06}, "net/uncertainty")[0] == "uncertainty exit (network uncertainty)"
    assert of("uncertainty_exit", {"threshold": 0.06}, "/home/me/fine_tuned")[0] == "uncertainty exit (network fine tuned)"
    assert of("duodiff", {}) == ("duodiff", "switch_t", 700.0, "t≥700")  # a knob that the suite left alone has its default, other defaults are silent
    assert of("duodiff", {"switch_t": 300, "shallow": "net/shallow_5"})[0] == "duodiff (shallow net/shallow 5)"
    # a network fine-tuned under each schedule belongs to its schedule, not to a family of its own
    demo, heavy = of("static_schedule", {}, "net/static_schedule"), of("static_schedule", {"schedule": "heavy"}, "net/static_schedule_heavy")
    assert demo[0] == heavy[0] == "static schedule (own network)" and (demo[3], heavy[3]) == ("demo", "heavy")
    assert of("static_schedule", {})[0] == "static schedule"  # the same schedule on the network as it was
    assert of("static_schedule", {"depths": [4, 2]})[3] == "4-2" and of("static_schedule", {"depths": [13, 13, 7, 3, 3, 3]})[3] == "2×13-7-3×3"
    assert of("full", {}, "net/shallow_5", 5) == ("full, other network", "blocks", 5.0, "5 blocks")
    assert of("risk_controlled", {"calibration": "/somewhere/epsilon_0.05.toml"})[3] == "epsilon 0.05"
    assert of("risk_controlled", {"calibration": "calibrations/epsilon_0.05"})[3] == "epsilon 0.05"  # labels have little room
    assert of("risk_controlled", {})[3] == "default"
    assert of("block_cache", {"keep": "deep", "branch": 2})[::3] == ("block cache (branch 2, keep deep)", "every 2")
    assert of("my_method", {"a": 1})[0] == "my method (a 1)" and math.isnan(of("my_method", {})[2])


def test_a_panel_per_step_count_joins_each_family_over_its_knob(knobs: Path) -> None:
    figure = with_data(knobs, method_sweep.draw)
    assert [a.text for a in figure.layout.annotations] == ["2 steps", "4 steps", "best over knob and steps (steps in brackets)"]
    lines = lines_of(figure, "x2")  # 4 steps
    assert list(lines) == ["full, over steps", "uncertainty exit", "uncertainty exit (granularity batch mean)", "duodiff"]
    row = lines["uncertainty exit"]
    assert list(row.x) == pytest.approx([6.0, 5.0])  # thresholds 0.05 and 0.1, 4 steps
    assert list(row.y) == pytest.approx([6.5, 7.0]) and list(row.error_y.array) == pytest.approx([0.5, 0.5])
    assert list(lines["full, over steps"].x) == pytest.approx([4.0, 8.0]) and list(lines["full, over steps"].y) == pytest.approx([12.0, 6.0])
    assert lines["full, over steps"].line.width > row.line.width
    assert [t.name for t in figure.data if t.showlegend].count("uncertainty exit") == 1


def test_labels_name_the_knob(knobs: Path) -> None:
    figure = with_data(knobs, method_sweep.draw)
    labels = {(t.legendgroup, t.xaxis): t for t in figure.data if t.mode == "markers+text"}
    assert set(labels["uncertainty exit", "x2"].text) == {"0.05", "0.1"}
    assert set(labels["duodiff", "x3"].text) == {"t≥700 [2]", "t≥700 [4]"}
    assert all(t.showlegend is False for t in labels.values())  # they come and go with their line
    assert [t.mode for t in figure.data if t.xaxis == "x2"][-len(lines_of(figure, "x2")) :] == ["markers+text"] * 4  # on top of all lines


def test_fronts_leave_out_what_a_method_itself_beats(knobs: Path) -> None:
    change(knobs, "UPDATE quality SET value = 40, low = 39, high = 41 WHERE cell = 3")  # row 0.05 at 4 steps: now worse and slower
    row = lines_of(with_data(knobs, method_sweep.draw), "x3")["uncertainty exit"]
    assert list(row.x) == pytest.approx([2.5, 3.0, 5.0]) and list(row.y) == pytest.approx([14.0, 13.0, 7.0])
    at_four_steps = lines_of(with_data(knobs, method_sweep.draw), "x2")["uncertainty exit"]
    assert list(at_four_steps.y) == pytest.approx([40.0, 7.0])  # the panel of the knob hides nothing


def test_the_dominated_region_is_a_staircase() -> None:
    full = pd.DataFrame({"milliseconds": [4.0, 8.0, 6.0], "quality": [12.0, 6.0, 13.0]})  # the last one is beaten
    assert front(full, 1)["quality"].tolist() == [12.0, 6.0]
    x, y = dominated(full, 10.0, 20.0, 1)
    assert list(zip(x, y)) == [(4, 20), (4, 12), (8, 12), (8, 6), (10, 6), (10, 20), (4, 20)]
    assert dominated(full[:0], 10.0, 20.0, 1) == ([], [])


@pytest.mark.parametrize("sql", ["DELETE FROM quality", "DELETE FROM cell", "DELETE FROM cell WHERE id > 1",
                                 "DELETE FROM cell WHERE id IN (2, 12)",  # each method has one knob value left
                                 "UPDATE cell SET status = 'failed', reason = 'no'"])
def test_no_knob_no_sweep(knobs: Path, sql: str) -> None:
    change(knobs, sql)
    assert with_data(knobs, method_sweep.draw) is None and with_data(knobs, method_sweep.draw_paper) is None


@pytest.mark.parametrize("sql", ["DELETE FROM cell WHERE role = 'baseline'", "UPDATE quality SET low = NULL, high = NULL",
                                 "UPDATE estimate SET low = NULL, high = NULL, n = 2", "DELETE FROM estimate WHERE metric = 'speedup'", "UPDATE cell SET status = 'failed', reason = 'no' WHERE id = 2",
                                 "DELETE FROM evaluation", "DELETE FROM cell WHERE steps = 2"])
def test_missing_values_do_not_stop_the_report(knobs: Path, sql: str) -> None:
    change(knobs, sql)

    def draw_all(data: RunData) -> None:
        assert method_sweep.draw(data) is not None and method_sweep.draw_paper(data) is not None
        for module in (where_saving_goes, exit_heat_map):
            module.draw(data)
        where_saving_goes.draw_paper(data)

    with_data(knobs, draw_all)


def test_the_report_has_both_figures_on_the_page_and_on_paper(knobs: Path) -> None:
    out = knobs.parent / "report"
    assert main([str(knobs), "-o", str(out)]) == 0
    page = (out / "report.html").read_text()
    for module in (method_sweep, where_saving_goes):
        assert f"<h2>{module.TITLE}</h2>" in page
        assert {(out / "figures" / f"{module.__name__.rpartition('.')[2]}.{kind}").exists() for kind in ("svg", "pdf")} == {True}


def test_other_sample_sizes_are_other_panels(knobs: Path) -> None:
    change(knobs, "UPDATE quality SET n = 256 WHERE cell > 10")
    titles = [a.text for a in with_data(knobs, method_sweep.draw).layout.annotations]
    assert titles == ["N = 512, 4 steps", "N = 256, 2 steps"]  # nothing joins what cannot be compared


def test_losses_add_up_to_the_measured_time(knobs: Path) -> None:
    losses = with_data(knobs, where_saving_goes.losses).set_index("method_label")
    row = losses.loc["row 0.1"]
    assert row["steps"] == 4 and len(losses) == 4  # only the largest step count
    # of full's time: 50 of 100 FLOPs, 5 of them probes; 0.2 of 4 blocks carried; 1 / 1.6 measured
    assert row["blocks"] == pytest.approx(0.45) and row["probes"] == pytest.approx(0.05)
    assert row["carried rows"] == pytest.approx(0.05) and row["total"] == pytest.approx(0.625)
    assert row["rest of the measured time"] == pytest.approx(0.625 - 0.55)
    assert row["compactions_per_batch"] == 4  # once in each of 4 evaluations of one batch
    assert losses.loc["batch 0.1", "rest of the measured time"] == pytest.approx(0.55 - 0.5)


def test_the_table_of_losses_says_what_arrived(knobs: Path) -> None:
    texts = next(t for t in with_data(knobs, where_saving_goes.draw).data if t.mode == "text")
    assert list(texts.text[:6]) == ["2.00", "1.60 [1.60, 1.60]", "0.60", "10.0%", "9.1%", "4"]  # carried: 0.2 of 2.2 blocks
    change(knobs, "UPDATE estimate SET low = NULL, high = NULL, n = 4 WHERE metric = 'speedup' AND cell = 2")
    change(knobs, "UPDATE estimate SET value = 0.55 WHERE metric = 'realised_fraction' AND cell = 2")  # read, not computed again
    texts = next(t for t in with_data(knobs, where_saving_goes.draw).data if t.mode == "text")
    assert list(texts.text[1:3]) == ["1.60 n < 6", "0.55"]


def test_a_smaller_network_is_promised_what_it_saves_against_the_full_one(knobs: Path) -> None:
    change(knobs, "UPDATE estimate SET value = 4 WHERE metric = 'theoretical_speedup' AND cell = 2")
    losses = with_data(knobs, where_saving_goes.losses).set_index("method_label")
    assert losses.loc["row 0.1", "theoretical_speedup"] == 4.0 and losses.loc["row 0.1", "blocks"] == pytest.approx(0.225)


def test_heat_maps_show_methods_whose_exits_depend_on_the_sample(knobs: Path) -> None:
    def titles() -> list[str]:
        return [re.sub("<span.*</span> ", "", a.text) for a in with_data(knobs, exit_heat_map.draw).layout.annotations if a.text]

    figure = with_data(knobs, exit_heat_map.draw)
    assert titles() == ["row 0.1", "row 0.05", "batch 0.1"]  # duodiff's do not
    heat, mean = figure.data[0], figure.data[1]
    assert [x.strip("\u200b") for x in heat.x] == ["999", "749", "499", "249"] and list(heat.y) == [1, 2, 3, 4]
    assert [row[0] for row in heat.z] == [0.5, 0.0, 0.5, 0.0] and list(mean.y) == [2.0] * 4
    change(knobs, "UPDATE exit_count SET block = 2 WHERE cell = 2 AND block = 1")
    change(knobs, "DELETE FROM exit_count WHERE cell = 2 AND block = 3")  # it decides by rows, wherever they leave
    assert "row 0.1" in titles()
    change(knobs, "DELETE FROM cell WHERE method = 'uncertainty_exit'")
    assert titles() == ["duo late"]


def test_a_phase_transition_is_a_jump_of_the_line(knobs: Path) -> None:
    change(knobs, "DELETE FROM exit_count WHERE cell = 2 AND block = 3 AND evaluation < 2")
    change(knobs, "UPDATE exit_count SET rows = 10 WHERE cell = 2 AND block = 1 AND evaluation < 2")
    mean = with_data(knobs, exit_heat_map.draw).data[1]
    assert list(mean.y) == [1.0, 1.0, 2.0, 2.0]
