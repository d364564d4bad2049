"""Lines that lie on each other in "Blocks executed over t": each of them is seen."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from dashboards.figures import blocks_over_t
from dashboards.overlaps import RIM, WIDEST, WIDTH, rim_widths

from methods_database import add_cell
from reading import with_data


def test_what_lies_under_others_is_wider_than_they_are() -> None:
    full, early, late = np.array([13.0, 13, 13]), np.array([3.0, 13, 13]), np.array([3.0, 3, 13])
    assert rim_widths([full, early, late], 13.0) == [WIDTH + 2 * RIM, WIDTH + RIM, WIDTH]
    assert rim_widths([full, np.array([7.0, 7, 7]), late], 13.0) == [WIDTH + RIM, WIDTH, WIDTH]
    assert rim_widths([full - 0.05, full], 13.0) == [WIDTH + RIM, WIDTH]  # adaptive exits: not quite the same, and as hidden
    assert rim_widths([full, full - 1], 13.0) == [WIDTH, WIDTH]


def test_missing_values_touch_nothing_and_many_lines_stay_lines() -> None:
    assert rim_widths([np.array([13.0, np.nan]), np.array([np.nan, 13.0])], 13.0) == [WIDTH, WIDTH]
    widths = rim_widths([np.array([13.0])] * 10, 13.0)
    assert max(widths) <= WIDEST and widths == sorted(set(widths), reverse=True)
    assert rim_widths([], 13.0) == []


def test_full_is_seen_under_the_methods_that_run_all_blocks(knobs: Path) -> None:
    lines = {t.name: t for t in with_data(knobs, blocks_over_t.draw).data}
    assert list(lines)[0] == "full" and list(lines["full"].y) == [4, 4, 4, 4] and list(lines["duo late"].y) == [1, 4, 4, 4]
    assert lines["full"].line.width > lines["duo late"].line.width == WIDTH
    paper = with_data(knobs, blocks_over_t.draw_paper).axes[0].get_lines()
    assert paper[0].get_linewidth() > paper[-1].get_linewidth()


def test_many_methods_have_a_panel_each_beside_the_full_network(knobs: Path) -> None:
    with sqlite3.connect(knobs) as connection:
        for number in range(30, 34):
            add_cell(connection, number, "fixed_exit", {"exit": number - 29}, label=f"exit {number - 29}", baseline=1, milliseconds=4.0, times=(999.0, 499.0),
                     exits=[{number - 29: 10}] * 2)
    figure = with_data(knobs, blocks_over_t.draw)
    of = {a.text: [t.name for t in figure.data if t.xaxis == f"x{i or ''}"] for i, a in zip(("", 2, 3, 4), figure.layout.annotations)}
    assert of == {
        "uncertainty exit<br>ddim, trailing, 4 steps": ["full", "row 0.1", "row 0.05"],
        "uncertainty exit<br>(granularity batch mean)<br>ddim, trailing, 4 steps": ["full", "batch 0.1"],
        "duodiff<br>ddim, trailing, 4 steps": ["full", "duo late"],
        "fixed exit<br>ddim, trailing, 4 steps": ["full", "exit 1", "exit 2", "exit 3", "exit 4"],
    }
    assert [t.name for t in figure.data if t.showlegend].count("full") == 1
