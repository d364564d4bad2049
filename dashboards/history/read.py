"""The finished runs of a suite, by machine, and the numbers of their cells as series.

A series is a cell of the suite (its key) on one kind of machine (processors, cores and GPUs; never the host's name): its runs
are those on that machine, in the order in which they started. Where a cell is missing, failed or has no number, the number is
NaN: nothing is carried over a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboards.data import RunData
from dashboards.machines import machine_labels

RUNS = """
SELECT id, started_utc, git_sha, git_dirty, program_version FROM run
WHERE suite_name = (SELECT suite_name FROM run WHERE id = :run) AND status <> 'running' ORDER BY started_utc, id
"""
CELLS = """
SELECT cell.id AS cell, cell.run, key, method, method_label, role, identity, cell.status, reason,
(SELECT key FROM cell AS baseline WHERE baseline.id = cell.baseline_cell) AS full_key
FROM cell JOIN run ON run.id = cell.run
WHERE suite_name = (SELECT suite_name FROM run WHERE id = :run) AND run.status <> 'running' ORDER BY cell.id
"""
# as view cell_summary has them, but for metrics without a column there and further extractors as well
NUMBERS = """
SELECT cell, metric AS name, value, low, high, '' AS footing FROM estimate WHERE metric = :metric
UNION ALL SELECT cell, name, value, low, high, n || ' ' || origin FROM cell_quality WHERE metric = :metric
"""


@dataclass(frozen=True)
class Machine:
    label: str
    runs: pd.DataFrame  # table run; a run's place here is its column in the numbers of the machine's series


@dataclass(frozen=True)
class Numbers:
    value: np.ndarray  # [series, run of its machine], NaN where there is none and behind its machine's last run
    low: np.ndarray
    high: np.ndarray
    has_new_footing: np.ndarray  # unlike the number before, of other samples, extractor or reference: not comparable


@dataclass(frozen=True)
class History:
    machines: list[Machine]  # that of the latest run first
    series: pd.DataFrame  # machine (its number), key, method, method_label, role, full (the series of its `full`, or -1); in the order of the latest plan
    failures: pd.DataFrame  # cells that are not ok: series, column, status, reason
    is_new_cell: np.ndarray  # [series, run of its machine]: unlike the cell before, with other weights or parameters
    numbers: dict[str, Numbers]  # by metric, of a further extractor by "fid@clip"


def read_history(data: RunData) -> History | None:
    """None where the suite of `data` has no two finished runs."""
    runs = data.query(RUNS)
    if len(runs) < 2:
        return None
    machines = _machines(data, runs)
    of_run = pd.DataFrame([(run, number, column) for number, machine in enumerate(machines) for column, run in enumerate(machine.runs["id"])],
                          columns=["run", "machine", "column"])
    cells = data.query(CELLS).merge(of_run, on="run")
    groups = cells.groupby(["machine", "key"], sort=False)
    series = groups.agg(method=("method", "last"), method_label=("method_label", "last"), role=("role", "last"), full_key=("full_key", "last"), newest=("cell", "max")).reset_index().sort_values(["machine", "newest"], ignore_index=True)
    place = pd.Series(series.index, index=pd.MultiIndex.from_frame(series[["machine", "key"]]))
    cells["series"] = place.reindex(pd.MultiIndex.from_frame(cells[["machine", "key"]])).to_numpy()
    series["full"] = place.reindex(pd.MultiIndex.from_frame(series[["machine", "full_key"]])).fillna(-1).astype(int).to_numpy()
    shape = (len(series), max(len(machine.runs) for machine in machines))
    return History(machines, series.drop(columns=["newest", "full_key"]), cells.loc[cells["status"] != "ok", ["series", "column", "status", "reason"]],
                   _is_new(cells, "identity", shape), _numbers(data, cells, shape))


def _machines(data: RunData, runs: pd.DataFrame) -> list[Machine]:
    label = machine_labels(data, runs["id"])
    latest_first = dict.fromkeys(label[::-1])
    return [Machine(of, runs[label == of].reset_index(drop=True)) for of in latest_first]


def _numbers(data: RunData, cells: pd.DataFrame, shape: tuple[int, int]) -> dict[str, Numbers]:
    places = cells[cells["status"] == "ok"].set_index("cell")[["series", "column"]]
    found = {}
    for metric in data.metrics:
        rows = data.query(NUMBERS, metric=metric).astype(dict.fromkeys(("value", "low", "high"), float)).set_index("cell").join(places, how="inner")
        for name, of in rows.groupby("name", sort=False):
            found[name] = Numbers(*(_placed(of, of[end], shape) for end in ("value", "low", "high")), _is_new(of, "footing", shape))
    return found


def _placed(rows: pd.DataFrame, values: pd.Series | np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """By series and column of `rows`; NaN where there is none."""
    array = np.full(shape, np.nan)
    array[rows["series"].to_numpy(), rows["column"].to_numpy()] = values
    return array


def _is_new(rows: pd.DataFrame, name: str, shape: tuple[int, int]) -> np.ndarray:
    """Where the words in this column are others than in the series' last run that has any."""
    codes = _placed(rows, pd.factorize(rows[name])[0], shape)
    before = pd.DataFrame(codes).ffill(axis=1).shift(axis=1).to_numpy()
    return np.isfinite(codes) & np.isfinite(before) & (codes != before)
