"""The rule that calls a step, on the logarithms of one metric of many series (README.md, "Steps"):

1. segments.py cuts the series into levels.
2. The smallest step that does not count is taken away and its neighbours are one level again, until all that are left count. A
   step counts if the medians of its levels lie apart by more than the smallest effect and by more than the noise of either: the
   mean distance of its points from their median, or half of the middle one of their intervals, whichever is larger.

    levels = find_levels(values, low, high)    # [series, run], NaN where there is none -> a list of Level of each series
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dashboards.history.segments import best_cuts

SMALLEST_EFFECT = 0.02


@dataclass(frozen=True)
class Level:
    first: int  # run, as the columns of `values` count
    last: int
    value: float  # median


def find_levels(values: np.ndarray, low: np.ndarray, high: np.ndarray, smallest_effect: float = SMALLEST_EFFECT) -> list[list[Level]]:
    """Of a series with a value that has no logarithm (0, or a negative difference) no levels are sought: it has none."""
    found: list[list[Level]] = [[] for _ in values]
    smallest = math.log1p(smallest_effect)
    there = np.isfinite(values)
    positive = ~(there & (values <= 0)).any(axis=1)
    sizes = there.sum(axis=1)
    for n in np.unique(sizes[positive & (sizes > 0)]):
        rows = np.flatnonzero(positive & (sizes == n))
        columns = np.stack([np.flatnonzero(there[row]) for row in rows])
        logs = np.log(values[rows[:, None], columns])
        with np.errstate(invalid="ignore", divide="ignore"):
            widths = np.log(high[rows[:, None], columns]) - np.log(low[rows[:, None], columns])
        moves = np.ptp(logs, axis=1) > smallest  # else no two medians can lie apart by more
        cuts = iter(best_cuts(logs[moves]))
        for row, at, of, width, is_moving in zip(rows, columns, logs, widths, moves):
            bounds = _that_count(of, width / 2, next(cuts) if is_moving else [], smallest)
            found[row] = [Level(int(at[begin]), int(at[end - 1]), float(math.exp(np.median(of[begin:end])))) for begin, end in zip(bounds, bounds[1:])]
    return found


def _that_count(logs: np.ndarray, half_widths: np.ndarray, cuts: list[int], smallest: float) -> list[int]:
    """The cuts whose steps count, between 0 and n."""
    bounds = [0, *cuts, len(logs)]
    while len(bounds) > 2:
        levels = [logs[begin:end] for begin, end in zip(bounds, bounds[1:])]
        medians = [float(np.median(level)) for level in levels]
        noise = [noise_of(level, half_widths[begin:end]) for level, begin, end in zip(levels, bounds, bounds[1:])]
        excess = [abs(medians[i + 1] - medians[i]) / max(smallest, noise[i], noise[i + 1]) for i in range(len(levels) - 1)]
        weakest = int(np.argmin(excess))
        if excess[weakest] > 1:
            break
        del bounds[weakest + 1]
    return bounds


def noise_of(logs: np.ndarray, half_widths: np.ndarray) -> float:
    """Of one level, as rule 2 has it; half-widths are NaN where a run stored no interval."""
    known = half_widths[np.isfinite(half_widths)]
    return max(float(np.abs(logs - np.median(logs)).mean()), float(np.median(known)) if len(known) else 0.0)
