"""The cells of a run over solvers and step counts, as the figures about solvers start from them."""

from __future__ import annotations

import pandas as pd

from dashboards.data import RunData, parameters_text, scenario_title


def measured(data: RunData) -> pd.DataFrame:
    """Cells that ran, with `series` (solver, its parameters and grid), `milliseconds` per sample with its interval (throughput the other way up), and
    `setting` (scenario, batch, compute)."""
    cells = data.cells[(data.cells["status"] == "ok") & (data.cells["role"] != "null")].copy()
    cells["series"] = [
        " ".join(filter(None, (solver, parameters_text(parameters), f"· {grid}")))
        for solver, parameters, grid in zip(cells["solver"], cells["given_solver_params"], cells["grid"])
    ]
    cells["setting"] = [scenario_title(*key) for key in zip(cells["scenario"], cells["batch"], cells["compute"])]
    for name, source in (("", ""), ("_low", "_high"), ("_high", "_low")):
        cells[f"milliseconds{name}"] = 1e3 / cells[f"images_per_s{source}"]
    ends = zip(cells["milliseconds_low"], cells["milliseconds_high"], cells["images_per_s_interval"])
    cells["milliseconds_interval"] = [missing if pd.isna(low) else f"[{low:.4g}, {high:.4g}]" for low, high, missing in ends]
    return cells


def sweep(data: RunData) -> pd.DataFrame | None:
    """The measured cells; None when there are no two solvers to compare, or none was run at two step counts."""
    cells = measured(data)
    return None if cells["series"].nunique() < 2 or cells.groupby("series")["steps"].nunique().max() < 2 else cells


def hover_definitions(data: RunData, *metrics: str) -> str:
    """Definitions to close a hover text with, one paragraph each, wrapped for the box."""
    paragraphs = []
    for metric in metrics:
        words, line, lines = f"{metric.replace('_', ' ')}: {data.define(metric)}".split(), "", []
        for word in words:
            if line and len(line) + len(word) >= 72:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        paragraphs.append("<br>".join([*lines, line]))
    return "<span style='font-size:11px'>" + "<br>".join(paragraphs) + "</span>"
