"""Whose doing a step in a time is: the cell's own, or the machine's, which moves `full` of the same runs as well (README.md,
"Whose step it is").

    causes = Causes(numbers.value, numbers.low, numbers.high, history.series)
    causes.of(series, old_level, new_level)    # -> Cause(OWN, ..), Cause(SHARED, ..), Cause(BOTH, ..) or Cause(UNKNOWN, ..)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboards.history.levels import SMALLEST_EFFECT, Level, noise_of
from dashboards.history.segment_cost import SHORTEST

OWN, SHARED, BOTH, UNKNOWN = "own", "shared", "both", "unknown"
NEAR = 12  # runs on each side of a step: what `full` did long before or after says nothing about it
ERRORS = 3.0  # standard errors of the difference of two medians
ERROR_OF_MEDIAN = 1.57  # times the mean distance from it over the root of n, of normal values
WITNESSES = 2  # other cells that stayed: one alone may be another method's luck


@dataclass(frozen=True)
class Cause:
    who: str
    against_full: float = 0.0  # relative change of the cell's value over full's, where both moved


class Causes:
    """Of one metric. Arrays are [series, run]; `series` has the columns machine, role and full of History.series."""

    def __init__(self, value: np.ndarray, low: np.ndarray, high: np.ndarray, series: pd.DataFrame) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            self.logs = np.where(value > 0, np.log(value), np.nan)
            self.half_widths = (np.log(high) - np.log(low)) / 2
        self.series = series

    def of(self, series: int, old: Level, new: Level) -> Cause:
        before, after = self._near(series, old)[-NEAR:], self._near(series, new)[:NEAR]
        own = np.sign(new.value - old.value)
        full = int(self.series["full"].iloc[series])
        of_full = self._move(self.logs[full], full, before, after) if full >= 0 else None
        if of_full is None:
            return self._from_others(series, own, before, after)
        ratio = self._move(self.logs[series] - self.logs[full], series, before, after)
        moved_along = np.sign(of_full) == own
        if moved_along and ratio:
            return Cause(BOTH, float(np.expm1(ratio)))
        return Cause(SHARED if moved_along else OWN if ratio else UNKNOWN)

    def _from_others(self, series: int, own: float, before: np.ndarray, after: np.ndarray) -> Cause:
        """Without `full` beside it: it is the cell's own where several others stayed, and more of them than went along."""
        is_other = (self.series["machine"] == self.series["machine"].iloc[series]) & (self.series["role"] != "null")
        moves = [self._move(self.logs[other], other, before, after) for other in np.flatnonzero(is_other) if other != series]
        stayed, along = sum(move == 0 for move in moves), sum(move is not None and np.sign(move) == own for move in moves)
        return Cause(OWN if stayed >= WITNESSES and stayed > along else UNKNOWN)

    def _near(self, series: int, level: Level) -> np.ndarray:
        """The runs of a level in which the series has a number."""
        return level.first + np.flatnonzero(np.isfinite(self.logs[series, level.first : level.last + 1]))

    def _move(self, logs: np.ndarray, series: int, before: np.ndarray, after: np.ndarray) -> float | None:
        """How far the median of these logarithms moved; 0 where that is too small to matter, within the noise of `series`, or within
        what so few runs are known to; None where either side has hardly any."""
        sides = [runs[np.isfinite(logs[runs])] for runs in (before, after)]
        if min(map(len, sides)) < SHORTEST:
            return None
        medians = [float(np.median(logs[runs])) for runs in sides]
        noise = max(noise_of(logs[runs], self.half_widths[series, runs]) for runs in sides)
        error = ERROR_OF_MEDIAN * float(np.hypot(*(np.abs(logs[runs] - median).mean() / np.sqrt(len(runs)) for runs, median in zip(sides, medians))))
        move = medians[1] - medians[0]
        return move if abs(move) > max(np.log1p(SMALLEST_EFFECT), noise, ERRORS * error) else 0.0
