"""Whose doing a step is, on histories in which the machine, one method or both became slower."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboards.data import read_run
from dashboards.database import open_database
from dashboards.history.causes import BOTH, OWN, SHARED, UNKNOWN, Cause, Causes
from dashboards.history.levels import Level, find_levels
from dashboards.history.page import content
from dashboards.history.read import read_history
from dashboards.history.steps import steps_between
from dashboards.source import Source

from history_database import make_history

RUNS = 40
SLOW = slice(15, 25)  # the machine's phase
PAIR = {"machine": [0, 0], "role": ["baseline", "method"], "full": [-1, 0]}  # series: full, and a method beside it
CELLS = {"full/1": 100.0, "duodiff/1": 50.0, "fixed_exit/1": 60.0, "half/1": 70.0}


def latencies(seed: int = 4) -> dict[str, np.ndarray]:
    """Of quiet runs, with 0.5 % of noise."""
    random = np.random.default_rng(seed)
    return {key: latency * np.exp(random.normal(0, 0.005, RUNS)) for key, latency in CELLS.items()}


def slowed_by_the_machine(cells: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for of in cells.values():
        of[SLOW] *= 1.3
    return cells


def steps(tmp_path: Path, cells: dict[str, np.ndarray], is_beside_full: bool = True, better: str = "lower") -> dict[str, list[tuple[int, str, str]]]:
    """By key: where each step begins, its kind and note; the metric's values are the latencies for "lower", and one over them for "higher"."""
    database = make_history(tmp_path / "h.db", {key: of.tolist() for key, of in cells.items()}, is_beside_full=is_beside_full)
    with open_database(str(database)) as connection:
        history = read_history(read_run(connection, RUNS))
    numbers = history.numbers["latency"]
    ends = [numbers.value, numbers.low, numbers.high] if better == "lower" else [1 / numbers.value, 1 / numbers.high, 1 / numbers.low]
    found = steps_between(find_levels(*ends), better, {}, Causes(*ends, history.series))
    return {key: [(step.begins, step.kind, step.note) for step in found if step.series == number] for number, key in enumerate(history.series["key"])}


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_a_slow_phase_is_the_machine_and_no_regression(tmp_path: Path, better: str) -> None:
    found = steps(tmp_path, slowed_by_the_machine(latencies()), better=better)
    assert found.pop("full/1") == [(15, "undecided", ""), (25, "undecided", "")]  # it may be full with all that share its blocks
    assert set(found) == set(CELLS) - {"full/1"} and all(of == [(15, "shared", ""), (25, "shared", "")] for of in found.values())


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_one_slower_method_is_a_regression(tmp_path: Path, better: str) -> None:
    cells = latencies()
    cells["duodiff/1"][20:] *= 1.1
    assert steps(tmp_path, cells, better=better) == {"full/1": [], "duodiff/1": [(20, "regression", "")], "fixed_exit/1": [], "half/1": []}


def test_a_method_step_within_a_slow_phase_is_found(tmp_path: Path) -> None:
    cells = slowed_by_the_machine(latencies())
    cells["duodiff/1"][20:] *= 1.1
    found = steps(tmp_path, cells)
    assert found["duodiff/1"] == [(15, "shared", ""), (20, "regression", ""), (25, "shared", "")]
    assert [kind for _, kind, _ in found["half/1"]] == ["shared", "shared"]


@pytest.mark.parametrize("factor, kind, sign", [(1.1, "regression", "+"), (0.9, "improvement", "−")])
def test_where_both_moved_at_once_the_ratio_decides(tmp_path: Path, factor: float, kind: str, sign: str) -> None:
    """0.9: the cell is slower than before, and faster than full says it had to be."""
    cells = slowed_by_the_machine(latencies())
    cells["duodiff/1"][15:] *= factor
    begins, found, note = steps(tmp_path, cells)["duodiff/1"][0]
    assert (begins, found) == (15, kind) and note.startswith(f"the machine: full moved as well; {sign}") and note.endswith("% against full")
    assert float(note.split()[-4].replace("−", "-")) == pytest.approx(100 * (factor - 1), abs=1)


def test_full_itself_is_known_where_several_others_stayed(tmp_path: Path) -> None:
    cells = latencies()
    cells["full/1"][20:] *= 1.1
    assert steps(tmp_path, cells)["full/1"] == [(20, "regression", "")]
    alone = {key: cells[key] for key in ("full/1", "duodiff/1")}
    (tmp_path / "alone").mkdir()
    assert steps(tmp_path / "alone", alone)["full/1"] == [(20, "undecided", "")]  # one other that stayed is not enough


