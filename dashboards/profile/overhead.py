"""What looking costs: the same repetition with more and more recorded, against nothing recorded in the same round."""

from __future__ import annotations

import pandas as pd

from dashboards.data import RunData
from dashboards.profile.phase_losses import title_of
from dashboards.statistics import bootstrap_median

TITLE = "Overhead of profiling"
EXPLANATION = (
    "Time of a repetition over that of the same round with recording off: the median of the ratios with its 95 % interval. "
    "Off: nothing; NVTX: ranges for a foreign tool; activities: scopes and operators or kernels; everything: with shapes too."
)
# the slowest rank of each round, as in timing
QUERY = """
SELECT profile_overhead.cell, mode, round, max(duration_ns) AS duration_ns
FROM profile_overhead JOIN cell ON cell.id = profile_overhead.cell WHERE cell.run = :run
GROUP BY profile_overhead.cell, mode, round
"""
MODES = ["nvtx", "activities", "everything"]


def ratios(data: RunData) -> pd.DataFrame:
    """cell, mode, rounds, ratio, low, high; empty when the overhead was not measured."""
    if not data.has("profile_overhead", "mode"):
        return pd.DataFrame()
    wide = data.query(QUERY).pivot_table(index=["cell", "round"], columns="mode", values="duration_ns")
    rows = []
    for cell, of in wide.groupby(level="cell"):
        for mode in MODES:
            pairs = (of[mode] / of["off"]).dropna() if {"off", mode} <= set(of) else pd.Series(dtype=float)
            if len(pairs):
                low, high = bootstrap_median(pairs.to_numpy(), int(data.run["seed"])) or (float("nan"),) * 2
                rows.append({"cell": cell, "mode": mode, "rounds": len(pairs), "ratio": pairs.median(), "low": low, "high": high})
    return pd.DataFrame(rows)


def table_rows(data: RunData) -> list[list[str]]:
    """For the page: the cell, a ratio per mode, rounds."""
    found, cells = ratios(data), data.cells.set_index("cell")
    rows = []
    for cell, of in found.groupby("cell") if len(found) else ():
        by_mode = of.set_index("mode")
        texts = []
        for mode in MODES:
            if mode not in by_mode.index:
                texts.append("–")
                continue
            r = by_mode.loc[mode]
            texts.append(f"{r['ratio']:.4f}" + ("" if pd.isna(r["low"]) else f" [{r['low']:.4f}, {r['high']:.4f}]"))
        rows.append([title_of(cells.loc[cell]), *texts, str(of["rounds"].max())])
    return rows
