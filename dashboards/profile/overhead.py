"""What looking costs: the same repetition with more and more recorded, against nothing recorded in the same round."""

from __future__ import annotations

from dashboards.data import RunData
from dashboards.intervals import interval_words
from dashboards.profile.phase_losses import title_of

TITLE = "Overhead of profiling"
EXPLANATION = (
    "Time of a repetition over that of the same round with recording off: the median of the ratios with its 95 % interval. "
    "Off: nothing; NVTX: ranges for a foreign tool; activities: scopes and operators or kernels; everything: with shapes too."
)
MODES = ["nvtx", "activities", "everything"]
QUERY = """
SELECT estimate.cell, substr(metric, length('overhead_') + 1) AS mode, value, low, high, n
FROM estimate JOIN cell ON cell.id = estimate.cell WHERE cell.run = :run AND metric LIKE 'overhead!_%' ESCAPE '!'
"""


def table_rows(data: RunData) -> list[list[str]]:
    """For the page: the cell, a ratio per mode, rounds."""
    cells, rows = data.cells.set_index("cell"), []
    for cell, of in data.query(QUERY).astype({"low": float, "high": float}).groupby("cell"):
        by_mode = {r.mode: f"{r.value:.4f} {interval_words(r.low, r.high, r.n, '.4f')}" for r in of.itertuples()}
        rows.append([title_of(cells.loc[cell]), *(by_mode.get(mode, "–") for mode in MODES), str(of["n"].max())])
    return rows
