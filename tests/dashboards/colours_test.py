"""A method has one colour in all figures of all pages, its settings shades of it, and nothing else has it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dashboards.comparison import forest
from dashboards.data import RunData
from dashboards.figures import FIGURES
from dashboards.history.page import STEP_COLOURS
from dashboards.report import main
from dashboards.theme import BASELINE_COLOUR, COLOURS, NULL_COLOUR, PHASE_COLOURS, SERIES_COLOURS, look_of, method_colour

from history_database import make_history
from reading import with_data
from rows import change


def labels_in(words: str, labels: list[str]) -> list[str]:
    """The method that a trace's name, legend group or hover is about: `label`, or `label · solver`."""
    bare = re.sub(r"^<b>|</b>.*$", "", words or "", flags=re.S)
    return [label for label in labels if bare == label or bare.startswith(f"{label} · ")]


def coloured(data: RunData) -> list[tuple[str, str, str]]:
    """Figure, method and colour, of each trace and matplotlib line that is a method's."""
    found, labels = [], list(data.look.colours)
    for name, module in FIGURES.items():
        figure = module.draw(data)
        for trace in figure.data if figure else ():
            method = next((of[0] for words in (trace.name, trace.legendgroup, trace.hovertemplate) if (of := labels_in(words, labels))), None)
            for part in (trace[name] for name in ("marker", "line", "error_x", "error_y") if name in trace):
                colour = getattr(part, "color", None)
                if method and isinstance(colour, str) and colour not in ("white", "#52606D"):  # rims, and bars of bars
                    found.append((name, method, colour))
        paper = module.draw_paper(data) if hasattr(module, "draw_paper") else None
        for axis in paper.axes if paper else ():
            for handle, words in zip(*axis.get_legend_handles_labels()):
                line = handle[0] if isinstance(handle, tuple) else handle
                method = labels_in(words.replace(", ddim", " · ddim"), labels)
                if method and hasattr(line, "get_color"):
                    found.append((name, method[0], line.get_color().upper()))
    return found


@pytest.mark.parametrize("run, figures", [
    ("knobs", {"speed_quality", "throughput_latency", "speedups", "blocks_over_t", "exit_heat_map", "raw_timings"}),
    ("sweep_database", {"speed_quality", "solver_quality", "throughput_latency", "speedups", "saving_by_solver", "blocks_over_t", "raw_timings"}),
])
def test_every_figure_draws_a_method_in_its_colour(request: pytest.FixtureRequest, run: str, figures: set[str]) -> None:
    def check(data: RunData) -> None:
        found = coloured(data)
        assert {name for name, *_ in found} >= figures
        assert [of for of in found if of[2] != data.look.colours[of[1]]] == []

    with_data(request.getfixturevalue(run), check)


def test_a_line_over_the_knob_is_in_the_methods_colour_and_its_points_in_their_shades(knobs: Path) -> None:
    def check(data: RunData) -> None:
        colours = data.look.colours
        lines = {t.name: t for t in FIGURES["method_sweep"].draw(data).data if t.xaxis == "x2" and "markers" in t.mode}
        row = lines["uncertainty exit"]
        assert row.line.color == colours["row 0.1"] and list(row.marker.color) == [colours["row 0.05"], colours["row 0.1"]]
        assert colours["row 0.05"] != colours["row 0.1"]
        assert lines["duodiff"].line.color == colours["duo late"] and lines["full, over steps"].line.color == BASELINE_COLOUR

    with_data(knobs, check)


def test_where_colours_are_parts_of_time_a_dot_is_the_methods(knobs: Path) -> None:
    def check(data: RunData) -> None:
        texts = [*FIGURES["where_saving_goes"].draw(data).layout.yaxis.ticktext, *(a.text for a in FIGURES["exit_heat_map"].draw(data).layout.annotations)]
        for label in ("row 0.1", "row 0.05", "batch 0.1"):
            assert f"<span style='color:{data.look.colours[label]}'>●</span> {label}" in {text.partition("<br>")[0] for text in texts}

    with_data(knobs, check)


def test_no_colour_of_a_method_is_anything_elses() -> None:
    others = {*PHASE_COLOURS.values(), *SERIES_COLOURS, *STEP_COLOURS.values(), *forest.COLOURS.values(), NULL_COLOUR, BASELINE_COLOUR}
    assert not {colour.upper() for colour in others} & set(COLOURS)


def test_no_two_methods_share_a_colour() -> None:
    many = [method_colour(number) for number in range(3 * len(COLOURS))]
    assert len(set(many)) == len(many) and many[: len(COLOURS)] == COLOURS


def test_the_null_method_takes_no_colour_and_moves_none() -> None:
    families = {"full": "full", "null": "null", "a": "a", "b late": "b", "b early": "b"}
    look = look_of(families, {"full"}, {"null"}, ["ddim"])
    assert look.colours["null"] == NULL_COLOUR and look.colours["full"] == BASELINE_COLOUR
    assert [look.colours[label] for label in ("a", "b late")] == COLOURS[:2] and look.family_colours == {"a": COLOURS[0], "b": COLOURS[1]}
    without = look_of({label: of for label, of in families.items() if label != "null"}, {"full"}, set(), ["ddim"])
    assert {label: colour for label, colour in look.colours.items() if label != "null"} == without.colours


def test_the_history_has_the_colours_of_the_report(tmp_path: Path) -> None:
    database = make_history(tmp_path / "h.db", {"duodiff/1": [100.0, 101.0], "static_schedule/1": [90.0, 91.0], "duodiff/2": [80.0, 81.0]})
    change(database, "UPDATE cell SET role = 'method'")
    change(database, "UPDATE cell SET method = 'gone', method_label = 'gone', key = 'gone/1' WHERE run = 1 AND method = 'static_schedule'")
    assert main([str(database), "-o", str(tmp_path / "report")]) == 0
    recorded = json.loads(re.search(r"^const recorded = (.*);$", (tmp_path / "report/history.html").read_text(), re.M).group(1))
    assert {key: colour for _, key, _, colour in recorded["series"]} == {"duodiff/1": COLOURS[0], "static_schedule/1": COLOURS[1], "duodiff/2": COLOURS[0], "gone/1": COLOURS[2]}