def test_without_full_the_other_cells_are_asked(tmp_path: Path) -> None:
    cells = latencies()
    cells["duodiff/1"][20:] *= 1.1
    assert steps(tmp_path, cells, is_beside_full=False)["duodiff/1"] == [(20, "regression", "")]
    (tmp_path / "slow").mkdir()
    of_phase = steps(tmp_path / "slow", slowed_by_the_machine(latencies()), is_beside_full=False)
    assert {kind for of in of_phase.values() for _, kind, _ in of} == {"undecided"}


def arrays(*rows: list[float]) -> list[np.ndarray]:
    return [np.array(rows)] * 3


def cause(of_full: list[float], cell: list[float], **series: list) -> str:
    """Of the cell's step in the middle, by rows of full and the cell."""
    table = pd.DataFrame(PAIR | series)
    middle, last = len(cell) // 2, len(cell) - 1
    causes = Causes(*arrays(of_full, cell), table)
    return causes.of(1, Level(0, middle - 1, float(np.median(cell[:middle]))), Level(middle, last, float(np.median(cell[middle:])))).who


def test_a_checker_that_looks_at_the_wrong_series_would_be_seen() -> None:
    """The answers differ with each thing the rule looks at; one that ignored any of them would give two the same."""
    slow, still, cell = [100.0] * 4 + [130.0] * 4, [100.0] * 8, [50.0] * 4 + [65.0] * 4
    assert cause(slow, cell) == SHARED
    assert cause(still, cell) == OWN
    assert cause(slow, cell[:4] + [80.0] * 4) == BOTH
    assert cause(slow[::-1], cell) == OWN  # full went the other way
    assert cause(slow, cell, full=[-1, -1]) == UNKNOWN  # not its full
    assert cause([np.nan] * 8, cell) == UNKNOWN and cause([100.0] + [np.nan] * 3 + [130.0] * 4, cell) == UNKNOWN
    assert cause([100.0] * 4 + [101.5] * 4, [50.0] * 4 + [51.25] * 4) == UNKNOWN  # neither moved enough to be told


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_a_phase_of_noisy_runs_is_rarely_called_a_method(noise: float) -> None:
    """The ratio to full is noisy too: without its standard error one step in six of a phase would be a regression or an improvement."""
    random, found = np.random.default_rng(5), []
    for _ in range(30):
        values = 100 * np.exp(random.normal(0, noise, (5, 120)))
        values[:, 40:80] *= 1.3
        series = pd.DataFrame({"machine": 0, "role": ["baseline"] + ["method"] * 4, "full": [-1] + [0] * 4})
        found += [step.kind for step in steps_between(find_levels(values, values, values), "lower", {}, Causes(values, values, values, series)) if step.series > 0]
    assert len(found) >= 240 and sum(kind == "shared" for kind in found) >= 0.97 * len(found)


def test_what_full_did_long_before_says_nothing() -> None:
    """Full became slower twenty runs before the cell did: over the whole level most of its runs are of the time before."""
    full = [100.0] * 30 + [110.0] * 40
    cell = [50.0] * 50 + [55.0] * 20
    causes = Causes(*arrays(full, cell), pd.DataFrame(PAIR))
    assert causes.of(1, Level(0, 49, 50.0), Level(50, 69, 55.0)) == Cause(OWN)


def test_the_page_gets_the_words_and_only_times_are_asked_about(tmp_path: Path) -> None:
    database = make_history(tmp_path / "h.db", {key: of.tolist() for key, of in slowed_by_the_machine(latencies()).items()}, is_beside_full=True)
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO estimate (cell, metric, value, confidence, n, rule) SELECT cell, 'peak_memory', value, 0.95, 8, '' FROM estimate WHERE metric = 'latency'")
    with open_database(str(database)) as connection:
        page = content(Source(read_run(connection, RUNS)))
    recorded = json.loads(page["history"])
    kinds = {metric["name"]: [step["kind"] for step in metric["steps"] if step["series"] == 1] for metric in recorded["metrics"]}
    assert kinds == {"latency": ["shared", "shared"], "peak_memory": ["regression", "improvement"]}
    assert recorded["step_words"]["shared"] == "the machine: full moved as well" and set(recorded["step_colours"]) >= set(recorded["step_words"])
