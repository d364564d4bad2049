"""The sentence on top of the page: what the intervals support, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dashboards.verdict import loss_words, verdict

from methods_database import add_cell
from reading import with_data
from rows import change, new_file


def said(database: Path) -> str:
    return with_data(database, verdict)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """full at FID 4 with 4 and (faster, worse) 2 steps; `good` 1.5 times as fast with a loss of 0.1 ± 0.2."""
    path = tmp_path / "verdict.db"
    connection = new_file(path)
    add_cell(connection, 1, "full", {}, milliseconds=4.0, fid=4.0, fid_half_width=0.3)
    add_cell(connection, 2, "fixed_exit", {"exit": 3}, label="good", baseline=1, milliseconds=4 / 1.5, speedup=1.5, fid=4.1, fid_half_width=0.2, fid_lost=0.1)
    add_cell(connection, 11, "full", {}, milliseconds=2.0, steps=2, fid=6.0, fid_half_width=0.3)
    connection.commit()
    connection.close()
    return path


def lost(database: Path, value: float, low: float | None, high: float | None, cell: int = 2) -> None:
    ends = f"low = {low}, high = {high}" if low is not None else "low = NULL, high = NULL"
    change(database, f"UPDATE quality SET value = {value}, {ends} WHERE metric = 'fid_difference' AND cell = {cell}")


def test_a_setting_that_is_faster_and_lost_nothing_is_named(run: Path) -> None:
    assert "the fastest is good on ddim, 4 steps: 1.50 times [1.50, 1.50] the full network's speed, no loss of FID seen: +0.1 [-0.1, +0.3] against 4" in said(run)


def test_a_small_loss_that_was_seen_is_called_one(run: Path) -> None:
    lost(run, 0.2, 0.1, 0.3)
    assert "FID worse by 0.2 [+0.1, +0.3] against 4" in said(run) and "the fastest is good" in said(run)
    lost(run, -0.2, -0.3, -0.1)
    assert "FID better by 0.2 [-0.3, -0.1] against 4" in said(run)


@pytest.mark.parametrize("low, high, words", [
    (-0.3, 0.5, "of 1 the interval of the FID's difference is missing or too wide to tell (N = 512)"),  # up to 0.5 of 4 may be lost
    (None, None, "missing or too wide to tell"),
    (0.1, 0.5, "1 of 1 settings are worse, the least good on ddim, 4 steps (FID worse by 0.2 [+0.1, +0.5] against 4)"),
])
def test_what_may_have_lost_a_tenth_is_not_praised(run: Path, low: float | None, high: float | None, words: str) -> None:
    lost(run, 0.2, low, high)
    assert said(run).startswith("No faster method is known to lose at most 10%") and words in said(run)


def test_the_verdict_does_not_rest_on_the_difference_of_two_fids(run: Path) -> None:
    change(run, "UPDATE quality SET value = 40, low = 39, high = 41 WHERE metric = 'fid' AND cell = 2")  # 10 times as bad
    change(run, "DELETE FROM cell WHERE id = 11")
    assert "no loss of FID seen" in said(run)  # the paired difference counts


@pytest.mark.parametrize("sql, words", [
    ("UPDATE estimate SET low = 0.9, high = 1.9 WHERE metric = 'speedup'", "No method is faster than the full network by more than the interval"),
    ("UPDATE estimate SET low = NULL, high = NULL, n = 3 WHERE metric = 'speedup'", "No speed-up has an interval (n < 6), so nothing can be said"),
    ("DELETE FROM quality WHERE metric = 'fid_difference'", "No method was measured in both"),
    ("UPDATE cell SET status = 'failed', reason = 'no' WHERE id = 2", "No method was measured in both speed and quality. 1 of 3 cells did not finish."),
    ("UPDATE cell SET status = 'failed', reason = 'no' WHERE id = 1", "No method was measured in both speed and quality. 1 of 3 cells did not finish."),
])
def test_a_speed_up_that_was_not_shown_is_not_claimed(run: Path, sql: str, words: str) -> None:
    change(run, sql)
    assert said(run).startswith(words) and "times" not in said(run)


def judge_again(database: Path, cell: int, fid: float, half_width: float) -> None:
    change(database, f"UPDATE quality SET value = {fid}, low = {fid - half_width}, high = {fid + half_width} WHERE metric = 'fid' AND cell = {cell}")


@pytest.mark.parametrize("fid, half_width, words", [  # good: 4.1 [3.9, 4.3], and a tenth more than full is 4.4
    (4.0, 0.3, "not known to be worse (FID 4 [3.7, 4.3] against 4.1 [3.9, 4.3])"),
    (4.5, 0.3, "not known to be worse (FID 4.5 [4.2, 4.8] against 4.1 [3.9, 4.3])"),
    (4.35, 0.04, "keeps its FID within 10% as well (FID 4.35 [4.31, 4.39] against"),
    (3.0, 0.3, "better (FID 3 [2.7, 3.3] against 4.1"), (4.7, 0.3, ""),
])
def test_the_full_network_at_fewer_steps_may_be_as_good_and_faster(run: Path, fid: float, half_width: float, words: str) -> None:
    judge_again(run, 11, fid, half_width)
    assert said(run).startswith("No method stands out") == bool(words)
    assert ("But full on ddim, 2 steps is at least as fast (500 images/s against 375) and " + words in said(run)) == bool(words)


def test_only_what_may_be_compared_beats(run: Path) -> None:
    change(run, "UPDATE quality SET value = 4 , low = 3.7, high = 4.3 WHERE cell = 11")
    assert said(run).startswith("No method stands out")
    change(run, "UPDATE quality SET n = 4096 WHERE cell = 11")
    assert "the fastest is good" in said(run)


def test_a_faster_setting_that_lost_too_much_does_not_hide_a_good_one(run: Path) -> None:
    with sqlite3.connect(run) as connection:
        add_cell(connection, 3, "fixed_exit", {"exit": 2}, label="bad", baseline=1, milliseconds=2.0, speedup=2.0, fid=4.3, fid_lost=0.25, fid_half_width=0.2)
    assert "the fastest is good" in said(run)  # bad may have lost 0.45 of 4
    with sqlite3.connect(run) as connection:
        add_cell(connection, 4, "fixed_exit", {"exit": 1}, label="best", baseline=1, milliseconds=2.0, speedup=2.0, fid=4.2, fid_lost=0.1, fid_half_width=0.2)
    assert "the fastest is best" in said(run)


def test_a_cold_baseline_is_told(run: Path) -> None:
    assert "warm-up" not in said(run)
    change(run, "INSERT INTO warmup_end VALUES (1, 'timing', 0, 0, 'max_seconds')")
    assert "a warm-up did not converge" in said(run)


def test_words_say_what_the_interval_says(run: Path) -> None:
    cell = with_data(run, lambda data: data.cells.iloc[1])
    assert loss_words(cell, 4.0).startswith("no loss of FID seen: +0.1 ")
    assert loss_words(cell, 2.0).startswith("FID cannot be told apart: +0.1 ")  # up to 0.3 of 2
    lost(run, 0.1, None, None)
    cell = with_data(run, lambda data: data.cells.iloc[1])
    assert loss_words(cell, 4.0) == "FID +0.1 against 4, no interval at n = 512"
