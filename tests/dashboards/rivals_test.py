"""No setting is praised that another one of its page beats: over solvers, steps, batches and precisions, by the intervals."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dashboards.verdict import verdict

from methods_database import add_cell
from reading import with_data
from rows import change, new_file


def said(database: Path) -> str:
    return with_data(database, verdict)


def add(database: Path, number: int, label: str, milliseconds: float, fid: float, *, full: int | None = None, lost: float | None = None, half_width: float = 0.1,
        full_milliseconds: float = 4.0, **columns: object) -> None:
    """A method of the full network `full`, faster than it by `full_milliseconds`; or without it a full network."""
    with sqlite3.connect(database) as connection:
        add_cell(connection, number, "fixed_exit" if full else "full", {"exit": number} if full else {}, label=label, baseline=full, milliseconds=milliseconds,
                 speedup=full_milliseconds / milliseconds if full else 1.0, fid=fid, fid_half_width=half_width, fid_lost=lost)
        for name, value in columns.items():
            connection.execute(f"UPDATE cell SET {name} = ? WHERE id = ?", (value, number))


def interval_of(database: Path, cell: int, metric: str, low: float | None, high: float | None) -> None:
    ends = "low = NULL, high = NULL, n = 5" if low is None else f"low = {low}, high = {high}"
    change(database, f"UPDATE estimate SET {ends} WHERE metric = '{metric}' AND cell = {cell}")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """full at 250 images/s and FID 4, `good` 1.6 times as fast at 4.1; a loss to 4.4 is tolerated."""
    path = tmp_path / "rivals.db"
    connection = new_file(path)
    connection.commit()
    connection.close()
    add(path, 1, "full", 4.0, 4.0)
    add(path, 2, "good", 2.5, 4.1, full=1, lost=0.1)
    return path


def test_the_larger_speed_up_of_the_slower_solver_is_not_the_fastest(run: Path) -> None:
    add(run, 11, "full", 2.0, 4.3, solver="unipc")
    add(run, 12, "quick", 1.6, 4.35, full=11, lost=0.05, full_milliseconds=2.0, solver="unipc")  # 1.25 times as fast as its full network
    change(run, "UPDATE quality SET low = 4.32, high = 5 WHERE metric = 'fid' AND cell IN (11, 12)")  # known to be above good, and perhaps above 4.4
    assert "the fastest is quick on unipc, 4 steps: 1.25 times" in said(run)


def test_a_method_whose_full_network_has_lost_already_is_not_praised(run: Path) -> None:
    add(run, 11, "full", 1.0, 30.0, steps=2)
    add(run, 12, "hopeless", 0.5, 30.1, full=11, lost=0.1, full_milliseconds=1.0, steps=2)
    words = said(run)
    assert "the fastest is good on ddim, 4 steps" in words and "hopeless" not in words
    assert "at the same solver and steps, with a FID not known to be more than 10% above 4 (full on ddim, 4 steps), the fastest" in words
    change(run, "DELETE FROM cell WHERE id = 2")
    assert "the fastest is hopeless on ddim, 2 steps" in said(run) and "against 30 " in said(run)  # nothing else is faster


@pytest.mark.parametrize("column, value, words", [
    ("precision", "bf16", "But full on ddim, 4 steps, batch 10, bf16 is at least as fast (1000 images/s against 400)"),
    ("batch", 64, "But full on ddim, 4 steps, batch 64, fp32 is at least as fast"), ("solver", "unipc", "But full on unipc, 4 steps is at least as fast"),
    ("steps", 2, "But full on ddim, 2 steps is at least as fast"), ("scenario", "single_stream", ""), ("device", "cuda", ""), ("ranks", 2, ""),
])
def test_the_full_network_in_another_setting_beats(run: Path, column: str, value: object, words: str) -> None:
    add(run, 11, "full", 1.0, 4.05, **{column: value})
    assert words in said(run) and said(run).startswith("No method stands out" if words else "Among the methods")


def test_a_method_of_another_solver_beats_although_its_own_speed_up_is_small(run: Path) -> None:
    add(run, 11, "full", 2.0, 3.9, solver="unipc")
    interval_of(run, 11, "throughput", 300, 600)
    add(run, 12, "quick", 1.9, 3.9, full=11, lost=0.0, full_milliseconds=2.0, solver="unipc")
    interval_of(run, 12, "speedup", 0.9, 1.2)  # not known to be faster than its full network, but than good
    assert "No method stands out: the fastest that loses at most 10%" in said(run)
    assert "is good on ddim, 4 steps: 1.60 times" in said(run) and "But quick on unipc, 4 steps is at least as fast (526 images/s against 400)" in said(run)


def test_a_rival_needs_no_interval_of_its_speed_up(run: Path) -> None:
    add(run, 3, "short", 2.0, 4.1, full=1, lost=0.1)
    interval_of(run, 3, "speedup", None, None)
    assert "But short on ddim, 4 steps is at least as fast (500 images/s against 400) and not known to be worse (FID − full +0.1 [+0, +0.2] against +0.1" in said(run)


def test_where_speed_does_not_tell_the_better_one_is_named(run: Path) -> None:
    add(run, 3, "better", 2.6, 3.7, full=1, lost=-0.3)
    assert "the fastest is good" in said(run) and "Not told apart" not in said(run)
    interval_of(run, 3, "speedup", 1.4, 1.7)
    assert "the fastest that no other setting of the page beats is better on ddim, 4 steps" in said(run)


def test_a_full_network_that_is_better_and_as_fast_as_can_be_told_beats(run: Path) -> None:
    add(run, 11, "full", 2.6, 3.0, steps=3)
    assert "the fastest is good" in said(run)
    interval_of(run, 11, "throughput", 350, 420)
    assert "But full on ddim, 3 steps is as fast as can be told (385 images/s [350, 420] against 400 [400, 400]) and better (FID 3 [2.9, 3.1] against 4.1" in said(run)


def test_what_cannot_be_told_apart_from_the_fastest_is_named(run: Path) -> None:
    interval_of(run, 2, "speedup", 1.55, 1.65)
    change(run, "UPDATE quality SET low = 0, high = 0.3 WHERE metric = 'fid_difference' AND cell = 2")
    for number in range(3, 8):
        add(run, number, f"near {number}", 2.6, 4.1, full=1, lost=0.1)
        interval_of(run, number, "speedup", 1.4, 1.7)
    assert said(run).endswith("Not told apart from it in speed, and not known to be worse: near 3 on ddim, 4 steps; near 4 on ddim, 4 steps; near 5 on ddim, 4 steps; 2 more.")
    add(run, 8, "worse", 2.6, 4.37, full=1, lost=0.37, half_width=0.03)
    interval_of(run, 8, "speedup", 1.4, 1.7)
    assert said(run).endswith("2 more.")  # worse than good, although it kept the FID


def test_the_fastest_may_be_beaten_where_a_slower_one_is_not(run: Path) -> None:
    change(run, "UPDATE quality SET value = 5, low = 4.38, high = 5.1 WHERE metric = 'fid' AND cell = 1")  # nobody knows the full network's
    add(run, 11, "full", 2.0, 5.3, half_width=0.3, steps=2)
    add(run, 12, "quick", 1.5, 5.4, full=11, lost=0.1, full_milliseconds=2.0, half_width=0.2, steps=2)
    add(run, 21, "full", 1.0, 5.6, half_width=0.05, steps=1)
    words = said(run)
    assert "the fastest that no other setting of the page beats is good on ddim, 4 steps" in words


def test_settings_that_cannot_be_compared_have_a_sentence_each(run: Path) -> None:
    add(run, 11, "full", 8.0, 4.0, scenario="single_stream")
    add(run, 12, "eager", 4.0, 4.1, full=11, lost=0.1, full_milliseconds=8.0, scenario="single_stream")
    assert said(run).startswith("Offline: Among the methods") and "the fastest is good on ddim" in said(run)
    assert "Single stream: Among the methods" in said(run) and "the fastest is eager on ddim" in said(run)
