"""history.html, where the file holds two finished runs or more of the reported run's suite: each metric of its cells over the
runs, with the steps found. Its script (templates/history.js) draws what the reader chose; nothing is computed there that stands
in a table."""

from __future__ import annotations

import base64
import dataclasses
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io

from dashboards.history.causes import Causes
from dashboards.history.levels import SMALLEST_EFFECT, Level, find_levels
from dashboards.history.read import History, Machine, Numbers, read_history
from dashboards.history.segment_cost import SHORTEST
from dashboards.history.steps import CHANGE, IMPROVEMENT, MACHINE, NEW_CELL, NEW_FOOTING, REGRESSION, UNDECIDED, WORDS, steps_between
from dashboards.page_parts import as_json
from dashboards.source import Source
from dashboards.theme import BASELINE_COLOUR, NULL_COLOUR, Look, method_colour, styled
from dashboards.units import metric_of, name_words, shown_unit

TITLE = "History"
FIRST_METRICS = ["latency", "throughput", "speedup", "fid", "peak_memory", "device_memory"]  # the others as the file has them
STEP_COLOURS = {REGRESSION: "#C0392B", IMPROVEMENT: "#117733", CHANGE: "#52606D", MACHINE: "#8E6BBF", UNDECIDED: "#B7791F"}
UNITS_OF_THE_MACHINE = ("ns", "images/s")  # of metrics that a slow phase of it moves


def content(source: Source) -> dict | None:
    data = source.data
    history = read_history(data)
    if history is None or not history.numbers:
        return None
    names = sorted(history.numbers, key=lambda name: FIRST_METRICS.index(name) if name in FIRST_METRICS else len(FIRST_METRICS))
    metrics = [_metric(name, data.metrics[metric_of(name)], history) for name in names]
    runs, colours = pd.concat([machine.runs for machine in history.machines]), _colours(history.series, data.look)
    return {
        "first_utc": runs["started_utc"].min(), "last_utc": runs["started_utc"].max(), "run_count": len(runs), "series_count": len(history.series),
        "machines": [{"label": machine.label, "count": len(machine.runs)} for machine in history.machines],
        "methods": list(dict.fromkeys(history.series["method"])), "smallest_effect": SMALLEST_EFFECT,
        "metrics": [{"name": of["name"], "title": of["title"], "steps": len(of["steps"])} for of in metrics],
        "history": as_json({
            "machines": [_machine(machine) for machine in history.machines], "series": [[*row, colours[label]] for *row, label in history.series[["machine", "key", "method", "method_label"]].to_numpy().tolist()], "metrics": metrics,
            "failures": _failures(history.failures), "breaks": np.argwhere(history.is_new_cell).tolist(),
            "fewest": 2 * SHORTEST, "step_colours": STEP_COLOURS, "step_words": WORDS, "layout": json.loads(plotly.io.to_json(styled(go.Figure(), 620)))["layout"],
        }),
    }


def _colours(series: pd.DataFrame, look: Look) -> dict[str, str]:
    """By label: what the reported run's pages draw it in; labels of older runs alone have the colours after those."""
    older = series[~series["method_label"].isin(look.colours)].drop_duplicates("method_label")
    fixed = {"baseline": BASELINE_COLOUR, "null": NULL_COLOUR}
    first = len(look.family_colours)
    return look.colours | {of.method_label: fixed.get(of.role, method_colour(first + i)) for i, of in enumerate(older.itertuples())}


def _machine(machine: Machine) -> dict:
    rows = machine.runs.itertuples()
    return {"label": machine.label, "runs": [[row.id, row.started_utc, _commit(row.git_sha, row.git_dirty)] for row in rows]}


def _commit(sha: str | None, dirty: float | None) -> str:
    return "unknown commit" if pd.isna(sha) or not sha else sha[:8] + ("+" if dirty == 1 else "")


def _metric(name: str, row: dict, history: History) -> dict:
    """Values in the page's unit, of each series the runs of its machine; steps and levels by series and column there."""
    factor, unit = shown_unit(row["unit"])
    stored = history.numbers[name]
    numbers = Numbers(stored.value * factor, stored.low * factor, stored.high * factor, stored.has_new_footing)
    levels = find_levels(numbers.value, numbers.low, numbers.high)
    causes = Causes(numbers.value, numbers.low, numbers.high, history.series) if row["unit"] in UNITS_OF_THE_MACHINE else None
    has_ends = bool(np.isfinite(numbers.low).any())
    return {
        "name": name, "title": name_words(name), "unit": unit, "better": row["better"], "definition": f"{row['definition']} [{row['formula']}]",
        "value": _packed(numbers.value, history), "low": _packed(numbers.low, history) if has_ends else None,
        "high": _packed(numbers.high, history) if has_ends else None,
        "levels": [[series, level.first, level.last, level.value] for series, of in enumerate(levels) if len(of) > 1 for level in of],
        "steps": [dataclasses.asdict(step) for step in steps_between(levels, row["better"], {NEW_CELL: history.is_new_cell, NEW_FOOTING: numbers.has_new_footing}, causes)],
        "breaks": np.argwhere(numbers.has_new_footing).tolist(), "unsought": _unsought(numbers.value, levels),
    }


def _unsought(value: np.ndarray, levels: list[list[Level]]) -> int:
    """Series with numbers in which no levels were sought."""
    return sum(not of and bool(np.isfinite(row).any()) for of, row in zip(levels, value))


def _packed(array: np.ndarray, history: History) -> str:
    """float32, little endian, series after series without what lies behind their machine's last run; in base64."""
    rows = [array[series, : len(history.machines[machine].runs)] for series, machine in enumerate(history.series["machine"])]
    return base64.b64encode(np.concatenate(rows).astype("<f4").tobytes()).decode()


def _failures(cells: pd.DataFrame) -> list[list]:
    """series, column, words."""
    return [[int(row.series), int(row.column), f"{row.status}: {'not finished' if pd.isna(row.reason) else row.reason}"] for row in cells.itertuples()]
