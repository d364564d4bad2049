"""Pure functions from raw timings to intervals, by the definitions of results/statistics.h.

Every interval is at 95 %. The bootstrap is seeded: the same data give the same interval.
"""

from __future__ import annotations

import math

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 2000


def median_interval(values: np.ndarray) -> tuple[float, float] | None:
    """Between two order statistics, free of assumptions; None below 6 values, where no pair reaches 95 %."""
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    below, chosen = 0.0, None
    for rank in range(n // 2):
        below += math.comb(n, rank) / 2.0**n  # probability that the median lies under ordered[rank]
        if 1.0 - 2.0 * below < CONFIDENCE:
            break
        chosen = rank
    return None if chosen is None else (ordered[chosen], ordered[n - 1 - chosen])


def bootstrap_median(values: np.ndarray, seed: int) -> tuple[float, float] | None:
    """Percentile interval of the median over resamples with replacement; None below 2 values."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return None
    rows = np.random.default_rng(seed).integers(0, len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(np.median(values[rows], axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
