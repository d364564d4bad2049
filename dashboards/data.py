"""What every figure starts from: one run's cells with their intervals, read once."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import pandas as pd

from dashboards.database import query
from dashboards.families import with_families
from dashboards.statistics import bootstrap_median, median_interval
from dashboards.theme import Look, look_of

CELLS = """
SELECT cell_summary.*, pareto.cell IS NOT NULL AS on_pareto_front, cell.solver_params, cell.block_count
FROM cell_summary JOIN cell ON cell.id = cell_summary.cell LEFT JOIN pareto ON pareto.cell = cell_summary.cell
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
    cells: pd.DataFrame  # view cell_summary, with *_low and *_high of latency, throughput and speed-up, families.py's columns, and theory
    metrics: dict[str, dict[str, str]]  # by name: unit, better, definition, formula
    look: Look

    def query(self, sql: str) -> pd.DataFrame:
        return query(self.connection, sql, run=int(self.run["id"]))

    def has(self, table: str, column: str) -> bool:
        """Whether the file's table or view has the column: files of older schemas do not have all."""
        return any(row[1] == column for row in self.connection.execute(f"PRAGMA table_info({table})"))

    def define(self, metric: str) -> str:
        """Definition and formula, for hovering."""
        row = self.metrics.get(metric)
        return f"{row['definition']} [{row['formula']}]" if row else ""


def scenario_title(scenario: str, batch: int, precision: str) -> str:
    return f"{scenario.replace('_', ' ')}, batch {batch}, {precision}"


def read_run(connection: sqlite3.Connection, run: int) -> RunData:
    row = query(connection, "SELECT * FROM run WHERE id = :run", run=run).iloc[0]
    cells = with_families(query(connection, CELLS, run=run))
    cells = cells.astype({name: float for name in ("fid", "fid_low", "fid_high", "speedup", "theoretical_speedup", "images_per_s", "flops_full", "flops_per_sample")})
    _add_intervals(cells, query(connection, PAIRS, run=run), query(connection, REPETITIONS, run=run), int(row["seed"]))
    # files of schema 1 and 2 compare with the cell's own network, which may be smaller than the baseline's
    baseline_flops = cells["baseline_cell"].map(cells.set_index("cell")["flops_full"])
    promised = cells["theoretical_speedup"].notna() & (cells["flops_per_sample"] > 0)
    cells["theory"] = (baseline_flops / cells["flops_per_sample"]).where(promised)
    metrics = query(connection, "SELECT * FROM metric").set_index("name").to_dict("index")
    baselines = set(cells.loc[cells["role"] == "baseline", "method_label"])
    families = cells.drop_duplicates("method_label").set_index("method_label")["family"].to_dict()
    look = look_of(families, baselines, list(cells["solver"].unique()))
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
