"""What a schedule in t promises before anything runs: S(t), the blocks that a method runs at model time t, as the program
wrote it into table planned_depth. Averaged over the times of a solver's grid it predicts the share of blocks that the
method executes there.

    depths = planned_depths(data)    # by cell; a method whose depth is not a function of t alone has none
    depths[2].at(np.array([999.0, 99.0]))    # [3, 13]
    depths[2].over_all_times()
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboards.data import RunData

QUERY = """
SELECT planned_depth.* FROM planned_depth JOIN cell ON cell.id = planned_depth.cell
WHERE cell.run = :run ORDER BY planned_depth.cell, from_t
"""


@dataclass(frozen=True)
class PlannedDepth:
    from_t: np.ndarray  # ascending
    to_t: np.ndarray
    blocks: np.ndarray

    def at(self, t: np.ndarray) -> np.ndarray:
        """S at each t; NaN where nothing was planned. The end of the model's time belongs to the last bin."""
        t = np.asarray(t, dtype=float)
        found = np.clip(np.searchsorted(self.from_t, t, side="right") - 1, 0, None)
        is_last = found == len(self.from_t) - 1
        inside = (t >= self.from_t[found]) & ((t < self.to_t[found]) | (is_last & (t == self.to_t[found])))
        return np.where(inside, self.blocks[found], np.nan)

    def over_all_times(self) -> float:
        """Mean of S over the whole of t: what a method saves where a grid is uniform and fine."""
        return float(np.average(self.blocks, weights=self.to_t - self.from_t))


def planned_depths(data: RunData) -> dict[int, PlannedDepth]:
    return {
        int(cell): PlannedDepth(*(rows[name].to_numpy(float) for name in ("from_t", "to_t", "blocks")))
        for cell, rows in data.query(QUERY).groupby("cell")
    }
