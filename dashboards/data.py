"""What every figure starts from: one run's cells with their intervals, read once."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import pandas as pd

from dashboards.database import query
from dashboards.statistics import bootstrap_median, median_interval
from dashboards.theme import Look, look_of

CELLS = """
SELECT cell_summary.*, pareto.cell IS NOT NULL AS on_pareto_front
FROM cell_summary LEFT JOIN pareto USING (cell)
WHERE cell_summary.run = :run ORDER BY cell_summary.cell
"""
PAIRS = "SELECT speedup_pair.* FROM speedup_pair JOIN cell ON cell.id = speedup_pair.cell WHERE cell.run = :run"
REPETITIONS = """
SELECT cell_repetition.* FROM cell_repetition JOIN cell ON cell.id = cell_repetition.cell WHERE cell.run = :run
"""


@dataclass(frozen=True)
class RunData:
    connection: sqlite3.Connection
    run: pd.Series  # the row of table run
    cells: pd.DataFrame  # view cell_summary, with *_low and *_high of latency, throughput and speed-up
    metrics: dict[str, dict[str, str]]  # by name: unit, better, definition, formula
    look: Look

    def query(self, sql: str) -> pd.DataFrame:
        return query(self.connection, sql, run=int(self.run["id"]))

    def define(self, metric: str) -> str:
        """Definition and formula, for hovering."""
        row = self.metrics.get(metric)
        return f"{row['definition']} [{row['formula']}]" if row else ""


def scenario_title(scenario: str, batch: int, precision: str) -> str:
    return f"{scenario.replace('_', ' ')}, batch {batch}, {precision}"


def read_run(connection: sqlite3.Connection, run: int) -> RunData:
    row = query(connection, "SELECT * FROM run WHERE id = :run", run=run).iloc[0]
    cells = query(connection, CELLS, run=run)
    _add_intervals(cells, query(connection, PAIRS, run=run), query(connection, REPETITIONS, run=run), int(row["seed"]))
    metrics = query(connection, "SELECT * FROM metric").set_index("name").to_dict("index")
    baselines = set(cells.loc[cells["role"] == "baseline", "method_label"])
    look = look_of(list(cells["method_label"].unique()), baselines, list(cells["solver"].unique()))
    return RunData(connection, row, cells, metrics, look)


def _add_intervals(cells: pd.DataFrame, pairs: pd.DataFrame, repetitions: pd.DataFrame, seed: int) -> None:
    for name in ("latency_ns", "images_per_s", "speedup"):
        cells[f"{name}_low"] = float("nan")
        cells[f"{name}_high"] = float("nan")
    for index, cell in cells.iterrows():
        if cell["status"] != "ok":
            continue
        mine = repetitions[repetitions["cell"] == cell["cell"]]
        for column, values, invert in (
            ("latency_ns", mine["duration_ns"], False),
            ("images_per_s", mine["ns_per_sample"], True),
        ):
            interval = median_interval(values.to_numpy())
            if interval:
                low, high = (1e9 / interval[1], 1e9 / interval[0]) if invert else interval
                cells.loc[index, [f"{column}_low", f"{column}_high"]] = [low, high]
        if cell["role"] == "method":
            interval = bootstrap_median(pairs.loc[pairs["cell"] == cell["cell"], "speedup"].to_numpy(), seed)
            if interval:
                cells.loc[index, ["speedup_low", "speedup_high"]] = interval


def parameters_text(text: str) -> str:
    """A method's or solver's JSON parameters as readers see them."""
    values = json.loads(text)
    return ", ".join(f"{key}={json.dumps(value) if isinstance(value, bool) else value}" for key, value in values.items())
